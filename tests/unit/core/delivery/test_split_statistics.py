"""Winners of splits: how often chance alone makes one, and that a better subject is found."""

from bisect import bisect
from itertools import accumulate, permutations
from math import comb
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sestui.core.delivery.split_statistics import (
    FALSE_WINNERS,
    VariantClicks,
    chance_of_lead,
    verdict,
    wilson,
)


def chances(size, rate):
    """The binomial distribution: the chance of each number of clicks."""
    return [comb(size, k) * rate**k * (1 - rate) ** (size - k) for k in range(size + 1)]


def variants(*clicks, sizes=None):
    sizes = sizes or [1_000] * len(clicks)
    return [VariantClicks(*each) for each in zip("ABCDE", sizes, clicks, strict=False)]


def share_of_winners(rates, sizes, *, rounds, seed=17):
    """How often each variant wins, of simulated splits."""
    random, wins = Random(seed), dict.fromkeys(["", *"ABCDE"], 0)
    tables = [
        list(accumulate(chances(size, rate))) for rate, size in zip(rates, sizes, strict=True)
    ]
    for _ in range(rounds):
        clicks = [min(bisect(table, random.random()), len(table) - 1) for table in tables]
        wins[verdict(variants(*clicks, sizes=sizes)).winner] += 1
    return {letter: count / rounds for letter, count in wins.items()}


@pytest.mark.parametrize("count", [2, 3, 5])
@pytest.mark.parametrize(("size", "rate"), [(30, 0.1), (200, 0.03), (400, 0.3)])
def test_equal_subjects_seldom_have_a_winner(count, size, rate):
    uneven = [size + 40 * number for number in range(count)]
    for sizes in ([size] * count, uneven):
        won = share_of_winners([rate] * count, sizes, rounds=2_000)
        # Three standard errors of the simulation above the promise.
        assert 1 - won[""] <= FALSE_WINNERS + 3 * (0.05 * 0.95 / 2_000) ** 0.5


@pytest.mark.parametrize(("size", "rate"), [(20, 0.1), (60, 0.05), (60, 0.5)])
def test_of_two_equal_subjects_at_most_one_of_twenty_splits_has_a_winner(size, rate):
    """Every possible split, with its probability: nothing is left to the simulation's luck."""
    chance = chances(size, rate)
    false = sum(
        chance[a] * chance[b]
        for a in range(size + 1)
        for b in range(size + 1)
        if verdict(variants(a, b, sizes=[size, size])).winner
    )
    assert false <= FALSE_WINNERS


def test_the_second_of_two_best_is_seldom_called_better_than_the_first():
    won = share_of_winners([0.02, 0.08, 0.08], [500] * 3, rounds=2_000)
    assert 1 - won[""] <= FALSE_WINNERS + 0.015


def test_a_better_subject_is_found():
    won = share_of_winners([0.02, 0.05], [900, 900], rounds=500)
    assert won["B"] > 0.85
    assert won["A"] == 0
    assert share_of_winners([0.02, 0.06, 0.03, 0.03, 0.02], [950] * 5, rounds=500)["B"] > 0.5


@settings(max_examples=40)
@given(st.lists(st.tuples(st.integers(1, 400), st.floats(0, 1)), min_size=2, max_size=5))
def test_the_order_of_the_variants_changes_nothing(drawn):
    each = [VariantClicks(f"V{n}", size, int(size * part)) for n, (size, part) in enumerate(drawn)]
    winners = {verdict(order).winner for order in list(permutations(each))[:6]}
    assert len(winners) == 1


@given(st.integers(0, 60), st.integers(0, 60), st.integers(60, 90), st.integers(60, 90))
def test_the_chance_of_a_lead_is_that_of_counting_every_case(a, b, size_a, size_b):
    clicks = a + b
    ways = sum(
        comb(clicks, k) * comb(size_a + size_b - clicks, size_a - k)
        for k in range(a, min(clicks, size_a) + 1)
    )
    found = chance_of_lead(VariantClicks("A", size_a, a), VariantClicks("B", size_b, b))
    assert found == pytest.approx(ways / comb(size_a + size_b, size_a), rel=1e-9)


@pytest.mark.parametrize(
    ("clicked", "of", "interval"),
    # Brown, Cai and DasGupta 2001; R's prop.test without correction gives the same.
    [(0, 10, (0.0, 0.2775)), (1, 10, (0.0179, 0.4042)), (10, 10, (0.7225, 1.0)), (0, 0, (0, 1))],
)
def test_intervals(clicked, of, interval):
    assert wilson(clicked, of) == pytest.approx(interval, abs=1e-4)


@pytest.mark.parametrize(
    ("clicks", "sizes", "sentence"),
    [
        ((29, 61), (1_000, 1_000), "B is better: 6.1 % clicked (4.8-7.8 %); A 2.9 % (2.0-4.1 %)."),
        (
            (29, 31),
            (1_000, 1_000),
            "Too few to tell: A 2.9 % (2.0-4.1 %), B 3.1 % (2.2-4.4 %) clicked.",
        ),
        ((0, 0, 0), (10, 10, 0), "Too few to tell: nobody has clicked."),
        (
            (1, 0),
            (1, 0),
            "Too few to tell: A 100.0 % (20.7-100.0 %), B 0.00 % (0.00-100.0 %) clicked.",
        ),
    ],
)
def test_sentences(clicks, sizes, sentence):
    assert verdict(variants(*clicks, sizes=sizes)).sentence == sentence


def test_large_splits_are_judged_at_once():
    large = variants(40_000, 41_500, sizes=[1_000_000, 1_000_000])
    assert verdict(large).winner == "B"
