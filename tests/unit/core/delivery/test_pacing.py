import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sestui.core.delivery.account import QuotaRule, WarmUp
from sestui.core.delivery.pacing import (
    BULK_PACE,
    CHUNK_SECONDS,
    CLAIM_AHEAD_SECONDS,
    FURTHEST_RETRY,
    NO_RATE,
    PACE,
    SHARED_CLAIM_AHEAD_SECONDS,
    SHARED_LEAD_SECONDS,
    AllowedRate,
    Pace,
    Quota,
    Reservation,
    backoff,
    chunk_size,
    line_seconds,
    quota,
)

NOW = 1_800_000_000.0
RATES = st.floats(0.05, 5_000)
COUNTS = st.integers(1, 500)
OFFSETS = st.floats(-3_600, 29)
TIGHT = 1e-5  # what a float loses at 1.8e9


# slots


@given(rate=RATES, count=COUNTS, offset=OFFSETS)
def test_slots_are_even_and_never_before_now_or_the_arrival_time(rate, count, offset):
    slots = Pace(tat=NOW + offset, rate=rate).reserve(count, NOW)
    assert slots.start >= max(NOW, NOW + offset) - TIGHT
    instants = [slots.slot(index) for index in range(count)]
    for before, after in pairwise(instants):
        assert after - before == pytest.approx(1 / rate, abs=TIGHT)
    assert slots.end == pytest.approx(instants[-1] + 1 / rate, abs=TIGHT)


@given(rate=RATES, steps=st.lists(st.tuples(COUNTS, st.floats(0, 5)), min_size=1, max_size=12))
def test_reservations_one_after_another_never_overlap(rate, steps):
    tat, now, ends = 0.0, NOW, -math.inf
    for most, passes in steps:
        now += passes
        count = min(most, chunk_size(rate))
        pace = Pace(tat=tat, rate=rate)
        opens_at = pace.opens_at(now)
        if opens_at > now + 1:  # the ledger gives no slots that far ahead
            continue
        slots = pace.reserve(count, now)
        assert slots.start >= ends - TIGHT
        tat = pace.tat_after(slots)
        ends = slots.end
        assert tat >= slots.end - TIGHT  # it leaves no less room than it took


@given(rate=st.floats(1, 500), counts=st.lists(st.integers(1, 25), min_size=2, max_size=30))
def test_no_second_carries_more_than_the_rate(rate, counts):
    tat, instants = 0.0, []
    for count in counts:
        pace = Pace(tat=tat, rate=rate)
        slots = Reservation(max(NOW, tat), 1 / rate, count)
        assert pace.opens_at(slots.start) == slots.start
        instants += [slots.slot(index) for index in range(count)]
        tat = pace.tat_after(slots)
    for index, first in enumerate(instants):
        within = sum(1 for later in instants[index:] if later - first < 1 - TIGHT)
        assert within <= math.ceil(rate)


@given(ahead=st.floats(31, 1e6), rate=st.floats(0.5, 5_000))
def test_a_wall_clock_set_back_is_recovered_from_at_once(ahead, rate):
    assert Pace(tat=NOW + ahead, rate=rate).opens_at(NOW) == NOW


def test_a_slow_rate_may_have_its_next_slot_far_ahead():
    pace = Pace(tat=NOW + 60, rate=1 / 60)
    assert pace.opens_at(NOW) == NOW + 60


@given(ahead=st.floats(31, 1e6))
def test_a_runs_own_arrival_time_recovers_without_losing_the_accounts(ahead):
    pace = Pace(tat=NOW + 2, rate=10, run_tat=NOW + ahead, run_rate=5)
    assert pace.opens_at(NOW) == NOW + 2


@pytest.mark.parametrize(("rate", "run_rate"), [(0, None), (10, 0), (0, 5)])
def test_a_rate_of_zero_lets_nothing_leave(rate, run_rate):
    pace = Pace(tat=0, rate=rate, run_rate=run_rate)
    assert pace.opens_at(NOW) is None
    with pytest.raises(ValueError, match="rate of zero"):
        pace.reserve(1, NOW)


# a run with a rate of its own


@given(rate=st.floats(1, 1_000), share=st.floats(0.01, 0.99), count=st.integers(1, 100))
def test_a_slow_run_leaves_the_rest_of_the_rate_to_others(rate, share, count):
    pace = Pace(tat=NOW, rate=rate, run_tat=NOW, run_rate=rate * share)
    slots = pace.reserve(count, NOW)
    assert slots.interval == pytest.approx(1 / (rate * share))
    assert pace.tat_after(slots) - NOW == pytest.approx(count / rate, abs=TIGHT)
    assert slots.end - NOW == pytest.approx(count / (rate * share), abs=TIGHT)


@given(run_ahead=st.floats(0, 29), ahead=st.floats(-60, 29), run_rate=st.floats(0.5, 5))
def test_a_run_waits_for_its_own_arrival_time_and_for_the_accounts(run_ahead, ahead, run_rate):
    pace = Pace(tat=NOW + ahead, rate=10, run_tat=NOW + run_ahead, run_rate=run_rate)
    assert pace.opens_at(NOW) == max(NOW + run_ahead, NOW + ahead)
    assert pace.reserve(1, NOW).start == pace.opens_at(NOW)


@given(rate=RATES, more=st.floats(1, 100))
def test_a_run_may_not_be_faster_than_its_account(rate, more):
    assert Pace(tat=0, rate=rate, run_rate=rate * more).allowed == rate


@given(st.floats(0, 100_000))
def test_a_chunk_is_at_most_an_eighth_of_a_second_or_one(rate):
    assert 1 <= chunk_size(rate) <= max(1, rate / 8)


