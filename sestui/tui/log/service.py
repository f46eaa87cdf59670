"""The scope of the log: campaign and time."""

from dataclasses import dataclass
from datetime import datetime, time

from sestui.core.clock import Instant
from sestui.store.ledger.log_rows import LogFilter
from sestui.tui.app.services import ScreenServices


@dataclass(frozen=True, slots=True)
class Since:
    """How far back the log goes."""

    label: str
    seconds: float | None = None
    """None: to the very beginning."""
    midnight: bool = False
    """To the beginning of the operator's day, ``seconds`` left aside."""


EVER = Since("any time")
SINCES = (
    EVER,
    Since("today", 0.0, midnight=True),
    Since("in the last 24 hours", 86_400.0),
    Since("in the last 7 days", 7 * 86_400.0),
)


@dataclass(frozen=True, slots=True)
class LogScope:
    """Which deliveries the log is of, states and address left aside."""

    campaign: str | None = None
    """None: of every campaign."""
    since: Since = EVER

    def words(self) -> str:
        """The scope in words, for exports."""
        of = "of every campaign" if self.campaign is None else f"of {self.campaign}"
        return of if self.since is EVER else f"{of}, queued {self.since.label}"


class LogService:
    """Turns scopes into filters."""

    def __init__(self, services: ScreenServices) -> None:
        self._services = services

    def filter(self, scope: LogScope) -> LogFilter:
        """The scope as of now; an instant is taken anew each time it is asked for."""
        return LogFilter(campaign=scope.campaign, since=self._instant(scope.since))

    def _instant(self, since: Since) -> Instant | None:
        now = self._services.clock.now()
        if since.seconds is None:
            return None
        if not since.midnight:
            return now - since.seconds
        today = datetime.fromtimestamp(now, self._services.zone).date()
        return datetime.combine(today, time(), tzinfo=self._services.zone).timestamp()
