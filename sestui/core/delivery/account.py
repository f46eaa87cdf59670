"""What SES says of an account, and what follows from it for sending."""

from dataclasses import dataclass

from sestui.core.clock import Instant

UNLIMITED = -1
"""SES's own way of saying that there is no 24-hour quota."""

_DAY_SECONDS = 86_400


@dataclass(frozen=True, slots=True)
class AccountStatus:
    """One look at GetAccount (or v1 GetSendQuota, which knows only the three numbers)."""

    max_24_hour_send: float
    max_send_rate: float
    """Recipients a second."""
    sent_last_24_hours: float
    production_access: bool | None = None
    """False: SES's sandbox; None: the endpoint didn't say."""
    sending_enabled: bool = True
    enforcement_status: str = ""
    """HEALTHY, PROBATION or SHUTDOWN; '' when not told."""


@dataclass(frozen=True, slots=True)
class WarmUp:
    """A new account's or address's ramp: so many mails on the first day, a factor more each day."""

    start: Instant
    volume: int
    """Mails of the first day."""
    factor: float

    def limit(self, now: Instant) -> float:
        """Mails of the 24 hours up to ``now`` that the ramp allows."""
        days = max(0, int((now - self.start) // _DAY_SECONDS))
        return self.volume * self.factor ** min(days, 365)


@dataclass(frozen=True, slots=True)
class QuotaRule:
    """How much of SES's 24-hour quota sestui allows itself."""

    max_usage: float = 0.8
    """The share of Max24HourSend, so that other services on the account keep working."""
    warm_up: WarmUp | None = None

    def limit(self, max_24_hour_send: float, now: Instant) -> float | None:
        """Recipients in 24 h; None is unlimited."""
        limits = []
        if max_24_hour_send != UNLIMITED:
            limits.append(max_24_hour_send * self.max_usage)
        if self.warm_up is not None:
            limits.append(self.warm_up.limit(now))
        return min(limits, default=None)


@dataclass(frozen=True, slots=True)
class Identity:
    """A sender identity as SES knows it."""

    name: str
    kind: str
    """EMAIL_ADDRESS or DOMAIN."""
    sending_enabled: bool
    verification: str = ""
    """SUCCESS, PENDING, FAILED, TEMPORARY_FAILURE or NOT_STARTED; '' when not told."""

    @property
    def verified(self) -> bool:
        """Whether SES takes mail from it."""
        return self.sending_enabled and self.verification in {"SUCCESS", ""}
