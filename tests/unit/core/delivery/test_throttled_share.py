"""What a window of answers tells, and when a trial's cause is known."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sestui.core.delivery.throttled_share import OUTAGE, ShareWindow, Trial

COUNTS = st.integers(0, 1_000)


@given(accepted=COUNTS, throttled=COUNTS, seconds=st.floats(0.1, 60))
def test_a_windows_figures_belong_together(accepted, throttled, seconds):
    window = ShareWindow(accepted, throttled, seconds)
    assert window.answers == accepted + throttled
    assert window.offered * seconds == pytest.approx(accepted + throttled)
    assert window.goodput * seconds == pytest.approx(accepted)
    assert window.share * window.answers == pytest.approx(throttled)


def test_a_window_that_has_not_begun_has_counted_nothing():
    assert (
        ShareWindow().answers,
        ShareWindow().share,
        ShareWindow().seconds,
        ShareWindow().at,
    ) == (0, 0, 0, None)


@pytest.mark.parametrize(
    ("accepted", "throttled", "seconds", "full"),
    [(20, 0, 1.0, True), (0, 20, 1.0, True), (19, 0, 9.0, False), (900, 50, 0.99, False)],
)
def test_a_second_and_twenty_answers_are_enough_to_judge_by(accepted, throttled, seconds, full):
    assert ShareWindow(accepted, throttled, seconds).is_full is full


def test_a_share_that_is_met_exactly_is_no_deviation():
    assert ShareWindow(90, 10, 1).z_score(0.1, 1_000) == pytest.approx(0)


@pytest.mark.parametrize(("throttled", "z_score"), [(70, 4), (60, 2), (50, 0), (40, -2)])
def test_a_deviation_is_counted_in_standard_deviations(throttled, z_score):
    # Of 100 answers with a chance of a half: five, when the chance itself is known exactly.
    window = ShareWindow(100 - throttled, throttled, 1)
    assert window.z_score(0.5, 10**9) == pytest.approx(z_score, abs=1e-3)


def test_a_share_seen_in_as_few_answers_weighs_less():
    window = ShareWindow(40, 60, 1)
    assert window.z_score(0.5, 100) == pytest.approx(window.z_score(0.5, 10**9) / math.sqrt(2))


@pytest.mark.parametrize(("share", "taken_as"), [(0.0, 0.005), (1.0, 0.995)])
def test_what_has_never_been_seen_is_not_impossible(share, taken_as):
    window = ShareWindow(50, 50, 1)
    assert window.z_score(share, 100) == window.z_score(taken_as, 100)
    assert window.z_score(taken_as, 100) != window.z_score(0.5, 100)


# trials


def trial(**fields):
    return Trial(**{"limit": None, "share": 0.5, "goodput": 200.0, "answers": 400} | fields)


def test_a_trial_is_a_first_one_unless_it_is_said():
    assert not trial().second


@pytest.mark.parametrize(
    ("share", "window", "over"),
    [
        (OUTAGE, ShareWindow(5, 0, 1.0), True),
        (1.0, ShareWindow(60, 0, 5.0), True),
        (1.0, ShareWindow(4, 0, 5.0), False),  # too few
        (1.0, ShareWindow(5, 1, 5.0), False),  # not all of them
        (1.0, ShareWindow(5, 0, 0.9), False),  # too soon
        (0.89, ShareWindow(5, 0, 5.0), False),  # no outage: a full window has to tell
    ],
)
def test_an_outage_is_over_when_a_few_are_taken_and_none_throttled(share, window, over):
    assert trial(share=share).is_over(window) is over


@given(st.floats(0, 1), st.integers(1, 1_000), COUNTS, COUNTS)
def test_a_pooled_share_is_that_of_all_answers(share, answers, accepted, throttled):
    pooled = trial(share=share, answers=answers).pooled_share(ShareWindow(accepted, throttled, 1))
    assert pooled * (answers + accepted + throttled) == pytest.approx(share * answers + throttled)


def test_the_odds_are_those_of_the_two_causes():
    """Before: 400/s left, 200 were taken. Now 250/s leave, which a limit of 200 makes a fifth."""
    for accepted, throttled in [(10, 0), (0, 10), (125, 125), (200, 50)]:
        window = ShareWindow(accepted, throttled, (accepted + throttled) / 250)
        by_background = 0.5 ** (accepted + throttled)
        by_limit = 0.2**throttled * 0.8**accepted
        assert trial().log_odds(window) == pytest.approx(math.log(by_background / by_limit))


def test_the_share_that_came_is_the_likelier_one():
    assert trial().log_odds(ShareWindow(125, 125, 1)) > 0  # as before the cut: background
    assert trial().log_odds(ShareWindow(200, 50, 1)) < 0  # as under a limit


def test_a_cut_below_what_was_taken_makes_a_limit_unlikely_where_any_is_throttled():
    slow = ShareWindow(
        99, 1, 1
    )  # 100/s, and 200 were taken: a limit would throttle next to nothing
    assert trial(share=0.01).log_odds(slow) == pytest.approx(
        math.log(0.01 / 0.005) + 99 * math.log(0.99 / 0.995)
    )
