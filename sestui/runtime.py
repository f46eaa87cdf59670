"""The composition root: settings become database, account and sender; every door opens it."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Self

from sestui import log
from sestui.compose.composers import Composers
from sestui.core.clock import Clock, Instant, SystemClock
from sestui.core.lazy import lazy
from sestui.core.schedule.reminders import Reminding
from sestui.core.schedule.zones import local_time
from sestui.errors import SestuiError
from sestui.reports.overview import Overview
from sestui.sending.ses_access import SesAccess
from sestui.settings import Settings, check_variables
from sestui.store.campaigns.campaigns import Campaigns
from sestui.store.contacts.audiences import Audiences
from sestui.store.contacts.contacts import Contacts
from sestui.store.db.database import Database, url_of
from sestui.store.db.schema import ensure_schema
from sestui.store.ledger.deliveries import Deliveries
from sestui.store.ledger.in_doubt import InDoubt
from sestui.store.ledger.pages import DeliveryPages
from sestui.store.runs.runs import Runs

if TYPE_CHECKING:
    import threading

    from sestui.compose.checks import Checker
    from sestui.feedback.services import FeedbackServices
    from sestui.reports.account import AccountReport
    from sestui.reports.contact_record import ContactRecords
    from sestui.reports.doctor.doctor import Doctor
    from sestui.reports.notices import Notices
    from sestui.reports.reminders import ReminderService
    from sestui.sending.engine.report import SenderReport
    from sestui.sending.runs.account_guard import AccountGuard
    from sestui.sending.runs.campaign_scheduler import CampaignScheduler
    from sestui.sending.runs.forecast import ForecastService
    from sestui.sending.runs.run_control import RunControl
    from sestui.sending.runs.run_starter import RunStarter
    from sestui.sending.sender import Sender
    from sestui.sending.shared_account import SharedAccount
    from sestui.store.campaigns.upkeep import CampaignUpkeep
    from sestui.store.contacts.suppressions import Suppressions
    from sestui.store.db.lineage import Lineage
    from sestui.store.segments.segments import Segments
    from sestui.tasks.execution import Ended
    from sestui.tasks.task_service import TaskService
    from sestui.tasks.worker_pool import WorkerPool


def open_database(settings: Settings) -> Database:
    """The database of these settings, at this program's schema version."""
    file = settings.sqlite_file
    database = Database(settings.sqlalchemy_url if file is None else url_of(file))
    try:
        ensure_schema(database)
    except SestuiError:
        database.close()
        raise
    return database


