"""How much may be in the air: a window of rate x latency, counted behind the newest answer."""

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
    limiter.narrow()
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
