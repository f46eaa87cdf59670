"""The rate under throttling: goodput in a simulation, and what no answers may do to it."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sestui.core.delivery.rate_control import RateControl
from tests.support.throttling import (
    BEGINS,
    OfTime,
    Sending,
    SimulatedSES,
    constant,
    phases,
)

NOW = BEGINS
SEEDS = range(1, 4)
PROCESSES = pytest.mark.parametrize("processes", [1, 4])
BURSTS = pytest.mark.parametrize("burst", [0, 1])


def simulate(
    seconds: float,
    *,
    seed: int = 1,
    told: float | OfTime = 400.0,
    left: float | OfTime | None = None,
    share: float | OfTime = 0.0,
    burst: float = 0.0,
    **sending: object,
) -> Sending:
    """Senders that were ``told`` a rate by an SES which leaves them some of it."""
    ses = SimulatedSES(
        random.Random(seed),
        None if left is None else _of_time(left),
        _of_time(share),
        burst,
    )
    senders = Sending(ses, _of_time(told), random.Random(seed + 100), **sending)  # type: ignore[arg-type] # named as there
    return senders.run(seconds)


def _of_time(value: float | OfTime) -> OfTime:
    return value if callable(value) else constant(value)


# a share at random, whatever the rate


@PROCESSES
@pytest.mark.parametrize(
    ("share", "goal"), [(0, 398), (0.001, 392), (0.01, 384), (0.02, 380), (0.1, 335), (0.3, 230)]
)
def test_calls_that_are_throttled_at_random_cost_little_more_than_themselves(
    share, goal, processes
):
    for seed in SEEDS:
        assert simulate(60, seed=seed, share=share, processes=processes).goodput() >= goal


@pytest.mark.parametrize("share", [0.01, 0.1, 0.3])
@pytest.mark.parametrize(("told", "seconds"), [(14, 480), (28, 240), (1_000, 30)])
def test_the_same_at_other_rates(told, seconds, share):
    sent = simulate(seconds, told=told, share=share)
    assert sent.goodput() >= 0.75 * told * (1 - share)


def test_a_share_that_changes_is_followed():
    sent = simulate(120, share=phases((30, 0.01), (30, 0.3), (30, 0.01), (30, 0.1)))
    assert sent.goodput() >= 0.93 * 400 * (1 - 0.105)
    drifting = simulate(120, share=lambda seconds: 0.3 * seconds / 120)
    assert drifting.goodput() >= 0.93 * 400 * 0.85


def test_what_is_tolerated_at_random_does_not_hide_a_limit_that_comes_later():
    sent = simulate(120, share=0.1, left=phases((60, 1_000), (60, 200)))
    assert sent.goodput(0, 60) >= 335
    assert sent.goodput(65) >= 175
    assert sent.throttled_share(65) <= 0.16


# a limit: other services use the account too


@PROCESSES
@BURSTS
def test_what_others_leave_is_used_and_little_is_throttled(burst, processes):
    for seed in SEEDS:
        sent = simulate(90, seed=seed, left=200, burst=burst, processes=processes)
        assert sent.goodput() >= 188
        assert sent.throttled_share() <= 0.04


@PROCESSES
@BURSTS
def test_a_limit_and_a_share_at_random(burst, processes):
    sent = simulate(60, left=200, share=0.05, burst=burst, processes=processes)
    assert sent.goodput() >= 175
    assert sent.throttled_share() <= 0.13


@PROCESSES
@BURSTS
def test_a_limit_that_comes_and_goes(burst, processes):
    for seed in SEEDS:
        left = phases((40, 400), (40, 100), (40, 400))
        sent = simulate(120, seed=seed, left=left, burst=burst, processes=processes)
        assert sent.goodput() >= 265
        assert sent.throttled_share() <= 0.04


@pytest.mark.parametrize("left", [0.1, 0.5, 0.9])
@pytest.mark.parametrize(("told", "seconds"), [(14, 900), (28, 240), (1_000, 60)])
def test_a_limit_at_other_rates(told, seconds, left):
    sent = simulate(seconds, told=told, left=told * left, burst=1)
    assert sent.goodput() >= 0.9 * told * left
    assert sent.throttled_share(seconds // 6) <= 0.1  # in the long run


def test_a_new_account_of_one_a_second_finds_its_share_too():
    sent = simulate(1_800, told=1, left=0.5, burst=1)
    assert sent.goodput() >= 0.45
    assert sent.throttled_share() <= 0.1


@pytest.mark.parametrize("drift", [(400, 100), (100, 400)])
def test_a_limit_that_drifts_is_followed(drift):
    first, last = drift
    sent = simulate(120, left=lambda seconds: first + (last - first) * seconds / 120)
    assert sent.goodput() >= 0.9 * 250
    assert sent.throttled_share() <= 0.06


@pytest.mark.parametrize("period", [5, 10, 20, 60])
def test_a_limit_that_swings_is_neither_hammered_nor_left_unused(period):
    sent = simulate(
        180, left=lambda seconds: 200 + 100 * math.sin(2 * math.pi * seconds / period), burst=0.2
    )
    assert sent.goodput() >= 110
    assert sent.throttled_share() <= 0.15


# outages


def test_five_seconds_in_which_everything_is_throttled_leave_no_trace():
    sent = simulate(120, share=lambda seconds: 1.0 if seconds % 30 > 25 else 0.0)
    assert sent.goodput() >= 0.85 * 400 * 25 / 30
    assert sent.throttled_share() <= 0.1  # of 17 % of the time


@pytest.mark.parametrize("told", [14, 400])
def test_half_a_minute_of_throttling_is_over_when_it_is_over(told):
    sent = simulate(120, told=told, share=phases((30, 0), (30, 1), (60, 0)))
    assert sent.goodput(0, 30) >= 0.98 * told
    assert sum(sent.throttled[32:60]) <= 0.3 * told * 28  # few are tried meanwhile
    assert sent.goodput(80) >= 0.98 * told


# latency, processes, demand


@pytest.mark.parametrize("latency", [1, 3])
def test_answers_may_take_their_time(latency):
    slow = {"latency": latency, "jitter": latency * 0.4}
    assert simulate(120, share=0.1, **slow).goodput(40) >= 0.93 * 360
    limited = simulate(180, left=200, burst=1, **slow)
    assert limited.goodput() >= 165
    assert limited.throttled_share() <= 0.1


def test_refusals_that_come_faster_than_acceptances_are_not_taken_for_all_of_them():
    """As with large mails, which SES refuses before it has read them."""
    control = RateControl(limit=300.0, since=NOW, background=0.1, proven=0.1, checked_at=NOW + 60)
    for tick in range(1, 80):
        at = NOW + tick * 0.05
        left_at = at - 1.0
        accepted = [left_at] * 14 if left_at > NOW else []
        control = control.observe(accepted, [at] * (1 + tick % 2), rate=400, now=at)
        assert control.allowed(400, at) >= 300
    assert control.allowed(400, at) > 300


def test_a_process_that_stops_takes_nothing_with_it():
    assert simulate(90, share=0.1, processes=2, stops_at=40).goodput() >= 335
    limited = simulate(90, left=200, processes=2, stops_at=40)
    assert limited.goodput() >= 188
    assert limited.throttled_share() <= 0.04


def test_a_run_that_is_slower_than_its_account_is_paced_by_what_is_accepted():
    sent = simulate(120, left=30, burst=1, demand=constant(50))
    assert sent.goodput() >= 28
    assert sent.throttled_share() <= 0.06
    tolerant = simulate(120, share=0.1, demand=constant(50))
    assert tolerant.goodput() >= 0.93 * 45


# what SES says of the account


@pytest.mark.parametrize(("before", "after"), [(14, 28), (28, 14)])
def test_a_rate_that_ses_changes_is_followed(before, after):
    told = phases((60, before), (60, after))
    sent = simulate(120, told=told, left=lambda seconds: told(seconds) * 1.05, burst=1)
    assert sent.goodput(0, 60) >= 0.98 * before
    assert sent.goodput(62) >= 0.98 * after
    assert sent.throttled_share() <= 0.01


def test_a_limit_is_a_rate_and_no_share_of_what_ses_tells():
    limited = RateControl(limit=10.0, since=NOW)
    assert limited.allowed(14, NOW) == 10
    assert limited.allowed(28, NOW) == 10
    assert limited.allowed(5, NOW) == 5
    assert limited.allowed(0, NOW) == 0


# time


def limited(at: float = NOW) -> RateControl:
    """100 of 400 are left, found out a moment ago."""
    return RateControl(limit=100.0, since=at, ceiling=100.0)


def test_an_old_limit_is_forgotten_bit_by_bit_while_nobody_sends():
    found = [limited().allowed(400, NOW + seconds) for seconds in (0, 5, 60, 120, 320, 3_600)]
    assert found[:2] == [100, 100]
    assert found == sorted(found)
    assert 130 < found[2] < found[3] < 250
    assert found[4:] == [400, 400]


def test_what_was_found_an_hour_ago_says_nothing_of_the_next_run():
    old, now = limited(), NOW + 3_600.0
    assert old.observe([now] * 30, [], rate=400, now=now + 1).allowed(400, now + 1) == 400


@pytest.mark.parametrize("seconds", [60, 3_600])
def test_a_wall_clock_that_is_set_back_stops_nothing(seconds):
    now = NOW - seconds
    assert limited().allowed(400, now) == 400
    control = limited()
    for tick in range(1, 60):
        at = now + tick * 0.05
        control = control.observe([at] * 5, [at] * 15, rate=400, now=at)
    assert control.allowed(400, at) < 300


def test_a_wall_clock_that_is_set_back_a_little_forgets_nothing():
    assert limited().allowed(400, NOW - 5) == 100


def test_a_pause_within_a_window_is_no_slow_second():
    """Two bursts of 100 in half a second, a minute apart: SES took 100 and 100, not 3 a second."""
    control, at = RateControl(), NOW
    for _ in range(2):
        for _ in range(10):
            at += 0.05
            control = control.observe([at] * 9, [at] * 1, rate=400, now=at)
        at += 60
    assert control.allowed(400, at) >= 150


# what doesn't count


def test_answers_to_calls_of_before_a_change_say_nothing_of_it():
    control = limited()
    for tick in range(1, 40):
        at = NOW + tick * 0.05
        control = control.observe([NOW - 1] * 5, [NOW - 1] * 20, rate=400, now=at)
    assert control == limited()


def test_nothing_is_kept_where_nothing_is_throttled():
    fresh = RateControl()
    assert fresh.observe([NOW] * 100, [], rate=400, now=NOW) is fresh
    assert fresh.as_dict() == {}
    assert fresh.is_quiet


def test_a_single_throttle_answer_changes_no_rate_and_is_soon_forgotten():
    control = RateControl().observe([NOW] * 20, [NOW], rate=400, now=NOW)
    assert not control.is_quiet
    for tick in range(1, 40):
        at = NOW + tick * 0.05
        control = control.observe([at] * 20, [], rate=400, now=at)
        assert control.allowed(400, at) == 400
    assert control.is_quiet


# whatever comes

BATCHES = st.lists(
    st.tuples(
        st.floats(-30, 120) | st.floats(0, 0.2),  # seconds since the one before
        st.integers(0, 60),
        st.integers(0, 60),
        st.floats(0, 5),  # since the claims
    ),
    max_size=60,
)


@given(batches=BATCHES, rates=st.lists(st.floats(0.01, 10_000), min_size=1, max_size=4))
def test_the_rate_stays_within_its_bounds_and_survives_being_kept(batches, rates):
    control, now = RateControl(), NOW
    for index, (passes, accepted, throttled, ago) in enumerate(batches):
        now += passes
        rate = rates[index % len(rates)]
        control = control.observe(
            [now - ago] * accepted, [now - ago] * throttled, rate=rate, now=now
        )
        allowed = control.allowed(rate, now)
        assert 0 < allowed <= rate
        assert 0 <= control.background < 1
        assert 0 < control.step < math.inf
        assert RateControl.from_dict(control.as_dict()) == control


@given(batches=BATCHES, rate=st.floats(0.5, 5_000))
def test_whatever_came_before_a_minute_without_throttling_brings_the_rate_back(batches, rate):
    control, now = RateControl(), NOW
    for passes, accepted, throttled, ago in batches:
        now += passes
        control = control.observe(
            [now - ago] * accepted, [now - ago] * throttled, rate=rate, now=now
        )
    ends = now + max(120.0, 2_400 / rate)
    while now < ends:
        sent = max(1, round(0.05 * control.allowed(rate, now)))
        now += sent / control.allowed(rate, now)
        control = control.observe([now - 0.01] * sent, [], rate=rate, now=now)
    assert control.allowed(rate, now) == rate
