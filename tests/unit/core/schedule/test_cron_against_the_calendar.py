"""Cron held against a reckoning that knows nothing of croniter: every minute, one after the other.

The reckoning is in ``tests/support/cron_oracle.py``.
"""

from datetime import UTC, datetime
from itertools import takewhile
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sestui.core.schedule.cron import occurrences
from tests.support.cron_oracle import (
    ANY_DAY,
    ANY_MONTH,
    ANY_WEEKDAY,
    MINUTE,
    Cron,
    often,
    reckoned,
    transitions,
)

DAY = 86_400.0

ZONES = (
    ("Europe/Paris", 2026),
    ("Europe/Dublin", 2026),  # its summer time is the standard one: a negative DST
    ("Australia/Lord_Howe", 2026),  # half an hour
    ("America/Havana", 2026),  # at midnight: the day begins at 01:00
    ("America/Sao_Paulo", 2018),  # at midnight too
    ("Africa/Casablanca", 2026),  # back and forth around Ramadan
    ("America/New_York", 2026),
    ("Pacific/Apia", 2011),  # a whole day that never was
    ("Antarctica/Troll", 2026),  # two hours
    ("Asia/Kathmandu", 2026),  # never changes
)


def field(low: int, high: int, *, sunday: bool = False) -> st.SearchStrategy[tuple[str, frozenset]]:
    """A field's text with its values."""
    everything = range(low, high + 1)
    number = st.integers(low, high)

    def spread(ends: tuple[int, int], step: int | None) -> tuple[str, frozenset[int]]:
        first, last = sorted(ends)
        text = f"{first}-{last}" + (f"/{step}" if step else "")
        return text, frozenset(range(first, last + 1, step or 1))

    def around(ends: tuple[int, int]) -> tuple[str, frozenset[int]]:
        last, first = sorted(ends)
        return f"{first}-{last}", frozenset(v for v in everything if v >= first or v <= last)

    step = st.integers(1, high)
    ends = st.tuples(number, number)
    single = number.map(lambda v: (str(v), frozenset({v})))
    part = st.one_of(
        single,
        st.builds(spread, ends, st.none() | step),
        ends.filter(lambda pair: pair[0] != pair[1]).map(around),
        step.map(lambda s: (f"*/{s}", frozenset(everything[::s]))),
        st.builds(lambda v, s: (f"{v}/{s}", frozenset(range(v, high + 1, s))), number, step),
    )
    if sunday:
        part |= st.just(("5-7", frozenset({5, 6, 0}))) | st.just(("7", frozenset({0})))
    joined = st.lists(part, min_size=1, max_size=3).map(
        lambda parts: (",".join(t for t, _ in parts), frozenset().union(*(v for _, v in parts)))
    )
    return st.just(("*", frozenset(everything))) | joined


_times = (field(0, 59), field(0, 23))
plain = st.builds(
    Cron,
    *(*_times, field(1, 31), field(1, 12), field(0, 6, sunday=True)),
    both=st.booleans(),
)
expressions = st.one_of(
    plain,
    # The n-th weekday of a month.
    st.builds(
        Cron,
        *(*_times, st.just(ANY_DAY), field(1, 12), st.just(ANY_WEEKDAY)),
        nth=st.tuples(st.integers(0, 6), st.integers(1, 5)),
    ),
    # The last day of a month, beside others.
    st.builds(
        Cron,
        *(*_times, field(1, 31).filter(lambda days: days[0] != "*"), field(1, 12), field(0, 6)),
        last_day=st.just(value=True),
        both=st.booleans(),
    ),
    # Days that croniter doesn't know.
    st.builds(
        Cron,
        *(*_times, field(1, 31).filter(lambda days: days[0] != "*"), field(1, 12), field(0, 6)),
        last_day=st.booleans(),
        before_last=st.integers(1, 27),
        last_working_day=st.booleans(),
        both=st.booleans(),
    ),
)


WINDOWS = [
    (name, moment - 1.5 * DAY, moment + 1.5 * DAY)
    for name, year in ZONES
    for moment in transitions(ZoneInfo(name), year)
    or [datetime(year, 3, 1, tzinfo=UTC).timestamp()]
]


def held_against(cron: Cron, name: str, begin: float, end: float) -> None:
    instants = (each.at for each in occurrences(cron.text, name, begin - MINUTE))
    told = takewhile(lambda fired: fired < end, instants)
    assert list(told) == list(reckoned(cron, name, begin, end)), cron.text


WHATEVER = Cron(
    ("0", frozenset({0})),
    ("9", frozenset({9})),
    ("5-1,19-6", frozenset(range(1, 32))),
    ANY_MONTH,
    ("0", frozenset({0})),
)
"""Each day is one of the days here, so that weekdays choose nothing: either is enough."""


@pytest.mark.long
@settings(max_examples=60)
@given(expressions, st.sampled_from(WINDOWS))
@example(WHATEVER, WINDOWS[0])
def test_around_every_transition(cron: Cron, window: tuple[str, float, float]) -> None:
    held_against(cron, *window)


KINDS = [("*", range(24)), ("*/2", range(0, 24, 2)), ("0-3", range(4)), ("23", [23])]


@pytest.mark.parametrize("window", WINDOWS, ids=lambda window: f"{window[0]} {window[1]:.0f}")
def test_each_kind_of_schedule_at_each_transition(window: tuple[str, float, float]) -> None:
    for hours, values in KINDS:
        held_against(often({5, 30}, hours, values), *window)


@pytest.mark.long
@settings(max_examples=3)
@given(expressions)
def test_months_of_minutes(cron: Cron) -> None:
    begin = datetime(2026, 2, 20, tzinfo=UTC).timestamp()
    held_against(cron, "Europe/Dublin", begin, begin + 40 * DAY)


@pytest.mark.long
@pytest.mark.timeout(900)
@settings(max_examples=25)
@given(expressions, st.sampled_from(ZONES))
def test_a_whole_year_of_minutes(cron: Cron, place: tuple[str, int]) -> None:
    name, year = place
    begin = datetime(year, 1, 1, tzinfo=UTC).timestamp()
    held_against(cron, name, begin, begin + 365 * DAY)


@pytest.mark.long
@pytest.mark.timeout(900)
def test_every_zone_of_the_world() -> None:
    """Every zone that changes its clocks in 2026, at all of its transitions."""
    changing = 0
    for name in sorted(available_timezones() - {"localtime"}):
        moments = transitions(ZoneInfo(name), 2026)
        changing += bool(moments)
        for moment in moments:
            for hours, values in KINDS:
                held_against(often({7, 37}, hours, values), name, moment - DAY, moment + DAY)
    assert changing > 100


@pytest.mark.long
@pytest.mark.timeout(900)
@settings(max_examples=400)
@given(expressions, st.sampled_from(WINDOWS))
def test_around_every_transition_at_length(cron: Cron, window: tuple[str, float, float]) -> None:
    held_against(cron, *window)
