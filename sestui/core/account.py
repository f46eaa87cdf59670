"""What SES says of an account, and what follows from it for sending."""

from dataclasses import dataclass

UNLIMITED = -1
"""SES's own way of saying that there is no 24-hour quota."""


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


def quota_limit(max_24_hour_send: float, max_quota_usage: float) -> float | None:
    """Recipients in 24 h that sestui allows itself; None is unlimited."""
    if max_24_hour_send == UNLIMITED:
        return None
    return max_24_hour_send * max_quota_usage


@dataclass(frozen=True, slots=True)
class Identity:
    """A sender identity as SES knows it."""

    name: str
    kind: str
    """EMAIL_ADDRESS or DOMAIN."""
    sending_enabled: bool
