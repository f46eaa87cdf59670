"""The service behind Home."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sestui.core.clock import Instant
from sestui.core.delivery.pacing import DAY_SECONDS, Quota
from sestui.core.delivery.reputation import KnownRate
from sestui.core.doctor.finding import DoctorSeverity
from sestui.reports.account import account_rates, troubles
from sestui.reports.dashboard import Dashboard, dashboard, own_share
from sestui.runtime import Runtime
from sestui.sending.shared_account import KnownAccount
from sestui.store.campaigns.begun import Begun, begun
from sestui.store.contacts.imports import Imports
from sestui.store.events.doctor_verdicts import DoctorVerdict, DoctorVerdicts
from sestui.store.ledger.slices import SECONDS, AnswerCounts, AnsweredSlices, rates
from sestui.store.relay.mails import RelayedMails
from sestui.store.runs.run_lists import RecentRuns
from sestui.store.tasks.failing import failing_tasks
from sestui.tasks.agenda import read_agenda_now
from sestui.tui.home.quota_frees import SLICE_SECONDS, QuotaFrees, quota_frees

T = TypeVar("T")

HOUR_SECONDS = 3_600.0
"""So far back rates are shown."""
_FAILING_SECONDS = 2.0
_REFUSALS_SECONDS = 10.0
"""Reading them takes some 50 ms where mail has trickled out for years."""
_OWN_SECONDS = 60.0
"""How long a count of our own mails is good for."""


@dataclass(frozen=True, slots=True)
class AccountSnapshot:
    """The account as far as it is known without asking."""

    at: float
    """Monotonic seconds of the look."""
    taken: int
    """Mails ever handed over by this database."""
    rate: float
    """Recipients a second that the account has."""
    allowed: float
    """The same, less what throttle answers have cut."""
    quota: Quota
    ours: int
    """Of the quota's use, what this database sent."""
    health: tuple[str, ...]
    """Words about what is not as it should be."""
    sent_since_look: bool = False
    """Whether mail has been handed over since SES was asked, or while it was."""


@dataclass(frozen=True, slots=True)
class HomeSnapshot:
    """All that Home shows, as of one moment."""

    found: Dashboard
    account: AccountSnapshot | None
    """None: not open yet."""
    now: Instant
    rates_since: Instant
    rates: tuple[float | None, ...]
    """Answers a second in each slice of the last hour, of all runs together."""
    frees: QuotaFrees | None
    rates_of_refusals: tuple[KnownRate, ...]
    """Of bounces and complaints; nothing before they have been read."""
    begun: Begun
    """How far one is where nothing has been sent; not read where something has."""
    verdict: DoctorVerdict | None
    """What the doctor found last that needs doing; None: nothing, or it was never asked."""


class _Slow(Generic[T]):
    """A value that is read now and then, to bound the statements of one read."""

    def __init__(self, read: Callable[[], T], seconds: float) -> None:
        """``seconds``: how long what was read is good for."""
        self._read = read
        self._seconds = seconds
        self._at = float("-inf")
        self.value: T | None = None
        """None: not read yet."""

    def overdue(self, at: float) -> float:
        """Since how many monotonic seconds it should have been read; negative: it is still good."""
        return at - self._at - self._seconds

    def renew(self, at: float) -> None:
        """Read it."""
        self.value, self._at = self._read(), at


class HomeService:
    """Reads for the first screen."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._runs = RecentRuns(runtime.database)
        self._imports = Imports(runtime.database)
        self._relayed = RelayedMails(runtime.database, runtime.clock)
        self._slices = AnsweredSlices(runtime.database)
        self._taken = 0
        self._own = _Slow(self._read_own, _OWN_SECONDS)
        self._sent = _Slow(self._read_sent, _OWN_SECONDS)
        self._refusals = _Slow(self._read_refusals, _REFUSALS_SECONDS)
        self._verdict = _Slow(self._read_verdict, _REFUSALS_SECONDS)
        self._failing = _Slow(lambda: failing_tasks(runtime.database), _FAILING_SECONDS)

    def snapshot(self, *, account_open: bool) -> HomeSnapshot:
        """Running, upcoming, what needs attention; and the account, once it is open."""
        database, now = self._runtime.database, self._runtime.clock.now()
        since = int((now - HOUR_SECONDS) // SECONDS) * SECONDS
        with database.snapshot():
            known = self._runtime.account.known() if account_open else None
            self._taken = known.row.taken if known is not None else 0
            self._renew_one(account_known=known is not None)
            account = self._account(known)
            agenda = read_agenda_now(self._runtime.database, self._runtime.clock, with_runs=False)
            failing = self._failing.value or ()
            found = dashboard(self._runs, self._imports, self._relayed, agenda, failing)
            if found.going or found.recent or agenda.has_next:
                answered, so_far = rates(self._slices.of_all(since), since, now), Begun()
            else:
                answered, so_far = (), begun(database)
        frees = None
        if account is not None and self._sent.value is not None:
            frees = quota_frees(self._sent.value, account.quota, now)
        refusals = self._refusals.value or ()
        verdict = self._verdict.value if account_open else None
        return HomeSnapshot(found, account, now, since, answered, frees, refusals, so_far, verdict)

    def import_seen(self, import_id: int) -> None:
        """The operator knows of that import's rejects."""
        self._imports.seen(import_id, self._runtime.clock.now())

    def _renew_one(self, *, account_known: bool) -> None:
        """Of what is read now and then, read the one that has been waiting longest."""
        at = self._runtime.clock.monotonic()
        slow: list[_Slow[Any]] = [self._failing, self._refusals]
        if account_known:  # first what the account can't be shown without
            slow = [self._own, self._failing, self._sent, self._refusals, self._verdict]
        longest = max(slow, key=lambda each: each.overdue(at))
        if longest.overdue(at) >= 0:
            longest.renew(at)

    def _read_own(self) -> tuple[int, int]:
        """Our own mails of the last 24 hours, and the governor's count at the same moment."""
        return own_share(self._runs, self._runtime.clock.now()), self._taken

    def _read_refusals(self) -> tuple[KnownRate, ...]:
        """The rates that SES judges the account by."""
        return account_rates(self._runtime.database, self._runtime.settings.breaker_rule)

    def _read_verdict(self) -> DoctorVerdict | None:
        """The worst that the doctor found last, if something has to be done about it."""
        found = DoctorVerdicts(self._runtime.database, self._runtime.ses.key).last()
        wants = found is not None and DoctorSeverity(found.severity).needs_doing
        return found if wants else None

    def _read_sent(self) -> list[AnswerCounts]:
        """When the mails of the last 24 hours were accepted."""
        since = self._runtime.clock.now() - DAY_SECONDS
        return self._slices.of_all(since, seconds=SLICE_SECONDS)

    def _account(self, known: KnownAccount | None) -> AccountSnapshot | None:
        """None before SES was first asked."""
        if known is None or self._own.value is None:
            return None
        row, quota = known.row, known.quota
        counted, taken = self._own.value
        # What was handed over since the count is ours too.
        ours = counted + max(0, row.taken - taken)
        return AccountSnapshot(
            at=self._runtime.clock.monotonic(),
            taken=row.taken,
            rate=row.max_send_rate,
            allowed=known.allowed.rate,
            quota=quota,
            ours=min(ours, int(quota.used)),
            health=tuple(troubles(row, sandbox=not self._runtime.ses.simulated)),
            sent_since_look=row.taken != row.taken_at_look,
        )
