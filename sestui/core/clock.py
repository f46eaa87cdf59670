"""The clock that the program reads, which tests replace with their own.

An instant is always a float, seconds since the epoch in UTC: it compares, adds and indexes the same
in Python, SQLite and PostgreSQL. Time zones appear only where a person reads or writes a time.
"""

import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Protocol

_MONOTONIC = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""CLOCK_BOOTTIME also runs while the machine is suspended; only Linux has it."""

Instant = float
"""Seconds since the epoch, UTC."""


class Clock(Protocol):
    """Wall time, monotonic time and waiting."""

    def now(self) -> Instant:
        """The wall clock: seconds since the epoch, UTC. May jump."""

    def monotonic(self) -> float:
        """Seconds that never run backwards, for durations within one process."""

    def wait(self, event: threading.Event, seconds: float) -> bool:
        """Wait until ``event`` is set or ``seconds`` have passed; True if it was set."""


class SystemClock:
    """The machine's own clock."""

    def now(self) -> Instant:
        """See :meth:`Clock.now`."""
        return time.time()

    def monotonic(self) -> float:
        """See :meth:`Clock.monotonic`."""
        return time.clock_gettime(_MONOTONIC)

    def wait(self, event: threading.Event, seconds: float) -> bool:
        """See :meth:`Clock.wait`."""
        return event.wait(max(0.0, seconds))


_FRACTIONS = tuple(f".{each:03}Z" for each in range(1_000))
_HALF_A_MICROSECOND = 0.0005


class _Seconds(dict[int, str]):
    """Whole seconds as :func:`iso` has them, without their fraction."""

    def __missing__(self, second: int) -> str:
        text = self[second] = iso(second).partition(".")[0]
        return text


def isos(instants: Sequence[Instant | None]) -> list[str]:
    """:func:`iso` of many since 1970, at a fifth of the cost where they share seconds."""
    if len(instants) > 1 and instants[0] == instants[-1]:  # it may be the same for all
        different = set(instants)
        if len(different) * 2 < len(instants):
            texts = {each: iso(each) for each in different}
            return [texts[each] for each in instants]
    seconds = _Seconds()
    return [
        "" if each < 0 else seconds[each // 1_000] + _FRACTIONS[each % 1_000]
        for each in [
            -1 if one is None else int(one * 1e3 + _HALF_A_MICROSECOND) for one in instants
        ]
    ]


def iso(instant: Instant | None) -> str:
    """ISO 8601 in UTC to the millisecond (``2026-11-22T07:50:25.123Z``); '' for None."""
    if instant is None:
        return ""
    text = datetime.fromtimestamp(instant, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")
