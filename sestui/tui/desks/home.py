"""What Home looks at."""

from dataclasses import dataclass

from sestui.core.pacing import Quota
from sestui.reports.dashboard import Dashboard, dashboard, own_share
from sestui.runtime import Runtime
from sestui.store.recent import RecentRuns

_OWN_SECONDS = 60.0
"""How long a count of our own mails is good for."""


@dataclass(frozen=True, slots=True)
class AccountPicture:
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


class HomeDesk:
    """Reads for the first screen."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._runs = RecentRuns(runtime.database)
        self._ours = 0
        self._ours_until = 0.0

    def dashboard(self) -> Dashboard:
        """What goes on, what comes, what needs somebody."""
        return dashboard(self._runs)

    def account(self) -> AccountPicture | None:
        """The account; None before SES was first asked. Call it once the account is open."""
        row, quota = self._runtime.account.row(), self._runtime.account.quota()
        if row is None or quota is None:
            return None
        clock = self._runtime.clock
        at = clock.monotonic()
        if at >= self._ours_until:
            self._ours = own_share(self._runs, clock.now())
            self._ours_until = at + _OWN_SECONDS
        health = []
        if row.production_access is False and not self._runtime.simulated:
            health.append("sandbox: verified addresses only")
        if not row.sending_enabled:
            health.append("sending is disabled")
        if row.enforcement_status not in {"", "HEALTHY"}:
            health.append(row.enforcement_status.lower())
        return AccountPicture(
            at=at,
            taken=row.taken,
            rate=row.max_send_rate,
            allowed=self._runtime.account.rate(),
            quota=quota,
            ours=min(self._ours, int(quota.used)),
            health=tuple(health),
        )
