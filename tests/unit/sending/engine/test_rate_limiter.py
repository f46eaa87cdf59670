"""The rate limiter, on a clock that moves only when somebody waits."""

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sestui.core.delivery.pacing import PACE
from sestui.sending.engine.rate_limiter import STALE_SECONDS, RateLimiter
from tests.support.clocks import FakeClock


def busiest_second(passes: list[tuple[float, int]]) -> int:
    """The most mails within any second that is open at its end."""
    return max(
        sum(mails for at, mails in passes[index:] if at < start + 1.0 - 1e-9)
        for index, (start, _) in enumerate(passes)
    )


class Gate:
    """Waits as long as the limiter says, and leaves."""

    def __init__(self, clock):
        self.clock = clock
        self.limiter = RateLimiter()

    def pass_at(self, slot, rate, mails=1, *, shared=False):
        while True:
            now = self.clock.monotonic()
            wait = self.limiter.wait(now, slot, rate, mails, shared=shared)
            if wait is None:
                return False
            if wait == 0:
                self.limiter.leave(now, rate, mails)
                return True
            self.clock.advance(wait)

    @property
    def passed(self):
        return self.limiter.passed


def passed(gate, clock, slots, rate, mails=1):
    return [(clock.monotonic(), mails) for slot in slots if gate.pass_at(slot, rate, mails)]


@given(
    rate=st.floats(1, 60),
    delays=st.lists(st.floats(0, 3).map(lambda delay: delay**3 / 9), min_size=5, max_size=120),
)
def test_no_second_carries_more_than_the_rate_however_late_mails_come(rate, delays):
    """Slots are even; each mail may reach the gate late, as on a machine that has other work."""
    clock = FakeClock()
    gate = Gate(clock)
    begin = clock.monotonic()
    passes = []
    for index, delay in enumerate(delays):
        slot = begin + index / rate
        clock.advance(max(0.0, slot + delay - clock.monotonic()))
        if gate.pass_at(slot, rate):
            passes.append((clock.monotonic(), 1))
    assert passes
    assert busiest_second(passes) <= int(rate)


@given(sizes=st.lists(st.integers(1, 50), min_size=3, max_size=40), late=st.floats(0, 2))
def test_bulk_calls_count_by_their_mails(sizes, late):
    clock = FakeClock()
    gate = Gate(clock)
    slot = clock.monotonic()
    clock.advance(late)
    passes = []
    for size in sizes:
        if gate.pass_at(slot, 100, size):
            passes.append((clock.monotonic(), size))
        slot += size / 100
    assert busiest_second(passes) <= 100


@pytest.mark.parametrize("rate", [1, 14, 28, 200])
def test_mails_on_time_pass_at_their_slots(rate):
    clock = FakeClock()
    slots = [clock.monotonic() + index / (rate * 0.998) for index in range(rate * 5)]
    passes = passed(Gate(clock), clock, slots, rate)
    assert [at for at, _ in passes] == pytest.approx(slots, abs=0.002)


def test_nothing_passes_before_its_slot():
    clock = FakeClock()
    slot = clock.monotonic() + 7.5
    assert Gate(clock).pass_at(slot, 10)
    assert clock.monotonic() == slot


def test_a_rate_below_one_still_lets_mails_pass():
    clock = FakeClock()
    slots = [clock.monotonic() + 4 * index for index in range(5)]
    passes = passed(Gate(clock), clock, slots, 0.25)
    assert [after - before for (before, _), (after, _) in pairwise(passes)] == [4, 4, 4, 4]


def test_a_call_larger_than_the_rate_passes_alone():
    clock = FakeClock()
    gate = Gate(clock)
    assert gate.pass_at(clock.monotonic(), 10, 25)
    first = clock.monotonic()
    assert gate.pass_at(first, 10, 25)
    assert clock.monotonic() >= first + 1.0


def test_who_stood_still_for_too_long_may_not_leave():
    clock = FakeClock()
    slot = clock.monotonic()
    clock.advance(STALE_SECONDS + 0.1)
    assert not Gate(clock).pass_at(slot, 10)


