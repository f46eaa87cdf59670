"""Zones by name, by TZ, and by rules in POSIX notation."""

from datetime import UTC, datetime

import pytest

from sestui.core.schedule.cron import next_occurrence
from sestui.core.schedule.zones import due_at, occurrence_name, occurring, zone_named
from sestui.errors import UsageError


def offsets(zone: str = "") -> list[float]:
    """Hours ahead of UTC in January and July."""
    found = []
    for month in (1, 7):
        ahead = datetime(2026, month, 15, tzinfo=zone_named(zone)).utcoffset()
        assert ahead is not None
        found.append(ahead.total_seconds() / 3600)
    return found


@pytest.mark.parametrize(
    ("variable", "hours"),
    [
        ("Europe/Paris", [1, 2]),
        (":Europe/Paris", [1, 2]),
        ("CET-1CEST,M3.5.0,M10.5.0/3", [1, 2]),
        ("AEST-10AEDT,M10.1.0,M4.1.0/3", [11, 10]),
        ("<+0330>-3:30", [3.5, 3.5]),
        ("UTC0", [0, 0]),
    ],
)
def test_the_machines_zone_keeps_its_summer_time(monkeypatch, variable, hours):
    monkeypatch.setenv("TZ", variable)
    assert offsets() == hours


@pytest.mark.parametrize(
    ("variable", "said"),
    [
        ("CET-1CEST", "without the rules for its summer time that can't be followed"),
        ("Europe/Pariss", "did you mean Europe/Paris"),
        ("/etc/passwd", "holds no time zone"),
        ("nonsense", "is not a time zone such as Europe/Paris"),
    ],
)
def test_a_variable_that_is_no_zone_is_refused(monkeypatch, variable, said):
    monkeypatch.setenv("TZ", variable)
    with pytest.raises(UsageError, match=said):
        zone_named("")


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("Europe/Pariss", "Europe/Paris"),
        ("paris", "Europe/Paris"),
        ("europe/berlin", "Europe/Berlin"),
        ("New York", "America/New_York"),
        ("America/NewYork", "America/New_York"),
        ("Asia/Tokio", "Asia/Tokyo"),
    ],
)
def test_a_misspelt_zone_is_offered_as_it_is_spelt(name, meant):
    with pytest.raises(UsageError, match=f"did you mean .*{meant}"):
        zone_named(name)


def test_a_name_that_is_like_none_offers_nothing():
    with pytest.raises(UsageError) as caught:
        zone_named("Mars/Base")
    assert str(caught.value) == "'Mars/Base' is not an IANA time zone such as Europe/Paris."


def test_an_occurrence_is_found_again_by_its_name():
    autumn = datetime(2026, 10, 25, tzinfo=UTC).timestamp()
    daily = next_occurrence("30 2 * * *", "Europe/Paris", autumn)
    assert daily is not None
    assert daily.name == "2026-10-25T02:30"
    assert occurring(daily.name, "Europe/Paris") == daily.at
    first = occurrence_name(daily.at, "Europe/Paris", every_hour=True)
    second = occurrence_name(daily.at + 3600, "Europe/Paris", every_hour=True)
    assert (first, second) == ("2026-10-25T02:30+02:00", "2026-10-25T02:30+01:00")
    assert occurring(second, "Europe/Paris") - occurring(first, "Europe/Paris") == 3600


def test_a_time_that_the_clock_skips_keeps_the_name_that_the_schedule_gives_it():
    spring = datetime(2026, 3, 29, tzinfo=UTC).timestamp()
    found = next_occurrence("30 2 * * *", "Europe/Paris", spring)
    assert found is not None
    assert (found.name, found.at) == ("2026-03-29T02:30", spring + 3600)
    assert due_at(found.at, found.name, "Europe/Paris") == found.at


def test_what_is_waited_for_stands_where_its_zone_is_gone():
    assert due_at(5.0, "2026-03-29T02:30", "Gone/Zone") == 5.0
    assert due_at(5.0, "", "Europe/Paris") == 5.0
    assert due_at(5.0, "no name", "Europe/Paris") == 5.0
