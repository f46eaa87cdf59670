"""When the operator is reminded of something that needs attention."""

from enum import StrEnum

from sestui.core.clock import Instant

_DAY_SECONDS = 86_400.0


class Reminding(StrEnum):
    """How often the operator is notified."""

    DAILY = "daily"
    """At once, and then once a day while it lasts."""
    ONCE = "once"
    OFF = "off"


class Subject(StrEnum):
    """What can need attention."""

    RUN = "run"
    CAMPAIGN = "campaign"
    """A campaign that is due but can't be started."""


def told_before(reminding: Reminding, now: Instant) -> Instant | None:
    """Notifications sent up to this instant are due again; None if none are sent at all."""
    if reminding is Reminding.OFF:
        return None
    return now - _DAY_SECONDS if reminding is Reminding.DAILY else 0.0