def test_who_is_a_little_late_may():
    clock = FakeClock()
    slot = clock.monotonic()
    clock.advance(STALE_SECONDS - 0.1)
    assert Gate(clock).pass_at(slot, 10)


# to the millisecond


def test_stale_is_what_is_more_than_fifteen_seconds_late():
    assert RateLimiter().wait(1_015.0, 1_000.0, 10) == 0
    assert RateLimiter().wait(1_015.1, 1_000.0, 10) is None


@pytest.mark.parametrize(("rate", "mails"), [(10, 1), (100, 1), (100, 25)])
def test_the_next_one_keeps_its_distance_but_for_a_moment(rate, mails):
    limiter = RateLimiter()
    for now in (1_000.0, 1_010.0):
        assert limiter.wait(now, now, rate, mails) == 0
        limiter.leave(now, rate, mails)
        assert limiter.wait(now, now, rate) == pytest.approx(mails / rate - 0.005)
    assert limiter.passed == 2 * mails


def ten_in_a_burst():
    """Ten mails that left while the rate was higher."""
    limiter = RateLimiter()
    for number in range(10):
        limiter.leave(1_000 + number / 100, 1_000, 1)
    return limiter


@pytest.mark.parametrize(("rate", "free_at"), [(10, 1_001.0), (7, 1_001.03), (10.9, 1_001.0)])
def test_when_the_second_is_full_the_next_waits_for_the_oldest_to_be_out_of_it(rate, free_at):
    assert ten_in_a_burst().wait(1_000.5, 1_000.5, rate) == pytest.approx(free_at - 1_000.5)
    assert ten_in_a_burst().wait(free_at + 1e-6, 1_000.5, rate) == 0


def test_a_second_is_a_little_longer_for_bulk_calls():
    wait = ten_in_a_burst().wait(1_000.5, 1_000.5, 10, 3)
    assert wait == pytest.approx(1_000.02 + 1.002 - 1_000.5)


@pytest.mark.parametrize(
    ("rate", "good_for"), [(10, 0.02), (100, 0.02), (500, 0.004), (1_000, 0.003), (5_000, 0.003)]
)
def test_between_others_a_slot_is_good_for_a_moment(rate, good_for):
    limiter = RateLimiter()
    # There is none: look again after that moment.
    assert limiter.wait(1_000.0, 1_000.0, rate, shared=True) == good_for
    limiter.grant(1_000.0, 1)
    assert limiter.wait(1_000 + 0.9 * good_for, 1_000.0, rate, shared=True) == 0
    assert limiter.wait(1_000 + 1.1 * good_for, 1_000.0, rate, shared=True) == good_for


def test_a_mail_that_leaves_uses_the_slot_that_has_come_and_none_that_is_ahead():
    limiter = RateLimiter()
    limiter.grant(1_000.0, 1)
    limiter.grant(1_000.1, 1)
    limiter.leave(999.9, 1_000, 1)
    assert limiter.wait(1_000.0, 999.9, 1_000, shared=True) == 0
    limiter.leave(1_000.0, 1_000, 1)
    assert limiter.wait(1_000.05, 1_000.0, 1_000, shared=True) == pytest.approx(0.05)


@pytest.mark.parametrize(("late", "another"), [(0.24, False), (0.26, True)])
def test_a_quarter_of_a_second_between_others_is_much_too_late(late, another):
    limiter = RateLimiter()
    limiter.leave(1_000.0, 100, 1)
    assert (limiter.wait(1_000 + late, 1_000.0, 100, shared=True) is None) is another
    assert limiter.wait(1_000 + late, 1_000.0, 100) == 0
    # Unless nothing else has left for a second.
    assert RateLimiter().wait(1_000 + late, 1_000.0, 100, shared=True) is not None


# several processes


