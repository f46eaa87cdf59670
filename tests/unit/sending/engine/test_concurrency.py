"""How much may be in flight: a window of rate x latency, counted behind the newest answer."""

import pytest

from sestui.sending.engine.concurrency import Backlog, ConcurrencyLimiter


def steady(rate: float, latency: float, most: int = 64) -> ConcurrencyLimiter:
    """A limiter that has seen many answers."""
    limiter = ConcurrencyLimiter(most)
    limiter.rate = rate
    for _ in range(300):
        limiter.answered(limiter.left(1), latency)
    return limiter


def fill(limiter: ConcurrencyLimiter, mails: int = 1) -> list[int]:
    numbers = []
    while limiter.room():
        numbers.append(limiter.left(mails))
    return numbers


@pytest.mark.parametrize(
    ("rate", "latency", "fewest", "most"),
    [(200, 0.08, 16, 21), (500, 0.08, 40, 47), (14, 0.08, 2, 4)],
)
def test_the_window_is_what_the_rate_needs_and_little_more(rate, latency, fewest, most):
    assert fewest <= len(fill(steady(rate, latency))) <= most


def test_it_begins_with_a_few_and_grows_with_each_answer():
    limiter = ConcurrencyLimiter(64)
    limiter.rate = 10_000
    first = fill(limiter)
    assert len(first) == 20
    for number in first:
        limiter.answered(number, 0.08)
    assert len(fill(limiter)) == 40


def test_a_call_that_others_have_overtaken_holds_nobody_up():
    limiter = steady(200, 0.08)
    hanging = limiter.left(1)
    for _ in range(500):
        assert limiter.room()
        limiter.answered(limiter.left(1), 0.08)
    assert limiter.unanswered == 0
    limiter.lost(hanging)
    assert limiter.unanswered == 0


def test_when_nothing_is_answered_no_more_than_a_window_leaves():
    limiter = steady(200, 0.08)
    assert len(fill(limiter)) <= 21
    assert not limiter.room()


def test_what_is_lost_makes_room():
    limiter = steady(200, 0.08)
    numbers = fill(limiter)
    limiter.lost(numbers[3])
    assert limiter.room()
    assert limiter.unanswered == len(numbers) - 1
    assert limiter.oldest == numbers[0]


def test_slow_answers_of_a_few_do_not_open_the_window_for_all():
    limiter = ConcurrencyLimiter(64)
    limiter.rate = 200
    for number in range(1_000):
        limiter.answered(limiter.left(1), 1.0 if number % 100 == 0 else 0.08)
    assert limiter.latency < 0.1


def test_bulk_calls_count_by_their_mails():
    limiter = steady(2_000, 0.1)
    limiter.left(50)
    calls = 1 + len(fill(limiter, 50))
    assert 200 <= calls * 50 <= 300


def test_narrowed_it_lets_one_leave_and_opens_again():
    limiter = steady(200, 0.08)
    limiter.reset()
    (number,) = fill(limiter)
    limiter.answered(number, 0.08)
    assert len(fill(limiter)) == 2


def test_never_more_calls_than_allowed():
    assert len(fill(steady(100_000, 1.0, most=8))) == 8


def test_where_the_machine_is_the_limit_less_is_claimed_ahead():
    backlog = Backlog()
    assert backlog.ahead(10_000, bulk=False) == 1_500
    for second in range(10):
        backlog.measure(second, 1_000 * second, backlog=True, rate=10_000)
    assert backlog.behind
    assert backlog.ahead(10_000, bulk=False) == 150


def measured(*leaving: float, rate: float = 1_000, backlog: bool = True, every: float = 1.0):
    """A backlog that saw so many mails leave in each of its measurements."""
    watched, total = Backlog(), 0.0
    watched.measure(50.0, 0, backlog=backlog, rate=rate)
    for number, mails in enumerate(leaving, 1):
        total += mails
        watched.measure(50.0 + number * every, round(total), backlog=backlog, rate=rate)
    return watched


