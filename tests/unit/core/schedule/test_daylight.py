"""What is said of dates at which the clocks change."""

from datetime import UTC, datetime

import pytest

from sestui.core.schedule.cron import next_occurrences
from sestui.core.schedule.daylight import clock_notes

ZONE = "Europe/Paris"


def notes(expression, since, count=3, zone=ZONE):
    begin = datetime.fromisoformat(since).replace(tzinfo=UTC).timestamp()
    return clock_notes(next_occurrences(expression, zone, begin, count), zone, begin)


def test_a_time_that_the_clocks_skip_is_told():
    assert notes("30 2 * * *", "2027-03-26T12:00") == (
        "",
        "the clocks skip 02:30 that day",
        "",
    )


def test_a_time_that_comes_twice_is_told():
    assert notes("30 2 * * *", "2026-10-23T12:00") == (
        "",
        "02:30 comes twice that day: the first counts",
        "after the clocks go back",
    )


@pytest.mark.parametrize(
    ("since", "said"),
    [
        ("2026-10-20T12:00", "after the clocks go back"),
        ("2027-03-22T12:00", "after the clocks go forward"),
    ],
)
def test_the_first_date_on_other_clocks_is_told(since, said):
    assert notes("0 9 * * mon", since) == (said, "", "")


def test_every_hour_goes_with_the_clock():
    assert notes("0 * * * *", "2026-10-25T00:30", 2) == ("after the clocks go back", "")


def test_where_clocks_never_change_nothing_is_said():
    assert set(notes("30 2 * * *", "2026-10-01T00:00", 60, "Asia/Kolkata")) == {""}
