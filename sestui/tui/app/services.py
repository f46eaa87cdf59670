"""What screens look at and what they can have done, in plain blocking calls.

Screens await these in ``asyncio.to_thread``; nothing here knows of widgets.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from sestui.core.clock import Instant
from sestui.core.delivery.forecast import Forecast
from sestui.core.delivery.handover import AnswerKind
from sestui.core.delivery.pacing import Quota
from sestui.core.delivery.states import ENDED_RUN_STATES, DeliveryState, PauseReason, RunKind
from sestui.errors import StateError
from sestui.reports.overview import CampaignView, RunView
from sestui.runtime import Runtime
from sestui.sending.engine.report import AnswerLine
from sestui.store.db.tables import Delivery, Run
from sestui.store.runs.run_lists import RecentRuns
from sestui.tui.app.account_label import AccountLabel
from sestui.tui.app.background_jobs import BackgroundJobs


@dataclass(frozen=True, slots=True)
class TailLine:
    """One delivery as the tail shows it."""

    at: Instant | None
    """When it was settled; None where nobody noted it."""
    state: str
    email: str
    detail: str
    """The message id, or code and reason."""


@dataclass(frozen=True, slots=True)
class RunSnapshot:
    """One look at a run and at the account it is sent through."""

    at: float
    """Monotonic seconds of the look."""
    run: RunView
    tail: tuple[TailLine, ...]
    """The newest deliveries, oldest first."""
    allowed: float | None
    """Recipients a second; None: the account is not known yet."""
    quota: Quota | None
    forecast: Forecast | None
    """None: the account is not known yet, or there is nothing left to send."""


_STATE_OF_ANSWER = {
    AnswerKind.ACCEPTED: DeliveryState.ACCEPTED.label,
    AnswerKind.REFUSED: DeliveryState.REJECTED.label,
    AnswerKind.UNKNOWN: DeliveryState.IN_DOUBT.label,
    AnswerKind.NOT_SENT: "not sent",
}


def line_of_answer(line: AnswerLine) -> TailLine:
    """What the sender reported, as the tail shows it."""
    return TailLine(line.at, _STATE_OF_ANSWER[line.kind], line.email, line.detail)


def line_of_delivery(delivery: Delivery) -> TailLine:
    """What the ledger says, as the tail shows it."""
    said = ": ".join(part for part in (delivery.code, delivery.reason) if part)
    return TailLine(
        delivery.sent_at or delivery.claimed_at,
        DeliveryState(delivery.state).label,
        delivery.email,
        delivery.message_id or said,
    )


class Listeners:
    """Who wants to hear what our own sender tells of deliveries, about ten times a second."""

    def __init__(self) -> None:
        self._callbacks: list[Callable[[Sequence[AnswerLine]], object]] = []

    def add(self, callback: Callable[[Sequence[AnswerLine]], object]) -> None:
        """From now on call ``callback`` with what was reported."""
        self._callbacks.append(callback)

    def remove(self, callback: Callable[[Sequence[AnswerLine]], object]) -> None:
        """Stop calling it."""
        self._callbacks.remove(callback)

    def tell(self, lines: Sequence[AnswerLine]) -> None:
        """Call everybody; on the UI's thread."""
        for callback in tuple(self._callbacks):
            callback(lines)


