"""The services that every screen uses."""

from collections.abc import Awaitable, Callable, Sequence
from urllib.parse import urlsplit

from sestui.core.clock import Instant
from sestui.runtime import Runtime
from sestui.sending.engine.report import AnswerLine
from sestui.sending.shared_account import KnownAccount
from sestui.store.runs.run_lists import RecentRuns
from sestui.tui.app.background import Background
from sestui.tui.app.navigation.account_label import AccountLabel
from sestui.tui.app.navigation.tabs import named_tab
from sestui.tui.app.pending_controls import PendingControls
from sestui.tui.app.screens.background_jobs import BackgroundJobs
from sestui.tui.widgets.format import clock_time, counted, moment


class Listeners:
    """Callbacks for our own sender's reports of deliveries, about ten times a second."""

    def __init__(self) -> None:
        self._callbacks: list[Callable[[Sequence[AnswerLine]], object]] = []

    def add(self, callback: Callable[[Sequence[AnswerLine]], object]) -> None:
        """Call ``callback`` with every report from now on."""
        self._callbacks.append(callback)

    def remove(self, callback: Callable[[Sequence[AnswerLine]], object]) -> None:
        """Stop calling it."""
        self._callbacks.remove(callback)

    def notify(self, lines: Sequence[AnswerLine]) -> None:
        """Call all callbacks; on the UI's thread."""
        for callback in tuple(self._callbacks):
            callback(lines)


class ScreenServices:
    """The services of all screens: the runtime, the sender and the background jobs."""

    def __init__(
        self, runtime: Runtime, background: Background | None = None, *, lasting: bool = True
    ) -> None:
        """``background`` is the sender behind the screens; None: one of their own that rests.

        ``lasting``: the workspace outlives the app; `sestui demo` throws its own away.
        """
        self.runtime = runtime
        self.background = background or Background(lambda _report: None)
        self.lasting = lasting
        self.listeners = Listeners()
        self.jobs = BackgroundJobs()
        self.asking: set[int] = set()
        """Runs about which SES's records are being searched."""
        self.pending_controls = PendingControls()
        self.may_leave: list[Callable[[], Awaitable[bool]]] = []
        """Asked, on the UI's thread, before the app is left; one that answers False prevents it."""
        self.account_changed: Callable[[], object] = lambda: None
        """Called, from any thread, once :attr:`runtime` has another account."""
        self.clock = runtime.clock
        self.zone = runtime.settings.zone
        self.account_open = False
        """Set once the sender has reached the account: asking before would start a simulator."""
        self.label = self.read_label()
        """The account as last read."""

    def at(self, instant: Instant) -> str:
        """The instant in the operator's time, short if it is near (:func:`moment`)."""
        return moment(instant, self.clock.now(), self.zone)

    def outbox(self) -> str:
        """``7 Outbox``, where sent mail can be read; '' where it has left for real."""
        runtime = self.runtime
        return named_tab("outbox", runtime.settings.keymap) if runtime.ses.simulated else ""

    def span(self, first: Instant, last: Instant) -> tuple[str, str]:
        """Two instants in the operator's time; to the second where they are in one minute."""
        said = self.at(first), self.at(last)
        if said[0] == said[1]:
            return clock_time(first, self.zone), clock_time(last, self.zone)
        return said

    def known_account(self) -> KnownAccount | None:
        """The account as far as it is known; blocking. None, too, while it is not open."""
        return self.runtime.account.known() if self.account_open else None

    def read_label(self) -> AccountLabel:
        """The account, as far as it is known by now."""
        account = AccountLabel.of_settings(self.runtime.settings.account)
        simulated, parts = account.simulated, [account.text]
        if self.account_open:
            parts.append(self.runtime.ses.reader.region)
            known = self.known_account()
            if not simulated and known is not None and known.row.production_access is not None:
                parts.append("production" if known.row.production_access else "sandbox")
            if not simulated and not self.runtime.ses.clients.is_aws:
                parts.append(urlsplit(self.runtime.ses.clients.endpoint_url).netloc)
        self.label = AccountLabel(" · ".join(parts), simulated)
        return self.label

    def place_counts(self) -> dict[str, str]:
        """What is in each place now, in a few words, by the place's mode."""
        runtime = self.runtime
        counts = {"outbox": counted(self._mails(), "mail")} if runtime.ses.simulated else {}
        with runtime.database.snapshot():
            going, recipients = RecentRuns(runtime.database).totals()
            return counts | {
                "home": counted(going, "run") + " not ended",
                "campaigns": counted(len(runtime.campaigns.names()), "campaign"),
                "contacts": f"{counted(runtime.contacts.count(), 'contact')} on "
                f"{counted(len(runtime.contacts.lists()), 'list')}",
                "log": counted(recipients, "recipient"),
            }

    def _mails(self) -> int:
        from sestui.simulator.account.storage import FILE_NAME  # noqa: PLC0415 - not for the first paint
        from sestui.simulator.outbox.outbox_reader import OutboxReader  # noqa: PLC0415 - as above

        return OutboxReader(self.runtime.settings.data_dir / FILE_NAME).newest()