def test_who_misses_a_slot_takes_the_next_one():
    limiter = RateLimiter()
    for number in range(10):
        limiter.grant(1_000 + number / 100, 1)
    now = 1_000.043  # five slots have come; of the last 20 milliseconds are two
    for slot in (1_000.0, 1_000.01):
        assert limiter.wait(now, slot, 150, shared=True) <= 1 / 150
        limiter.leave(now, 150, 1)
    assert limiter.wait(now + 0.0069, 1_000.02, 150, shared=True) == pytest.approx(0.0014, abs=2e-4)
    assert limiter.wait(now + 0.009, 1_000.02, 150) == 0  # alone, it may leave


def test_lateness_of_more_than_a_moment_is_not_made_good_in_a_burst():
    clock = FakeClock()
    gate = Gate(clock)
    begin = clock.monotonic()
    slots = [begin + number / 99.8 for number in range(300)]
    clock.advance(0.5)  # a stall
    passes = passed(gate, clock, slots, 100)
    gaps = [after - before for (before, _), (after, _) in pairwise(passes)]
    assert max(gaps) < 0.02
    assert busiest_second(passes) <= 101


def test_who_is_much_too_late_gets_another_slot():
    limiter = RateLimiter()
    limiter.grant(1_000.0, 1)
    limiter.grant(1_000.1, 1)
    limiter.leave(1_000.0, 100, 1)
    assert limiter.wait(1_000.5, 1_000.1, 100, shared=True) is None


def test_bulk_calls_take_slots_of_their_size():
    limiter = RateLimiter()
    for number, size in enumerate((12, 13, 12)):
        limiter.grant(1_000 + number / 40, size)
    assert limiter.wait(1_000.026, 1_000.0, 500, 12, shared=True) == 0
    limiter.leave(1_000.026, 500, 12)
    assert limiter.wait(1_000.051, 1_000.025, 500, 13, shared=True) == 0
    assert limiter.wait(1_000.051, 1_000.025, 500, 14, shared=True) > 0


STALLS = st.lists(
    st.tuples(st.integers(0, 3), st.floats(0, 1).map(lambda s: s**3)), min_size=1, max_size=12
)


def in_turn(rate, seconds, stalls, jitter):
    """Four processes that have slots in turn; when their mails leave, together."""
    clocks = [FakeClock() for _ in range(4)]
    gates = [Gate(clock) for clock in clocks]
    begin, gap = clocks[0].monotonic(), 1 / (rate * PACE)
    count = round(rate * seconds)
    for number in range(count):
        gates[number % 4].limiter.grant(begin + number * gap, 1)
    passes = []
    for number in range(count):
        who, slot = number % 4, begin + number * gap
        while stalls and slot > begin + len(stalls) / 3:
            sleeper, seconds = stalls.pop()
            clocks[sleeper].advance(seconds)
        clocks[who].advance(max(0.0, slot + jitter.uniform(0, 0.002) - clocks[who].monotonic()))
        if gates[who].pass_at(slot, rate, shared=True):
            passes.append((clocks[who].monotonic(), 1))
    return passes


@pytest.mark.long
@pytest.mark.ci
@given(rate=st.integers(4, 500), stalls=STALLS, seed=st.integers(0, 2**32))
def test_four_processes_never_crowd_a_second_however_they_stall(rate, stalls, seed):
    passes = in_turn(rate, 5, stalls, random.Random(seed))
    # One more for each process that is late as the second begins.
    assert busiest_second(sorted(passes)) <= rate + 4


@pytest.mark.long
@pytest.mark.ci
@pytest.mark.parametrize("rate", [14, 100, 500])
def test_four_processes_that_do_not_stall_use_every_slot(rate):
    passes = in_turn(rate, 20, [], random.Random(1))
    assert len(passes) == rate * 20
    assert busiest_second(sorted(passes)) <= rate + 1


@pytest.mark.parametrize("late", [0.5, 1.0, 10.0])
def test_a_machine_that_is_always_late_still_sends(late):
    clock = FakeClock()
    gate = Gate(clock)
    for _ in range(200):
        slot = clock.monotonic()
        clock.advance(late)
        gate.limiter.grant(slot, 1)
        gate.pass_at(slot, 1_000, shared=True)
    assert gate.passed >= 90