@pytest.mark.parametrize(("rate", "chunk"), [(0.5, 1), (20, 1), (21, 2), (100, 5), (1_000, 50)])
def test_a_chunk_is_a_twentieth_of_a_second(rate, chunk):
    assert chunk_size(rate) == chunk


def test_a_little_less_than_the_rate_is_scheduled_and_no_more_of_bulk_calls():
    assert 0.995 <= BULK_PACE <= PACE < 1


def test_what_a_kill_may_leave_in_doubt_is_under_a_quarter_of_a_second():
    """One chunk waits, claimed ahead of the one in flight, and one is answered and not written."""
    assert 2 * CHUNK_SECONDS + SHARED_CLAIM_AHEAD_SECONDS < 0.25
    assert 2 * CHUNK_SECONDS + CLAIM_AHEAD_SECONDS < 0.25
    assert SHARED_LEAD_SECONDS < SHARED_CLAIM_AHEAD_SECONDS


def test_a_process_that_claims_alone_has_no_more_than_one_chunk_waiting():
    assert CLAIM_AHEAD_SECONDS <= CHUNK_SECONDS


@pytest.mark.parametrize(
    ("rate", "ahead", "opens"),
    [(10, 30, 30), (10, 30.1, 0), (0.1, 100, 100), (0.1, 100.1, 0), (10, -1, 0)],
)
def test_an_arrival_time_is_believed_up_to_half_a_minute_or_ten_mails_ahead(rate, ahead, opens):
    assert Pace(tat=NOW + ahead, rate=rate).opens_at(NOW) == NOW + opens


@pytest.mark.parametrize(
    ("attempt", "seconds"), [(1, 1), (2, 2), (3, 4), (9, 256), (10, 300), (5_000, 300)]
)
def test_a_backoff_doubles_up_to_five_minutes(attempt, seconds):
    assert backoff(attempt) == seconds
    assert backoff(attempt) < FURTHEST_RETRY


def test_a_retry_due_later_than_twice_the_longest_backoff_shows_a_clock_set_back():
    assert 2 * backoff(1_000) == FURTHEST_RETRY


@pytest.mark.parametrize(
    ("size", "seconds"), [(0, 0), (500_000, 0), (500_100, 0.001), (600_000, 1), (10_500_000, 100)]
)
def test_a_long_call_may_be_on_its_way_as_long_as_a_slow_line_takes(size, seconds):
    assert line_seconds(size) == pytest.approx(seconds, rel=1e-9)


# quota


@pytest.mark.parametrize(
    ("maximum", "usage", "sent", "taken", "left"),
    [
        (100, 0.8, 0, 0, 80),
        (100, 0.8, 79, 0, 1),
        (100, 0.8, 0, 80, 0),
        (100, 0.8, 50, 30, 0),
        (100, 0.8, 50, 29, 1),
        (100, 0.8, 95, 0, 0),
        (50_000, 0.8, 15_314, 0, 24_686),
        (200, 1.0, 0, 199, 1),
        (200, 1.0, 0, 0, 200),
        (10, 0.29, 0, 0, 2),
        (100, 0.29, 0, 28, 1),  # 100 × 0.29 is 28.999999999999996 to a float
        (100, 0.07, 0, 0, 7),
        (100, 0.8, 10, -5, 70),
    ],
)
def test_the_quota_is_exact_at_its_limit(maximum, usage, sent, taken, left):
    found = quota(
        QuotaRule(usage),
        NOW,
        max_24_hour_send=maximum,
        sent_24_hours=sent,
        taken_since_look=taken,
    )
    assert found.left == left


@given(
    maximum=st.integers(0, 10**7),
    percent=st.integers(1, 100),
    sent=st.integers(0, 10**7),
    taken=st.integers(0, 10**6),
)
def test_the_quota_left_is_whole_percent_arithmetic(maximum, percent, sent, taken):
    found = quota(
        QuotaRule(percent / 100),
        NOW,
        max_24_hour_send=maximum,
        sent_24_hours=sent,
        taken_since_look=taken,
    )
    assert found.left == max(0, maximum * percent // 100 - sent - taken)


@given(used=st.floats(0, 1e9))
def test_unlimited_stays_unlimited(used):
    found = quota(QuotaRule(), NOW, max_24_hour_send=-1, sent_24_hours=used, taken_since_look=0)
    assert found == Quota(-1, None, used)
    assert found.left is None


def test_a_warm_up_grows_by_its_factor_a_day_and_never_beyond_the_share():
    rule = QuotaRule(0.8, WarmUp(start=NOW, volume=200, factor=1.5))
    day = 86_400
    assert rule.limit(50_000, NOW - 5) == 200
    assert rule.limit(50_000, NOW + day - 1) == 200
    assert rule.limit(50_000, NOW + day) == 300
    assert rule.limit(50_000, NOW + 2 * day) == 450
    assert rule.limit(50_000, NOW + 30 * day) == 40_000
    assert rule.limit(-1, NOW + 2 * day) == 450


# backoff, and what is said of the rate


def test_backoff_doubles_to_five_minutes():
    assert [backoff(n) for n in range(1, 12)] == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]
    assert backoff(10**9) == 300


def test_before_the_first_look_nothing_leaves_and_nothing_is_said_of_throttling():
    assert (NO_RATE.rate, NO_RATE.sentence()) == (0, "")


def test_what_throttling_leaves_is_said_only_when_it_cuts():
    assert AllowedRate(14.0) == AllowedRate(14.0, 1.0)
    assert AllowedRate(14.0).sentence() == ""
    cut = AllowedRate(7.0, 0.5)
    assert cut.sentence() == "7.0 a second: SES throttled, 50 % of its rate is left"
    assert cut.within(None) == cut
    assert cut.within(5.0) == AllowedRate(5.0, 0.5)
    assert cut.within(20.0) == cut
