"""The report of the account that mail is sent from."""

from dataclasses import dataclass
from typing import Any, TypeAlias

from sestui.core.clock import iso
from sestui.core.delivery.account import AccountStatus
from sestui.core.delivery.breaker import BreakerRule
from sestui.core.delivery.reputation import KnownRate, known_rates
from sestui.sending.shared_account import KnownAccount
from sestui.store.db.database import Database
from sestui.store.db.shared_tables import GovernorRow
from sestui.store.events.outcome_slices import account_sample

_FEW = 50
"""The most mails of other services that are not reported."""

_SANDBOX = "sandbox: verified addresses only"


HealthStatus: TypeAlias = AccountStatus | GovernorRow
"""Sources of the account's health."""


def health_words(account: HealthStatus) -> list[str]:
    """Production or sandbox, enforcement status and disabled sending, in words, as far as known."""
    words = []
    if account.production_access is not None:
        words.append("production" if account.production_access else _SANDBOX)
    if account.enforcement_status:
        words.append(account.enforcement_status.lower())
    if not account.sending_enabled:
        words.append("SENDING IS DISABLED")
    return words


def troubles(account: HealthStatus, *, sandbox: bool) -> list[str]:
    """The words for problems; ``sandbox``: SES's sandbox is one."""
    well = {"production", "healthy"} if sandbox else {"production", "healthy", _SANDBOX}
    return [word for word in health_words(account) if word not in well]


def account_rates(database: Database, rule: BreakerRule) -> tuple[KnownRate, ...]:
    """The rates of bounces and complaints by which SES judges the account."""
    return known_rates(account_sample(database, rule.volume), rule)


@dataclass(frozen=True, slots=True)
class AccountReport:
    """SES's last answer about the account, and figures derived from it."""

    account: str
    """``simulator`` or ``ses``."""
    region: str
    max_quota_usage: float
    """The share of SES's 24-hour quota that sestui may use."""
    known: KnownAccount
    known_24_hours: int
    """Mails by this database's count: accepted, in flight and in doubt."""
    rates: tuple[KnownRate, ...]
    """Of bounces and complaints, as SES counts them."""

    @property
    def ours_24_hours(self) -> int:
        """What this database sent in the last 24 hours."""
        return min(self.known_24_hours, int(self.known.quota.used))

    @property
    def others_24_hours(self) -> int:
        """What other services on the account sent in the last 24 hours."""
        return int(self.known.quota.used) - self.ours_24_hours

    def unexplained(self) -> str:
        """A sentence if SES counts far more mail than this database; else ''.

        Only for information, as other services on the account are the usual reason.
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
            **{rate.what: rate.as_dict() for rate in self.rates},
        }
