import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sestui.core.clock import SystemClock, iso, isos


@pytest.mark.parametrize(
    ("instant", "text"),
    [
        (None, ""),
        (0.0, "1970-01-01T00:00:00.000Z"),
        (1_795_333_825.1239, "2026-11-22T07:50:25.123Z"),
        (1_795_333_825.0, "2026-11-22T07:50:25.000Z"),
    ],
)
def test_instants_read_as_utc_to_the_millisecond(instant, text):
    assert iso(instant) == text


@given(
    st.lists(st.one_of(st.none(), st.integers(0, 4_000_000_000_000_000).map(lambda n: n / 1e6))),
    st.integers(1, 4),
)
def test_many_at_once_read_the_same(instants, times):
    """To the microsecond, in which clocks tell instants."""
    assert isos(instants * times) == [iso(each) for each in instants * times]


def test_a_wait_ends_at_once_when_the_event_is_set():
    event = threading.Event()
    event.set()
    began = time.monotonic()
    assert SystemClock().wait(event, 60)
    assert time.monotonic() - began < 5


def test_a_wait_for_less_than_nothing_is_no_error():
    assert SystemClock().wait(threading.Event(), -1) is False


def test_the_wall_clock_is_the_machines():
    assert abs(SystemClock().now() - time.time()) < 5
