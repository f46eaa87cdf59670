"""The brake on silence, instant by instant."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sestui.sending.engine.brake import QUIET_SECONDS, SILENCES_UNTIL_ASKED, Brake, May


def silenced(times: int, now: float = 0.0) -> Brake:
    brake = Brake()
    for _ in range(times):
        brake.no_answer(now, "Nothing came.")
    return brake


def test_everything_may_leave_while_answers_come():
    brake = Brake()
    for now in range(5):
        brake.accepted(now)
        assert brake.may(now) is May.SEND
    assert brake.since is None


def test_one_silence_holds_until_another_call_is_accepted():
    brake = silenced(1)
    assert brake.may(0.01) is May.NOTHING
    assert not brake.needs_account
    brake.accepted(0.02)
    assert brake.may(0.02) is May.SEND


def test_without_another_call_one_mail_tries_after_a_while():
    brake = silenced(1)
    assert brake.may(1.1) is May.PROBE
    brake.probe(1.1)
    assert brake.may(1.2) is May.NOTHING
    brake.accepted(1.3)
    assert brake.may(1.3) is May.SEND


def test_from_the_third_on_the_account_is_asked_and_no_mail():
    brake = silenced(SILENCES_UNTIL_ASKED)
    assert brake.needs_account
    for now in (1, 10, 1_000):
        assert brake.may(now) is May.NOTHING
    brake.account_answered(1_001)
    assert brake.may(1_001) is May.PROBE


def test_an_account_that_answered_before_the_silence_does_not_count():
    brake = Brake()
    brake.account_answered(5)
    for _ in range(SILENCES_UNTIL_ASKED):
        brake.no_answer(6, "Nothing came.")
    assert brake.may(100) is May.NOTHING


@pytest.mark.parametrize("begins", [0.0, 1_000.0])
def test_each_probe_that_is_lost_waits_longer_for_the_next(begins):
    brake, now, waits = silenced(SILENCES_UNTIL_ASKED, begins), begins, []
    for _ in range(40):
        brake.account_answered(now)
        began = now
        while brake.may(now) is not May.PROBE:
            now += 0.1
        waits.append(round(now - began, 1))
        brake.probe(now)
        brake.no_answer(now, "Nothing came.")
    assert waits[:5] == pytest.approx([1, 2, 4, 8, 8], abs=0.11)
    assert waits[-1] == pytest.approx(60, abs=0.2)
    # What it costs after its end is in proportion to the outage.
    for number in range(5, 40):
        assert waits[number] <= max(8, sum(waits[:number]) / 4) + 0.3


def test_calls_that_fail_together_are_one_step():
    together, alone = silenced(30), silenced(3)
    for brake in (together, alone):
        brake.account_answered(0.1)
    assert together.may(1.1) is alone.may(1.1) is May.PROBE


def test_another_readable_answer_ends_no_streak_and_lets_the_next_one_try():
    brake = silenced(SILENCES_UNTIL_ASKED)
    brake.account_answered(1)
    brake.probe(1)
    brake.answered(1.1)  # throttled, say
    assert brake.may(1.1) is May.PROBE
    assert brake.since is not None


def test_two_silences_ask_nobody_and_three_do():
    assert not silenced(2).needs_account
    assert silenced(2).may(1.0) is May.PROBE
    assert silenced(3).needs_account


def test_a_hold_ends_at_its_end_and_the_next_begins_there():
    brake = silenced(1)
    assert brake.may(0.99) is May.NOTHING
    assert brake.may(1.0) is May.PROBE
    brake.no_answer(1.0, "Nothing came.")
    assert brake.may(2.9) is May.NOTHING
    assert brake.may(3.0) is May.PROBE


def test_it_tells_since_when_and_why_until_all_is_well():
    brake = Brake()
    assert (brake.since, brake.reason) == (None, "")
    brake.no_answer(5, "Nothing came.")
    brake.no_answer(6, "A gateway answered.")
    assert (brake.since, brake.reason) == (5, "A gateway answered.")
    brake.accepted(7)
    assert (brake.since, brake.reason) == (None, "")
    brake.check_quiet(20, oldest_left=7.5, latency=2.0)
    assert (brake.since, brake.reason) == (20, "SES has not answered for 8 seconds.")


def look(brake: Brake, now: float, left: float | None) -> None:
    brake.check_quiet(now, oldest_left=left, latency=0.08)


def test_silence_is_noticed_long_before_the_calls_time_is_up():
    brake = Brake()
    brake.accepted(10)
    look(brake, 10 + QUIET_SECONDS, 10.05)
    assert brake.may(10 + QUIET_SECONDS) is May.SEND
    look(brake, 10.1 + QUIET_SECONDS, 10.05)
    assert brake.needs_account
    brake.account_answered(14)
    assert brake.may(14) is May.PROBE


def test_nothing_for_two_seconds_is_silence():
    brake = Brake()
    look(brake, 12.0, 10.0)
    assert brake.may(12.0) is May.SEND
    look(brake, 12.1, 10.0)
    assert brake.may(12.1) is May.NOTHING
    # SES is there after all, and nothing that left was lost.
    brake.answered(12.2)
    assert brake.may(12.2) is May.SEND


def test_a_late_answer_is_a_sign_too():
    brake = Brake()
    brake.answered_late(11.0)
    look(brake, 13.0, 10.0)
    assert brake.may(13.0) is May.SEND
    look(brake, 13.1, 10.0)
    assert brake.may(13.1) is May.NOTHING


def test_during_a_hold_nothing_is_expected_and_at_its_end_it_is():
    brake = silenced(1)
    look(brake, 0.9, -9.0)
    assert not brake.needs_account
    look(brake, 1.0, -9.0)
    assert brake.needs_account


def test_a_probe_that_hangs_is_followed_by_another_only_when_the_account_answers_again():
    brake = Brake()
    look(brake, 3, 0.0)
    brake.account_answered(3.1)
    assert brake.may(4.1) is May.PROBE
    brake.probe(4.1)
    look(brake, 6, 0.0)
    assert brake.may(6) is May.NOTHING
    assert not brake.needs_account  # it has its time
    look(brake, 6.2, 0.0)
    assert brake.needs_account
    assert brake.may(60) is May.NOTHING
    brake.account_answered(60)
    assert brake.may(60) is May.PROBE


def test_nothing_in_flight_is_no_silence():
    brake = Brake()
    look(brake, 1_000, None)
    assert brake.may(1_000) is May.SEND


def test_a_slow_account_is_given_its_time():
    brake = Brake()
    brake.accepted(0)
    brake.check_quiet(8.5, oldest_left=0.5, latency=2.0)
    assert brake.may(8.5) is May.SEND
    brake.check_quiet(8.6, oldest_left=0.5, latency=2.0)
    assert brake.may(8.6) is May.NOTHING


@given(st.lists(st.sampled_from(["accepted", "answered", "no_answer", "account", "probe", "look"])))
def test_an_accepted_mail_always_releases_it(steps):
    brake, now = Brake(), 0.0
    for step in steps:
        now += 0.3
        if step == "no_answer":
            brake.no_answer(now, "Nothing came.")
        elif step == "look":
            look(brake, now, now - 5)
        else:
            {
                "accepted": brake.accepted,
                "answered": brake.answered,
                "account": brake.account_answered,
                "probe": brake.probe,
            }[step](now)
    brake.accepted(now)
    assert (brake.may(now), brake.since, brake.needs_account) == (May.SEND, None, False)
