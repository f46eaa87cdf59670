"""Which calls mail goes by."""

import pytest

from sestui.sending.engine.batching import Batching, Mode
from sestui.sending.engine.concurrency import Backlog

CHEAP, COSTLY = 0.0005, 0.003


def auto(cost):
    return Batching(Mode.AUTO, lambda: cost)


def test_single_calls_as_long_as_a_processor_carries_them():
    assert not auto(CHEAP).is_bulk(200, 0)
    assert auto(COSTLY).is_bulk(200, 0)
    assert not auto(COSTLY).is_bulk(50, 0)  # too few a second to be worth it


def test_what_single_calls_did_not_carry_goes_by_bulk_calls_for_a_while():
    batching = auto(CHEAP)
    assert batching.is_bulk(200, 0, behind=True)
    assert batching.is_bulk(200, 59)
    assert not batching.is_bulk(200, 61)


def test_a_throttled_bulk_call_is_stepped_back_from_though_singles_are_behind():
    batching = auto(COSTLY)
    assert batching.is_bulk(200, 0)
    batching.step_back(0)
    assert not batching.is_bulk(200, 599, behind=True)
    assert batching.is_bulk(200, 601)


@pytest.mark.parametrize("mode", [Mode.SINGLE, Mode.BULK])
def test_who_chose_a_mode_gets_it(mode):
    batching = Batching(mode, lambda: COSTLY)
    batching.step_back(0)
    assert batching.is_bulk(1, 1, behind=True) is (mode is Mode.BULK)


def measure(watch, seconds, per_second, *, backlog, rate=100.0):
    for number in range(int(seconds / 0.5) + 1):
        at = number * 0.5
        watch.measure(at, int(at * per_second), backlog=backlog, rate=rate)


def test_behind_is_who_sends_less_than_allowed_for_longer_than_a_start_takes():
    cases = [(1.0, 50, True, False), (3.0, 50, True, True), (3.0, 98, True, False)]
    for seconds, per_second, backlog, behind in [*cases, (3.0, 50, False, False)]:
        watch = Backlog()
        measure(watch, seconds, per_second, backlog=backlog)
        assert watch.behind is behind, (seconds, per_second, backlog)
