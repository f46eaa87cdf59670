"""The account that mail goes to, complete enough to show, for every door."""

from dataclasses import dataclass
from typing import Any, Protocol

from sestui.core.clock import Instant, iso
from sestui.core.delivery.account import UNLIMITED
from sestui.reports.dashboard import own_share
from sestui.sending.shared_account import KnownAccount
from sestui.store.runs.run_lists import RecentRuns

_FEW = 50
"""Mails that SES counts and nobody here knows of, and that are not worth a sentence."""

_SANDBOX = "sandbox: verified addresses only"


class HealthStatus(Protocol):
    """What SES says of how it thinks of the account: of a look, a report or the governor's row."""

    @property
    def production_access(self) -> bool | None: ...  # noqa: D102 - False: SES's sandbox
    @property
    def sending_enabled(self) -> bool: ...  # noqa: D102
    @property
    def enforcement_status(self) -> str: ...  # noqa: D102 - '' when not told


def health_words(account: HealthStatus) -> list[str]:
    """Production or sandbox, enforcement status, sending: in words, as far as told."""
    words = []
    if account.production_access is not None:
        words.append("production" if account.production_access else _SANDBOX)
    if account.enforcement_status:
        words.append(account.enforcement_status.lower())
    if not account.sending_enabled:
        words.append("SENDING IS DISABLED")
    return words


def troubles(account: HealthStatus, *, sandbox: bool) -> list[str]:
    """Of these words those about what is not well; ``sandbox``: SES's sandbox counts as that."""
    well = {"production", "healthy"} if sandbox else {"production", "healthy", _SANDBOX}
    return [word for word in health_words(account) if word not in well]


@dataclass(frozen=True, slots=True)
class AccountReport:
    """What SES said at the last look, and what follows from it."""

    account: str
    """``simulator`` or ``ses``."""
    region: str
    production_access: bool | None
    """False: SES's sandbox; None: the endpoint didn't say."""
    sending_enabled: bool
    enforcement_status: str
    """HEALTHY, PROBATION or SHUTDOWN; '' when not told."""
    max_send_rate: float
    """Recipients a second."""
    allowed_rate: float
    """The same, less what throttle answers have cut."""
    rate_factor: float
    """What throttle answers have left of it, 0 to 1."""
    max_24_hour_send: float
    sent_last_24_hours: float
    """All services on the account, as of the look."""
    used: float
    """The same and what was handed over since."""
    max_quota_usage: float
    limit: float | None
    """Recipients in 24 hours that sestui allows itself, others' included; None is unlimited."""
    left: int | None
    ours_24_hours: int
    """What this database sent in the last 24 hours."""
    known_24_hours: int
    """What this database knows of, whatever SES counts: accepted, in the air and in doubt."""
    looked_at: Instant

    @property
    def others_24_hours(self) -> int:
        """What other services on the account sent in the last 24 hours."""
        return int(self.used) - self.ours_24_hours

    @property
    def unlimited(self) -> bool:
        """Whether SES sets no 24-hour quota."""
        return self.max_24_hour_send == UNLIMITED

    def unexplained(self) -> str:
        """That SES counts far more mail than this database knows of, as a sentence; or ''.

        Other services on the account are the usual reason; it is said, never acted upon.
        """
        more = int(self.sent_last_24_hours) - self.known_24_hours
        if more < max(_FEW, self.known_24_hours):
            return ""
        return (
            f"SES counts {self.sent_last_24_hours:,.0f} mails in 24 hours, {more:,} more than this "
            "database knows of."
        )

    def as_dict(self) -> dict[str, Any]:
        """For ``--json``."""
        return {
            "account": self.account,
            "region": self.region,
            "production_access": self.production_access,
            "sending_enabled": self.sending_enabled,
            "enforcement_status": self.enforcement_status or None,
            "max_send_rate": self.max_send_rate,
            "allowed_rate": self.allowed_rate,
            "rate_factor": self.rate_factor,
            "max_24_hour_send": self.max_24_hour_send,
            "sent_last_24_hours": self.sent_last_24_hours,
            "ours_24_hours": self.ours_24_hours,
            "others_24_hours": self.others_24_hours,
            "unexplained": self.unexplained() or None,
            "max_quota_usage": self.max_quota_usage,
            "limit": self.limit,
            "left": self.left,
            "looked_at": iso(self.looked_at),
        }


def account_report(
    known: KnownAccount | None,
    recent: RecentRuns,
    *,
    account: str,
    region: str,
    max_quota_usage: float,
    now: Instant,
) -> AccountReport | None:
    """What is known without asking SES; None before the first look."""
    if known is None or not known.row.looked_at:
        return None
    row, quota, allowed = known.row, known.quota, known.allowed
    ours = own_share(recent, now)
    return AccountReport(
        account=account,
        region=region,
        production_access=row.production_access,
        sending_enabled=row.sending_enabled,
        enforcement_status=row.enforcement_status,
        max_send_rate=row.max_send_rate,
        allowed_rate=allowed.rate,
        rate_factor=allowed.factor,
        max_24_hour_send=row.max_24_hour_send,
        sent_last_24_hours=row.sent_24_hours,
        used=quota.used,
        max_quota_usage=max_quota_usage,
        limit=quota.limit,
        left=quota.left,
        ours_24_hours=min(ours, int(quota.used)),
        known_24_hours=ours,
        looked_at=row.looked_at,
    )