class ScreenServices:
    """The operator's desk over one runtime."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        """For the desks of the screens that have one of their own."""
        self.listeners = Listeners()
        self.jobs = BackgroundJobs()
        self.may_leave: list[Callable[[], Awaitable[bool]]] = []
        """Asked, on the UI's thread, before the app is left; one that answers False prevents it."""
        self.clock = runtime.clock
        self.zone = runtime.settings.zone
        self.account_open = False
        """Set once the sender has reached the account: asking before would start a simulator."""
        self.label = self.read_label()
        """The account as last read."""

    # looking

    def read_label(self) -> AccountLabel:
        """The account, as far as it is known by now."""
        known = AccountLabel.of_settings(self.runtime.settings.account)
        simulated, parts = known.simulated, [known.text]
        if self.account_open:
            parts.append(self.runtime.ses_account.region)
            row = self.runtime.account.row()
            if not simulated and row is not None and row.production_access is not None:
                parts.append("production" if row.production_access else "sandbox")
            if not simulated and not self.runtime.clients.is_aws:
                parts.append(urlsplit(self.runtime.clients.endpoint_url).netloc)
        self.label = AccountLabel(" · ".join(parts), simulated)
        return self.label

    def place_counts(self) -> dict[str, str]:
        """What is in each place now, in a few words, by the place's mode."""
        campaigns = self.runtime.overview.campaigns()
        going = sum(view.run is not None and not has_ended(view.run) for view in campaigns)
        lists = self.runtime.contacts.lists()
        counts = {"outbox": counted(self._mails(), "mail")} if self.runtime.simulated else {}
        return counts | {
            "home": counted(going, "run") + " not ended",
            "campaigns": counted(len(campaigns), "campaign"),
            "contacts": f"{counted(self.runtime.contacts.count(), 'contact')} on "
            f"{counted(len(lists), 'list')}",
            "log": counted(RecentRuns(self.runtime.database).recipients(), "recipient"),
        }

    def _mails(self) -> int:
        from sestui.simulator.account.storage import FILE_NAME  # noqa: PLC0415 - as above
        from sestui.simulator.outbox.outbox_reader import OutboxReader  # noqa: PLC0415 - not for the first paint

        return OutboxReader(self.runtime.workspace / FILE_NAME).newest()

    def campaigns(self) -> Sequence[CampaignView]:
        """Every campaign by name."""
        return self.runtime.overview.campaigns()

    def campaign(self, name: str) -> CampaignView:
        """One campaign as it is now."""
        return self.runtime.overview.campaign(name)

    def run(self, run_id: int) -> RunView:
        """One run as it is now."""
        return self.runtime.overview.run(run_id)

    def snapshot(self, run_id: int) -> RunSnapshot:
        """Everything the run screen shows."""
        view = self.runtime.overview.run(run_id)
        newest = self.runtime.deliveries.newest(run_id)
        allowed, quota, forecast = None, None, None
        if self.account_open:
            quota = self.runtime.account.quota()
            forecast = self.runtime.outlook.of_run(self.runtime.runs.get(run_id))
            allowed = forecast.rate
        return RunSnapshot(
            at=self.clock.monotonic(),
            run=view,
            tail=tuple(line_of_delivery(delivery) for delivery in reversed(newest)),
            allowed=allowed,
            quota=quota,
            forecast=None if has_ended(view) else forecast,
        )

    # doing

    def warnings(self, name: str) -> tuple[str, ...]:
        """What is probably not meant about the campaign, and can be seen without everybody's mail.

        Raises:
            ContentError: it can't be sent to anybody as it is.
        """
        check = self.runtime.checker.before_test(self.runtime.campaigns.get(name))
        check.raise_if_failed()
        return tuple(each.sentence for each in check.warnings)

    def start(self, name: str, *, again: bool, skip_unrenderable: bool = False) -> int:
        """Start a run of the campaign; its id.

        Raises:
            UnrenderableError: no mail can be made for some, who are not to be skipped.
        """
        campaign = self.runtime.campaigns.get(name)
        run = self.runtime.starter.start(
            campaign, self.clock.now(), again=again, skip_unrenderable=skip_unrenderable
        )
        if run is None:
            raise StateError(f"{name} was started by somebody else just now.")
        return run.id

    def test(self, name: str, address: str) -> int:
        """Send the campaign's message to one address; the id of the test's run."""
        campaign = self.runtime.campaigns.get(name)
        return self.runtime.starter.start_test(campaign, [address], self.clock.now()).id

    def pause(self, run: RunView) -> None:
        """Hold the run."""
        self.runtime.runs.pause(run.id, PauseReason.OPERATOR, "Paused by the operator.")

    def resume(self, run: RunView, *, skip_unrenderable: bool = False) -> int:
        """Go on with the run; a campaign's with its message as it is now; its id.

        Raises:
            UnrenderableError: as :meth:`start`.
        """
        if run.kind != RunKind.CAMPAIGN:
            return self.runtime.runs.resume(run.id).id
        self._refuse_other(run, self.runtime.run_control.open_run(run.campaign)[1])
        run_control = self.runtime.run_control
        return run_control.resume(run.campaign, skip_unrenderable=skip_unrenderable).id

    def cancel(self, run: RunView) -> None:
        """End the run: pending recipients are skipped."""
        self.runtime.runs.cancel(run.id, self.clock.now())

    @staticmethod
    def _refuse_other(seen: RunView, now: Run) -> None:
        """Steering goes by name: what the operator looks at must still be the newest run."""
        if seen.id != now.id:
            raise StateError(f"Run {seen.number} of {seen.campaign} has ended meanwhile.")


def counted(number: int, noun: str) -> str:
    """``1 run``, ``2,000 runs``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def has_ended(run: RunView) -> bool:
    """Whether nothing can be done to the run any more."""
    return run.state in ENDED_RUN_STATES