class Runtime:
    """One process's sestui: open it with :meth:`open`, close it with :meth:`close`.

    What is costly (boto3, the simulator) is brought up by the first use, not by opening.
    """

    def __init__(self, settings: Settings, database: Database, clock: Clock) -> None:
        self.settings = settings
        self.database = database
        self.clock = clock
        self.contacts = Contacts(database)
        self.audiences = Audiences(database, clock)
        self.campaigns = Campaigns(database)
        self.runs = Runs(database, lambda: self.ses.new_runs)
        self.deliveries = Deliveries(database)
        self.delivery_pages = DeliveryPages(database)
        self.doubts = InDoubt(database)
        self.composers = Composers(database, self.campaigns, settings, clock)
        self.overview = Overview(
            database,
            self.campaigns,
            self.audiences,
            self.runs,
            lambda: self.ses.allowed_rate(),  # noqa: PLW0108 - `ses` changes with the account
        )
        self.ses = SesAccess(settings, database, clock)

    @classmethod
    def open(cls, settings: Settings, clock: Clock | None = None) -> Self:
        """Open the database these settings name, and the log."""
        log.set_up(settings.state_dir, settings.log_level)
        return cls(settings, open_database(settings), clock or SystemClock())

    def close(self) -> None:
        """Release everything this process has opened."""
        self.ses.close()
        self.database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    # the account

    @property
    def account(self) -> "SharedAccount":
        """The account as all processes on this database share it."""
        return self.ses.shared

    def account_report(self) -> "AccountReport | None":
        """What is known of the account without asking SES; None before the first poll."""
        from sestui.reports.known_account import report_account  # noqa: PLC0415 - with the sender

        return report_account(self.settings, self.ses, self.database, self.clock)

    def doctor(self, stop: "threading.Event | None" = None) -> "Doctor":
        """Checks workspace and account, for one thread; ``stop`` ends its waiting."""
        from sestui.reports.doctor.doctor import Doctor  # noqa: PLC0415 - few commands need it

        return Doctor(
            self.settings, self.ses, self.database, self.clock, local=self.local_time, stop=stop
        )

    def use_account(self, settings: Settings) -> None:
        """From now on send by the account of ``settings``, which are these in all other respects.

        Nothing must be in the air from this process, and its sender must have ended.
        """
        self.ses.close()
        self.settings = settings
        self.ses = SesAccess(settings, self.database, self.clock)

    # contacts

    @lazy
    def suppressions(self) -> "Suppressions":
        """Addresses that must not be mailed."""
        from sestui.store.contacts.suppressions import Suppressions  # noqa: PLC0415 - few commands need it

        return Suppressions(self.database)

    @lazy
    def segments(self) -> "Segments":
        """Named expressions over contacts."""
        from sestui.store.segments.segments import Segments  # noqa: PLC0415 - few commands need it

        return Segments(self.database)

    @lazy
    def contact_records(self) -> "ContactRecords":
        """Single contacts with everything that concerns them."""
        from sestui.reports.contact_record import ContactRecords  # noqa: PLC0415 - few need it
        from sestui.store.contacts.history import ContactHistory  # noqa: PLC0415 - as above
        from sestui.store.web.preferences import Preferences  # noqa: PLC0415 - as above

        return ContactRecords(
            self.database,
            self.contacts,
            self.suppressions,
            ContactHistory(self.database),
            self.local_time,
            preferences=Preferences(self.database),
            clock=self.clock,
        )

    @property
    def feedback(self) -> "FeedbackServices":
        """The services that read events and suppressions of the current account."""
        from sestui.feedback.services import FeedbackServices  # noqa: PLC0415 - few commands need it

        return FeedbackServices(self.settings, self.ses, self.database, self.clock)

    # content

    @lazy
    def checker(self) -> "Checker":
        """The checks before anything is sent."""
        from sestui.compose.checks import Checker  # noqa: PLC0415 - jinja2 is slow to import

        return Checker(self.database, self.settings, self.clock)

    # sending

    @lazy
    def starter(self) -> "RunStarter":
        """Starts runs."""
        from sestui.sending.runs.run_starter import RunStarter  # noqa: PLC0415 - only where something starts

        check_variables()
        compose = self.composers.message_of
        return RunStarter(self.contacts, self.audiences, self.runs, compose, lambda: self.checker)

    @lazy
    def run_control(self) -> "RunControl":
        """Pauses, resumes and cancels runs."""
        from sestui.sending.runs.run_control import RunControl  # noqa: PLC0415 - pulls in the starter
        from sestui.store.runs.holding import Holding  # noqa: PLC0415 - as above

        return RunControl(
            self.campaigns,
            self.runs,
            Holding(self.database),
            self.starter,
            self.clock,
            guard=self.account_guard,
            account=lambda: self.ses.key,
        )

    @lazy
    def account_guard(self) -> "AccountGuard":
        """Keeps runs on the account that they were started for."""
        from sestui.sending.runs.account_guard import AccountGuard  # noqa: PLC0415 - only where something is sent
        from sestui.store.ledger.workers import Workers  # noqa: PLC0415 - as above

        workers = Workers(self.database, self.clock)
        return AccountGuard(self.runs, lambda: self.ses.key, workers.accounts, self.clock)

    @lazy
    def campaign_upkeep(self) -> "CampaignUpkeep":
        """Copies, renames, archives and deletes campaigns."""
        from sestui.store.campaigns.upkeep import CampaignUpkeep  # noqa: PLC0415 - few need it

        return CampaignUpkeep(self.database)

    @lazy
    def campaign_scheduler(self) -> "CampaignScheduler":
        """Starts the campaigns whose time has come."""
        from sestui.reports.known_account import unexplained  # noqa: PLC0415 - with the sender
        from sestui.sending.runs.campaign_scheduler import CampaignScheduler  # noqa: PLC0415 - pulls in the starter
        from sestui.store.backup.restore_guard import RestoreGuard  # noqa: PLC0415 - as above

        restored = RestoreGuard(self.database, self.lineage)
        return CampaignScheduler(
            self.campaigns,
            self.runs,
            lambda: self.starter,
            restored=restored,
            guard=self.account_guard,
            clock=self.clock,
            local=self.local_time,
            witness=lambda: unexplained(self.account, self.account_report),
        )

    @lazy
    def lineage(self) -> "Lineage":
        """Which database this is and how far it has got."""
        from sestui.store.db.lineage import Lineage  # noqa: PLC0415 - only where something is sent

        return Lineage(self.database, self.settings.state_dir)

    @lazy
    def notices(self) -> "Notices":
        """Mails notices to the operators."""
        from sestui.reports.notices import Notices  # noqa: PLC0415 - only where something ends

        return Notices(self.database, self.clock, self.local_time)

    @lazy
    def tasks(self) -> "TaskService":
        """Queries and changes of tasks."""
        from sestui.tasks.task_service import TaskService  # noqa: PLC0415 - cron and pydantic models

        return TaskService(self.database, self.settings, self.clock)

    def note_run_due(self) -> None:
        """Record that `run-due` is running here, so that due tasks and campaigns start."""
        from sestui.store.runs.agenda import note_run_due  # noqa: PLC0415 - run-due alone

        note_run_due(self.database, self.clock.now())

    @lazy
    def reminders(self) -> "ReminderService":
        """Reminds the operator of what needs attention."""
        from sestui.reports.reminders import ReminderService  # noqa: PLC0415 - run-due alone
        from sestui.store.runs.reminders import Reminders  # noqa: PLC0415 - as above

        return ReminderService(
            Reminders(self.database),
            self.clock,
            reminding=Reminding(self.settings.reminders),
            operator=self.settings.operator,
        )

    def worker_pool(
        self,
        *,
        by_hand: int | None = None,
        again: bool = False,
        on_ended: "Callable[[Ended], None] | None" = None,
    ) -> "WorkerPool":
        """The threads that run tasks, not yet started; with ``by_hand`` (an id) that one only.

        ``again`` says of that one that it may send once more what was sent before. ``on_ended`` is
        told of each end, in another thread.
        """
        from sestui.tasks.worker_pool import WorkerPool  # noqa: PLC0415 - only where tasks run

        check_variables()
        return WorkerPool(
            self.database, self, self.clock, by_hand=by_hand, again=again, on_ended=on_ended
        )

    @lazy
    def forecasts(self) -> "ForecastService":
        """Forecasts from what is known of the account, without asking SES."""
        from sestui.sending.runs.forecast import ForecastService  # noqa: PLC0415 - cron and zones

        return ForecastService(
            self.database,
            self.campaigns,
            self.audiences,
            self.runs,
            lambda: self.account,
            new_runs=lambda: self.ses.new_runs,
            clock=self.clock,
            timezone=self.settings.timezone,
        )

    def sender(
        self,
        *,
        seconds: float | None = None,
        until_idle: bool = True,
        report: "Callable[[SenderReport], None] | None" = None,
        only: int | None = None,
    ) -> "Sender":
        """A sender thread, not yet started, for every sending run or ``only`` one of them.

        It ends ``seconds`` from now, or when no run is sending unless ``until_idle`` is False.
        """
        from sestui.sender_setup import limits_of, open_engine  # noqa: PLC0415 - only where something is sent
        from sestui.sending.sender import Sender  # noqa: PLC0415 - as above

        limits = limits_of(self, seconds, until_idle=until_idle)
        return Sender(lambda: open_engine(self, limits, report=report, only=only), self.clock)

    def reap_dead_workers(self) -> int:
        """Put in doubt what killed processes had in flight; how many deliveries."""
        from sestui.sending.worker_registration import reap_dead_workers  # noqa: PLC0415 - psutil

        return reap_dead_workers(self.database, self.clock)

    def wake_waiting(self) -> None:
        """Resume runs that wait for the account or its quota, if it answers and has room.

        Raises:
            AccountError: it doesn't answer.
        """
        from sestui.sending.runs.waking import wake_waiting  # noqa: PLC0415 - only where runs wait

        wake_waiting(self.runs, self.account, self.account_guard.may_send)

    # time

    def local_time(self, instant: Instant) -> str:
        """See :func:`sestui.core.schedule.zones.local_time`."""
        return local_time(instant, self.clock.now(), self.settings.zone)
