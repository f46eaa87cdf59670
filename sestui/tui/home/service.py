"""What Home looks at."""

from dataclasses import dataclass

from sestui.core.delivery.pacing import Quota
from sestui.reports.account import troubles
from sestui.reports.dashboard import Dashboard, dashboard, own_share
from sestui.runtime import Runtime
from sestui.store.contacts.imports import Imports
from sestui.store.relay.mails import RelayedMails
from sestui.store.runs.run_lists import RecentRuns

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


@dataclass(frozen=True, slots=True)
class _Counted:
    """Our own mails of the last 24 hours, counted in the ledger."""

    at: float
    ours: int
    taken: int
    """The governor's count at the same moment."""


class HomeService:
    """Reads for the first screen."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._runs = RecentRuns(runtime.database)
        self._imports = Imports(runtime.database)
        self._relayed = RelayedMails(runtime.database, runtime.clock)
        self._counted: _Counted | None = None

    def snapshot(self, *, account_open: bool) -> tuple[Dashboard, AccountSnapshot | None]:
        """What goes on, what comes, what needs somebody; and the account, once it is open."""
        with self._runtime.database.snapshot():
            account = self._account() if account_open else None
            agenda = self._runtime.agenda(with_runs=False)
            return dashboard(self._runs, self._imports, self._relayed, agenda), account

    def import_seen(self, import_id: int) -> None:
        """The operator knows of that import's rejects."""
        self._imports.seen(import_id, self._runtime.clock.now())

    def _account(self) -> AccountSnapshot | None:
        """None before SES was first asked."""
        known = self._runtime.account.known()
        if known is None:
            return None
        row, quota = known.row, known.quota
        clock = self._runtime.clock
        at = clock.monotonic()
        if self._counted is None or at >= self._counted.at + _OWN_SECONDS:
            self._counted = _Counted(at, own_share(self._runs, clock.now()), row.taken)
        # What was handed over since the count is ours too.
        ours = self._counted.ours + max(0, row.taken - self._counted.taken)
        return AccountSnapshot(
            at=at,
            taken=row.taken,
            rate=row.max_send_rate,
            allowed=known.allowed.rate,
            quota=quota,
            ours=min(ours, int(quota.used)),
            health=tuple(troubles(row, sandbox=not self._runtime.simulated)),
        )
