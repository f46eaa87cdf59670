"""When the operator is reminded of what waits for somebody."""

from enum import StrEnum

from sestui.core.clock import Instant

_DAY_SECONDS = 86_400.0


class Reminding(StrEnum):
    """How often the operator is told of one state of one thing."""

    DAILY = "daily"
    """At once, and again once a day while it lasts."""
    ONCE = "once"
    OFF = "off"


class Subject(StrEnum):
    """What can need somebody."""

    RUN = "run"
    CAMPAIGN = "campaign"
    """One that is due, and can't be started."""


def told_before(reminding: Reminding, now: Instant) -> Instant | None:
    """What was told at this instant or earlier is told again; None: nothing is told at all."""
    if reminding is Reminding.OFF:
        return None
    return now - _DAY_SECONDS if reminding is Reminding.DAILY else 0.0
