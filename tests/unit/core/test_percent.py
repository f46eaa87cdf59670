import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import sestui
from sestui.core import percent as rule
from sestui.core.percent import fine_percent, percent, percent_number, set_percent

COUNTS = st.integers(0, 10**9)


@given(COUNTS, COUNTS)
def test_all_is_said_only_of_all_and_nothing_only_of_nothing(part, whole):
    part, whole = sorted((part, whole))
    number = percent_number(part, whole)
    assert (number == 100) == (part == whole > 0)
    assert (number == 0) == (part == 0)
    if 1 < number < 99:
        assert abs(number - 100 * part / whole) <= 0.5


@pytest.mark.parametrize(
    ("part", "whole", "said"),
    [
        (19_999, 20_000, "99 %"),
        (20_000, 20_000, "100 %"),
        (1, 20_000, "1 %"),
        (0, 20_000, "0 %"),
        (0, 0, "0 %"),
        (605, 1_000, "61 %"),
    ],
)
def test_percentages_are_rounded(part, whole, said):
    assert percent(part, whole) == said


@pytest.mark.parametrize(
    ("part", "whole", "said"),
    [
        (0, 1_000, "0 %"),
        (1, 1_000_000, "<0.1 %"),
        (4, 1_000, "0.4 %"),
        (99, 1_000, "9.9 %"),
        (995, 10_000, "10 %"),
        (1_000, 1_000, "100 %"),
    ],
)
def test_small_shares_have_a_decimal(part, whole, said):
    assert fine_percent(part, whole) == said


def test_a_share_is_said_as_it_was_set():
    assert [set_percent(share) for share in (0.07, 0.125, 1)] == ["7 %", "12.5 %", "100 %"]


def test_nobody_reckons_percentages_but_the_rule():
    """In whatever door: two of them would differ some day."""
    own = re.compile(r"\b100(\.0)? \*|\.\d%[}'\"]")
    root = Path(sestui.__file__).parent
    found = {
        str(path.relative_to(root))
        for path in root.rglob("*.py")
        if own.search(path.read_text(encoding="utf-8")) and path != Path(rule.__file__)
    }
    assert found == set()