@pytest.mark.parametrize(
    ("leaving", "behind"),
    [
        ((840,) * 4, True),
        ((850,) * 9, False),  # as fast as one may hope
        ((840,) * 3, False),  # not for long yet
        ((840, 840, 840, 900, 840, 840, 840), False),  # never for long
        ((900,) * 9 + (840,) * 4, True),
    ],
)
def test_less_than_is_allowed_for_a_while_is_behind(leaving, behind):
    assert measured(*leaving).behind is behind


def test_who_has_nothing_waiting_is_not_behind():
    assert not measured(*(10,) * 9, backlog=False).behind


def test_it_is_measured_over_half_a_second():
    assert measured(*(420,) * 4, every=0.5).behind
    assert not measured(*(350,) * 10, every=0.4).behind  # two of them make a measurement


@pytest.mark.parametrize(
    ("rate", "bulk", "ahead"),
    [(1_000, False, 150), (1_000, True, 150), (10, False, 16), (10, True, 100), (141, False, 22)],
)
def test_as_much_is_claimed_ahead_as_leaves_in_a_moment_and_some_calls_worth(rate, bulk, ahead):
    assert Backlog().ahead(rate, bulk=bulk) == ahead


def test_what_leaves_bounds_what_is_claimed_ahead_from_the_first_slow_measurement():
    assert measured(400).ahead(1_000, bulk=False) == 60
    assert measured(400, 900).ahead(1_000, bulk=False) == 150


def test_a_sender_that_keeps_up_is_not_behind():
    backlog = Backlog()
    for second in range(10):
        backlog.measure(second, 990 * second, backlog=True, rate=1_000)
    assert not backlog.behind


def test_a_few_answers_tell_the_latency():
    limiter = ConcurrencyLimiter(64)
    for _ in range(20):
        limiter.answered(limiter.left(1), 0.04)
    assert limiter.latency == pytest.approx(0.04, rel=0.15)
    limiter.answered(limiter.left(1), 0.15)  # and one of many moves it little
    assert limiter.latency == pytest.approx(0.05, rel=0.15)


def test_before_any_answer_it_reckons_with_a_usual_latency():
    limiter = ConcurrencyLimiter(64)
    limiter.rate = 60.0  # 0.15 s of it, and three more for what varies
    assert limiter.latency == 0.15
    assert limiter.calls == 12
    assert (limiter.unanswered, limiter.oldest, limiter.per_call) == (0, 0, 1)


@pytest.mark.parametrize(
    ("rate", "burst", "per_call", "calls"),
    [
        (100, 0, 1, 20),  # 16 and its root
        (100, 9, 1, 30),  # 25 and its root
        (0, 0, 1, 4),  # a few in any case
        (400, 0, 8, 9),  # 64 and 8 mails, in calls of 8
    ],
)
def test_there_is_room_for_what_is_in_flight_and_its_root(rate, burst, per_call, calls):
    limiter = steady(rate, 0.16)
    limiter.burst, limiter.per_call = burst, per_call
    assert limiter.calls == calls


def test_a_call_counts_by_its_mails_until_it_or_a_later_one_is_answered():
    limiter = steady(1_000, 0.1)
    first, second, third = (limiter.left(mails) for mails in (5, 7, 9))
    assert (limiter.unanswered, limiter.oldest, limiter.per_call) == (21, first, 9)
    limiter.answered(second, 0.1)
    assert (limiter.unanswered, limiter.oldest) == (9, third)
    assert not limiter.lost(first)  # it was overtaken
    assert limiter.lost(third)
    assert (limiter.unanswered, limiter.oldest) == (0, 0)


def test_the_first_answers_make_a_plain_average_and_later_ones_weigh_a_twentieth():
    limiter = ConcurrencyLimiter(64)
    limiter.answered(limiter.left(1), 0.05)
    assert limiter.latency == pytest.approx((0.15 + 0.05) / 2)
    limiter.answered(limiter.left(1), 0.04)
    assert limiter.latency == pytest.approx((0.15 + 0.05 + 0.04) / 3)
    limiter = steady(100, 0.1)
    limiter.answered(limiter.left(1), 0.3)
    assert limiter.latency == pytest.approx(0.1 + 0.2 / 20)
    limiter = steady(100, 0.1)
    limiter.answered(limiter.left(1), 60.0)  # counts as four times the usual
    assert limiter.latency == pytest.approx(0.1 + 0.3 / 20)
