"""The arithmetic of a simulated account's rate and quota."""

import math
import re

from sestui.core.clock import Instant

DAY = 86_400

_MAILBOX_SIMULATOR = re.compile(
    r"(success|bounce|complaint|ooto|suppressionlist)(\+[^@]*)?@simulator\.amazonses\.com",
    re.IGNORECASE,
)


def refilled(level: float, at: Instant, now: Instant, rate: float) -> float:
    """The rate bucket's level at ``now``, given its level at ``at``; negative is debt.

    ``rate`` is in recipients a second; the bucket holds one second of it, at least one recipient.
    """
    return min(max(rate, 1.0), level + max(0.0, now - at) * rate)


def in_debt(level: float) -> bool:
    """Whether the next call is refused. A call may overshoot, so level 0 accepts one."""
    return level < 0


def quota_second(now: Instant) -> int:
    """The second in which recipients accepted at ``now`` are counted."""
    return math.floor(now)


def expired_second(now: Instant) -> int:
    """The newest second that has left the 24-hour window (up to a second early)."""
    return math.floor(now - DAY)


def within_quota(used: int, recipients: int, quota: int) -> bool:
    """Whether ``recipients`` more fit; a ``quota`` of -1 is unlimited."""
    return quota < 0 or used + recipients <= quota


def mailbox_simulator(address: str) -> str:
    """``bounce`` for ``Bounce+label@simulator.amazonses.com``, and so on; '' for real addresses."""
    if not address[-23:].lower().endswith("simulator.amazonses.com"):
        return ""
    match = _MAILBOX_SIMULATOR.fullmatch(address)
    return match[1].lower() if match else ""


def counted(recipients: tuple[str, ...]) -> int:
    """How many of these count toward the quota; SES's own test mailboxes don't."""
    return sum(1 for address in recipients if not mailbox_simulator(address))


def peak_in_one_second(arrivals: list[tuple[Instant, int]]) -> int:
    """The most recipients within any window of one second; ``arrivals`` are (instant, number)."""
    ordered = sorted(arrivals)
    peak = inside = oldest = 0
    for instant, number in ordered:
        inside += number
        while ordered[oldest][0] <= instant - 1.0:
            inside -= ordered[oldest][1]
            oldest += 1
        peak = max(peak, inside)
    return peak
