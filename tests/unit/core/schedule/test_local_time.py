"""A time of day in each recipient's own zone."""

from datetime import UTC, datetime, timedelta, tzinfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sestui.core.schedule.local_time import check_local_time, next_local_time
from sestui.core.schedule.recipient_zones import zone_of_country, zone_of_text
from sestui.core.schedule.zones import WallClock, zone_named
from sestui.errors import UsageError

HOUR = 3600.0
ZONES = [
    *("Europe/Paris", "America/New_York", "Asia/Kathmandu", "Pacific/Chatham"),
    *("Australia/Lord_Howe", "Pacific/Kiritimati", "Pacific/Pago_Pago", "Asia/Kolkata"),
    *("America/St_Johns", "UTC"),
    *("Africa/Casablanca", "America/Sao_Paulo", "Pacific/Apia", "Atlantic/Azores", "-12", "+05:45"),
]  # fmt: skip


def zone(name: str) -> tzinfo:
    found = zone_of_text(name)
    assert found is not None
    return found


def instant(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


@pytest.mark.parametrize(
    ("text", "kept"),
    [("09:00 local", "09:00 local"), (" 9:05  Local ", "09:05 local")],
)
def test_a_local_time_is_kept_in_one_form(text, kept):
    assert check_local_time(text) == kept


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("09:00", "'09:00' doesn't say whose time it is; write '09:00 local'"),
        ("24:00 local", "write it as '09:00 local'"),
        ("09:60 local", "write it as '09:00 local'"),
        ("9 local", "write it as '09:00 local'"),
        ("09:00 Paris", "write it as '09:00 local'"),
        ("local", "write it as '09:00 local'"),
    ],
)
def test_what_is_no_local_time_is_refused_with_the_way_out(text, said):
    with pytest.raises(UsageError, match=said):
        check_local_time(text)


@pytest.mark.parametrize(
    ("zone_name", "start", "at", "due"),
    [
        # At the start itself, and just after it.
        ("Europe/Paris", "2026-11-28T09:00+01:00", "09:00", "2026-11-28T09:00+01:00"),
        ("Europe/Paris", "2026-11-28T09:00:01+01:00", "09:00", "2026-11-29T09:00+01:00"),
        # Skipped: the end of the gap. Twice: the first, or the second from between them.
        ("Europe/Paris", "2026-03-28T12:00+01:00", "02:30", "2026-03-29T03:00+02:00"),
        ("Europe/Paris", "2026-10-24T12:00+02:00", "02:30", "2026-10-25T02:30+02:00"),
        ("Europe/Paris", "2026-10-25T02:45+02:00", "02:30", "2026-10-25T02:30+01:00"),
        ("Europe/Paris", "2026-10-25T02:45+01:00", "02:30", "2026-10-26T02:30+01:00"),
        # The clocks are set back meanwhile: 25 hours.
        ("Europe/Paris", "2026-10-24T09:00:01+02:00", "09:00", "2026-10-25T09:00+01:00"),
        # Half an hour is skipped, and 45 minutes beside the hour.
        ("Australia/Lord_Howe", "2026-10-03T12:00+10:30", "02:15", "2026-10-04T02:30+11:00"),
        ("Asia/Kathmandu", "2026-11-28T00:00+00:00", "09:00", "2026-11-28T09:00+05:45"),
        ("Pacific/Chatham", "2026-11-28T00:00+00:00", "09:00", "2026-11-29T09:00+13:45"),
        # Both sides of the date line, at one instant.
        ("Pacific/Kiritimati", "2026-11-28T18:00+00:00", "09:00", "2026-11-29T09:00+14:00"),
        ("Pacific/Pago_Pago", "2026-11-28T18:00+00:00", "09:00", "2026-11-28T09:00-11:00"),
        ("-12", "2026-11-28T18:00+00:00", "09:00", "2026-11-28T09:00-12:00"),
        # A day that Samoa left out.
        ("Pacific/Apia", "2011-12-29T10:00-10:00", "09:00", "2011-12-31T00:00+14:00"),
        # Set back across midnight: 23:30 comes again, on the day before.
        ("America/Sao_Paulo", "2019-02-16T23:45-02:00", "23:30", "2019-02-16T23:30-03:00"),
    ],
)  # fmt: skip
def test_it_comes_when_the_clock_there_first_shows_it(zone_name, start, at, due):
    found = next_local_time(f"{at} local", zone(zone_name), instant(start))
    assert datetime.fromtimestamp(found, UTC) == datetime.fromisoformat(due)


@given(
    st.sampled_from(ZONES),
    st.floats(instant("2026-01-01T00:00+00:00"), instant("2029-01-01T00:00+00:00")),
    st.times(),
)
def test_it_is_within_a_day_and_shown_by_the_clock_there(zone_name, start, at):
    clock, text = WallClock(zone(zone_name)), f"{at:%H:%M} local"
    due = next_local_time(text, zone(zone_name), start)
    shown = clock.shown(due)
    ahead = datetime.fromtimestamp(due, zone(zone_name)).utcoffset()
    before = datetime.fromtimestamp(start, zone(zone_name)).utcoffset()
    set_back = max(timedelta(), before - ahead).total_seconds()
    assert start <= due <= start + 24 * HOUR + set_back
    if f"{shown:%H:%M}" != f"{at:%H:%M}":
        wall = shown.replace(hour=at.hour, minute=at.minute, second=0, microsecond=0, fold=0)
        assert clock.instants(wall, every_hour=True) == []  # skipped
        assert clock.instants(wall, every_hour=False) == [due]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Europe/Paris", "Europe/Paris"),
        (" america/new york ", "America/New_York"),
        ("UTC", "UTC"),
        ("z", "UTC"),
        ("+05:45", "UTC+05:45"),
        ("UTC-3", "UTC-03:00"),
        ("gmt+0930", "UTC+09:30"),
        ("-12", "UTC-12:00"),
        ("+15:00", None),
        ("+05:99", None),
        ("PST8", None),
        ("Middle-earth/Shire", None),
        ("localtime", None),
        ("../../etc/passwd", None),
        ("", None),
        ("9", None),
    ],
)
def test_a_time_zone_is_read_from_an_attribute(text, name):
    found = zone_of_text(text)
    assert (None if found is None else str(found)) == name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("fr", "Europe/Paris"),
        ("France", "Europe/Paris"),
        ("NEPAL", "Asia/Kathmandu"),
        ("United Kingdom", "Europe/London"),
        ("Côte d'Ivoire", "Africa/Abidjan"),
        ("Cote d’Ivoire", "Africa/Abidjan"),
        ("Bosnia and Herzegovina", "Europe/Sarajevo"),
        # Several zones: that of most people.
        ("United States", "America/New_York"),
        ("Russia", "Europe/Moscow"),
        ("AU", "Australia/Sydney"),
        ("br", "America/Sao_Paulo"),
        ("Canada", "America/Toronto"),
        ("Narnia", None),
        ("", None),
    ],
)
def test_a_country_has_the_zone_of_most_of_its_people(text, name):
    found = zone_of_country(text)
    assert found == (None if name is None else zone_named(name))
