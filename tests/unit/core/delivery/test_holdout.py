import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sestui.core.delivery.holdout import (
    holdout_sentence,
    holdout_share,
    holdout_text,
    is_held_out,
)
from sestui.errors import UsageError

PEOPLE = 2_000
HELD_OUT = [24, 28]
shares = st.sampled_from([0.01, 0.05, 0.2, 0.5])
ids = st.integers(1, 2**40)


def within(found, people, share):
    """Whether so many are what chance gives, but for once in a billion."""
    return abs(found - people * share) <= 6.1 * math.sqrt(people * share * (1 - share)) + 1


@settings(max_examples=30)
@given(ids, ids, st.integers(1, 1_000), shares)
def test_the_share_is_right_whoever_is_mailed(campaign, first, step, share):
    out = sum(is_held_out(campaign, first + step * each, share) for each in range(PEOPLE))
    assert within(out, PEOPLE, share)


@settings(max_examples=30)
@given(ids, ids, ids, shares, shares)
def test_sides_in_two_campaigns_have_nothing_to_do_with_each_other(one, other, first, a, b):
    if one == other:
        return
    people = range(first, first + PEOPLE)
    both = sum(is_held_out(one, each, a) and is_held_out(other, each, b) for each in people)
    assert within(both, PEOPLE, a * b)


@given(ids, ids, shares, shares)
def test_who_is_held_out_is_so_at_every_larger_share(campaign, contact, a, b):
    less, more = sorted((a, b))
    assert is_held_out(campaign, contact, less) <= is_held_out(campaign, contact, more)


def test_the_sides_are_the_same_in_every_version():
    assert [each for each in range(1, 100) if is_held_out(7, each, 0.05)] == HELD_OUT
    assert not any(is_held_out(7, each, 0.0) for each in range(1_000))


@pytest.mark.parametrize(
    ("text", "usual", "share"),
    [("5%", "5%", 0.05), (" 05.50 % ", "5.5%", 0.055), ("0.125%", "0.125%", 0.00125)],
)
def test_a_share_is_a_percentage(text, usual, share):
    assert holdout_text(text) == usual
    assert holdout_share(usual) == pytest.approx(share)
    assert holdout_sentence(usual).startswith(f"{usual} of the recipients")


@pytest.mark.parametrize("text", ["5", "0%", "0.0%", "100%", "-5%", "0.05", "five%", "5%%", "%"])
def test_what_is_no_share_says_what_one_is(text):
    with pytest.raises(UsageError, match=r"as in 5% or 0\.5%"):
        holdout_text(text)


def test_no_holdout_says_nothing():
    assert (holdout_sentence(""), holdout_share("")) == ("", 0.0)
