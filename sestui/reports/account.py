"""The account that mail goes to, complete enough to show, for every door."""

from dataclasses import dataclass
from typing import Any, TypeAlias

from sestui.core.clock import iso
from sestui.core.delivery.account import AccountStatus
from sestui.sending.shared_account import KnownAccount
from sestui.store.db.tables import GovernorRow

_FEW = 50
"""Mails that SES counts and nobody here knows of, and that are not worth a sentence."""

_SANDBOX = "sandbox: verified addresses only"


HealthStatus: TypeAlias = AccountStatus | GovernorRow
"""What says how SES thinks of the account."""


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
    max_quota_usage: float
    """The share of SES's 24-hour quota that sestui allows itself."""
    known: KnownAccount
    known_24_hours: int
    """What this database knows of, whatever SES counts: accepted, in flight and in doubt."""

    @property
    def ours_24_hours(self) -> int:
        """What this database sent in the last 24 hours."""
        return min(self.known_24_hours, int(self.known.quota.used))

    @property
    def others_24_hours(self) -> int:
        """What other services on the account sent in the last 24 hours."""
        return int(self.known.quota.used) - self.ours_24_hours

    def unexplained(self) -> str:
        """That SES counts far more mail than this database knows of, as a sentence; or ''.

        Other services on the account are the usual reason; it is said, never acted upon.
        """
        sent = self.known.row.sent_24_hours
        more = int(sent) - self.known_24_hours
        if more < max(_FEW, self.known_24_hours):
            return ""
        return (
            f"SES counts {sent:,.0f} mails in 24 hours, {more:,} more than this database knows of."
        )

    def as_dict(self) -> dict[str, Any]:
        """For ``--json``."""
        row, quota, allowed = self.known.row, self.known.quota, self.known.allowed
        return {
            "account": self.account,
            "region": self.region,
            "production_access": row.production_access,
            "sending_enabled": row.sending_enabled,
            "enforcement_status": row.enforcement_status or None,
            "max_send_rate": row.max_send_rate,
            "allowed_rate": allowed.rate,
            "rate_factor": allowed.factor,
            "max_24_hour_send": row.max_24_hour_send,
            "sent_last_24_hours": row.sent_24_hours,
            "ours_24_hours": self.ours_24_hours,
            "others_24_hours": self.others_24_hours,
            "unexplained": self.unexplained() or None,
            "max_quota_usage": self.max_quota_usage,
            "limit": quota.limit,
            "left": quota.left,
            "looked_at": iso(row.looked_at),
        }
