"""What reads from SES how it went, made for one database and account."""

import threading
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

from sestui.core.clock import Clock
from sestui.sending.ses_access import SesAccess
from sestui.settings import Settings
from sestui.store.db.database import Database

if TYPE_CHECKING:
    from sestui.feedback.insights_search import InsightsSearch
    from sestui.feedback.puller import EventApplier, EventPuller
    from sestui.feedback.suppression_sync import SuppressionSync
    from sestui.feedback.unsubscribe_mail import UnsubscribeMails
    from sestui.store.events.apply import EventRules


class FeedbackServices:
    """Makes them; what talks to SES is for one thread, and imported only when it is asked for."""

    def __init__(
        self, settings: Settings, ses: SesAccess, database: Database, clock: Clock
    ) -> None:
        self._settings = settings
        self._ses = ses
        self._database = database
        self._clock = clock

    @property
    def rules(self) -> "EventRules":
        """What the settings make of SES's events."""
        from sestui.store.events.apply import EventRules  # noqa: PLC0415 - only where events are read
        from sestui.store.events.refusals import SoftBounceRule  # noqa: PLC0415 - as above

        rule = SoftBounceRule(self._settings.soft_bounces)
        return EventRules(rule, self._settings.breaker_rule)

    @property
    def mails(self) -> "UnsubscribeMails":
        """What unsubscribes those who do so by mail."""
        from sestui.feedback.unsubscribe_mail import UnsubscribeMails  # noqa: PLC0415 - as above
        from sestui.store.web.link_keys import LinkKeys  # noqa: PLC0415 - as above

        return UnsubscribeMails(self._database, LinkKeys(self._database, self._settings.data_dir))

    def puller(self) -> "EventPuller | None":
        """What pulls SES's events; None where the settings name no queue."""
        from sestui.feedback.joined_queues import JoinedQueues  # noqa: PLC0415 - as below
        from sestui.feedback.puller import EventPuller  # noqa: PLC0415 - only where events are read

        queues = self._ses.event_queues()
        if not queues:
            return None
        queue = queues[0] if len(queues) == 1 else JoinedQueues(queues)
        return EventPuller(self._database, queue, self._clock, self.rules, self.mails)

    def applier(self) -> "EventApplier":
        """What applies events that come by another way than the queue."""
        from sestui.feedback.puller import EventApplier  # noqa: PLC0415 - only where events are read

        return EventApplier(self._database, self._clock, self.rules, self.mails)

    def pulling(self) -> AbstractContextManager[None]:
        """Within it events are pulled, if the settings have that done beside the sending."""
        if not self._settings.events_while_sending:
            return nullcontext()
        from sestui.feedback.live_puller import pulling  # noqa: PLC0415 - only where something is sent

        return pulling(self.puller, self._clock)

    def insights_search(self, stop: threading.Event) -> "InsightsSearch":
        """What asks SES about deliveries in doubt; ``stop`` ends it."""
        from sestui.feedback.insights_search import InsightsSearch  # noqa: PLC0415 - few need it
        from sestui.ses.message_insights import MessageInsights  # noqa: PLC0415 - boto3 is slow
        from sestui.store.ledger.insight_questions import InsightQuestions  # noqa: PLC0415 - as above

        ses = self._ses
        return InsightsSearch(
            self._database,
            MessageInsights(ses.clients, self._clock, simulated=ses.simulated, stop=stop),
            InsightQuestions(self._database, ses.key),
            self._clock,
            self.rules,
        )

    def doubts_due(self) -> bool:
        """Whether SES should be asked about something in doubt; without starting a simulator."""
        from sestui.store.ledger.insight_questions import InsightQuestions  # noqa: PLC0415 - as above

        questions = InsightQuestions(self._database, self._ses.key)
        return bool(questions.due(self._clock.now(), self._settings.resend_after_seconds))

    def note_doubts_asked(self, *, asked: bool) -> None:
        """Note that somebody looks at what is in doubt now, or that somebody still has to."""
        from sestui.store.ledger.insight_questions import note_looked_at  # noqa: PLC0415 - as above

        note_looked_at(self._database, self._clock.now() if asked else 0.0)

    def ask_about_doubts(self, stop: threading.Event) -> int:
        """Ask SES about what has been in doubt for the grace period; returns how many it settled.

        Raises:
            AccountError, StoppedError: as ``InsightsSearch.run``.
        """
        grace = self._settings.resend_after_seconds
        return self.insights_search(stop).run_due(grace, self._ses.reader.keeps_insights)

    def suppression_sync(self, stop: threading.Event) -> "SuppressionSync":
        """What compares our suppressions with SES's list; ``stop`` ends it."""
        from sestui.feedback.suppression_sync import SuppressionSync  # noqa: PLC0415 - few need it
        from sestui.ses.suppression_list import SuppressionList  # noqa: PLC0415 - boto3 is slow
        from sestui.store.contacts.listed_suppressions import ListedSuppressions  # noqa: PLC0415 - as above
        from sestui.store.contacts.suppressions import Suppressions  # noqa: PLC0415 - as above

        ses = self._ses
        return SuppressionSync(
            SuppressionList(ses.clients, self._clock, simulated=ses.simulated, stop=stop),
            ListedSuppressions(self._database, ses.reader.key),
            Suppressions(self._database),
            self._clock,
        )
