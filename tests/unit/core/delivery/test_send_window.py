from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sestui.core.delivery.send_window import parse_window
from sestui.errors import UsageError

PARIS = ZoneInfo("Europe/Paris")


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=PARIS).timestamp()


@pytest.mark.parametrize(
    ("window", "now", "opens"),
    [
        ("09:00-18:00", "2026-11-23T08:59", "2026-11-23T09:00"),
        ("09:00-18:00", "2026-11-23T09:00", "2026-11-23T09:00"),
        ("09:00-18:00", "2026-11-23T17:59", "2026-11-23T17:59"),
        ("09:00-18:00", "2026-11-23T18:00", "2026-11-24T09:00"),
        ("Mon-Fri 09:00-18:00", "2026-11-21T12:00", "2026-11-23T09:00"),  # Saturday
        ("Fri-Mon 09:00-18:00", "2026-11-24T12:00", "2026-11-27T09:00"),
        ("Sun 10:00-11:00", "2026-11-22T11:00", "2026-11-29T10:00"),  # a week later
        ("22:00-06:00", "2026-11-23T02:00", "2026-11-23T02:00"),
        ("22:00-06:00", "2026-11-23T06:00", "2026-11-23T22:00"),
        ("Mon 22:00-06:00", "2026-11-24T05:00", "2026-11-24T05:00"),  # Monday's night
        ("Mon-Fri 08:00-12:00, Sat 10:00-24:00", "2026-11-28T23:59", "2026-11-28T23:59"),
        ("02:30-04:00", "2026-03-29T01:00", "2026-03-29T03:30"),  # clocks go forward at 2
        ("09:00-18:00", "2026-10-24T19:00", "2026-10-25T09:00"),  # and back on the 25th
    ],
)
def test_a_window_opens_on_the_zones_own_clock(window, now, opens):
    assert parse_window(window).opens_at(at(now), PARIS) == at(opens)


@pytest.mark.parametrize(
    "text",
    ["", "9-18", "09:00", "Mon", "Foo 09:00-18:00", "09:00-09:00", "25:00-26:00", "09:60-10:00"],
)
def test_what_is_no_window_says_how_one_is_written(text):
    with pytest.raises(UsageError, match="Mon-Fri 09:00-18:00"):
        parse_window(text)


@given(
    begin=st.integers(0, 1439),
    length=st.integers(1, 1439),
    now=st.integers(int(at("2026-01-01T00:00")), int(at("2027-01-01T00:00"))),
)
def test_where_it_opens_it_is_open(begin, length, now):
    end = (begin + length) % 1440
    text = f"{begin // 60:02}:{begin % 60:02}-{end // 60:02}:{end % 60:02}"
    window = parse_window(text)
    opens = window.opens_at(now, PARIS)
    assert now <= opens <= now + 2 * 86_400
    assert window.opens_at(opens, PARIS) == opens
