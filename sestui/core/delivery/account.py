"""An SES account's status, and the quota that sestui allows itself."""

from dataclasses import dataclass

from sestui.core.clock import Instant

UNLIMITED = -1
"""SES's value of Max24HourSend for an account without a 24-hour quota."""

_DAY_SECONDS = 86_400


@dataclass(frozen=True, slots=True)
class AccountStatus:
    """The answer of GetAccount, or of v1's GetSendQuota, which has only the three numbers."""

    max_24_hour_send: float
    max_send_rate: float
    """Recipients a second."""
    sent_last_24_hours: float
    production_access: bool | None = None
    """False: SES's sandbox; None: unknown."""
    sending_enabled: bool = True
    enforcement_status: str = ""
    """HEALTHY, PROBATION or SHUTDOWN; '' if unknown."""


@dataclass(frozen=True, slots=True)
class WarmUp:
    """A daily limit that grows by a constant factor, for a new account or address."""

    start: Instant
    volume: int
    """Mails on the first day."""
    factor: float

    def limit(self, now: Instant) -> float:
        """Mails that are allowed in the 24 hours up to ``now``."""
        days = max(0, int((now - self.start) // _DAY_SECONDS))
        return self.volume * self.factor ** min(days, 365)


@dataclass(frozen=True, slots=True)
class QuotaRule:
    """The part of SES's 24-hour quota that sestui uses."""

    max_usage: float = 0.8
    """Share of Max24HourSend; the rest is left to other services on the account."""
    warm_up: WarmUp | None = None

    def limit(self, max_24_hour_send: float, now: Instant) -> float | None:
        """Recipients in 24 hours; None for no limit."""
        limits = []
        if max_24_hour_send != UNLIMITED:
            limits.append(max_24_hour_send * self.max_usage)
        if self.warm_up is not None:
            limits.append(self.warm_up.limit(now))
        return min(limits, default=None)


@dataclass(frozen=True, slots=True)
class Identity:
    """A sender identity in SES."""

    name: str
    kind: str
    """EMAIL_ADDRESS or DOMAIN."""
    sending_enabled: bool
    verification: str = ""
    """SUCCESS, PENDING, FAILED, TEMPORARY_FAILURE or NOT_STARTED; '' if unknown."""

    @property
    def verified(self) -> bool:
        """Whether SES accepts mail from it."""
        return self.sending_enabled and self.verification in {"SUCCESS", ""}
