"""The times that SES is asked for."""

import itertools
import random

import pytest

from sestui.feedback.insights_pages import TimePage, gaps, pages_around

BEGIN, END = 1_000_000.0, 2_000_000.5


def ticks(begin: float, rate: float, mails: int) -> list[float]:
    """When each five hundredth of ``mails`` was handed over, at ``rate`` a second."""
    return [begin + number / rate for number in range(500, mails + 1, 500)]


@pytest.mark.parametrize(
    ("times", "given", "expected"),
    [
        pytest.param([], [], 0, id="none"),
        pytest.param([1_500_000.0], [], 1, id="one"),
        pytest.param([1_500_000.0 + each for each in range(0, 500_000, 5_000)], [], 1, id="few"),
        pytest.param(
            [1_500_000.0 + each / 10 for each in range(5_000)],
            ticks(1_500_000.0, 200, 100_000),
            15,
            id="all over a run of 100,000",
        ),
        pytest.param(
            [1_500_000.0, 1_500_000.0 + 900_000 / 200],
            ticks(1_500_000.0, 200, 1_000_000),
            4 + 5,
            id="at both ends of a run of 1,000,000",
        ),
        pytest.param(
            [1_500_000.0] * 100, [1_500_000.0] * 40, 2, id="20,000 that were claimed at once"
        ),
    ],
)
def test_so_many_jobs_do(times: list[float], given: list[float], expected: int) -> None:
    assert len(pages_around(times, given, BEGIN, END)) <= expected


@pytest.mark.parametrize("seed", range(20))
def test_pages_and_gaps_cover_the_whole_time_and_pages_what_is_likely(seed: int) -> None:
    draw = random.Random(seed)
    times = [draw.uniform(BEGIN, END) for _ in range(draw.randrange(1, 60))]
    given = sorted(draw.uniform(BEGIN, END) for _ in range(draw.randrange(400)))
    pages = pages_around(times, given, BEGIN, END)
    for at in times:
        likely = TimePage(max(at - 30, BEGIN), min(at + 120, END))
        covered = [
            each for each in pages if each.until >= likely.since and each.since <= likely.until
        ]
        assert covered[0].since <= likely.since
        assert covered[-1].until >= likely.until
        assert all(a.until >= b.since for a, b in itertools.pairwise(covered))
    for each in pages:
        assert sum(each.since < tick <= each.until for tick in given) <= 15
    whole = sorted([*pages, *gaps(pages, BEGIN, END)], key=lambda each: each.since)
    assert (whole[0].since, whole[-1].until) == (BEGIN, END)
    assert all(a.until == b.since for a, b in itertools.pairwise(whole))
    assert all(each.since < each.until for each in whole)


def test_halves_are_whole_seconds_and_end_with_one() -> None:
    assert TimePage(10.0, 15.5).halves() == (TimePage(10.0, 12.0), TimePage(12.0, 15.5))
    assert TimePage(10.0, 12.0).halves() == (TimePage(10.0, 11.0), TimePage(11.0, 12.0))
    assert TimePage(10.0, 11.0).halves() is None
    assert TimePage(10.0, 10.5).halves() is None
