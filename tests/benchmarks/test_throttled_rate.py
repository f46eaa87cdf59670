"""Goodput under throttling, where SES tells 400 a second: simulated, and over HTTP.

Goal: the right column, simulated over two minutes; over HTTP within 10 % of what is simulated over
the same time. Simulated are one process and four that share the governor's row, three seeds each,
SES's bucket with and without a second of burst: the least of all of them counts. Over HTTP it is
one engine in this process, single calls, SQLite on disk, for ``SESTUI_BENCH_THROTTLED_SECONDS``
(54: the account is read again after a minute) a row.
"""

import itertools
import random
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.benchmarks import figures
from tests.support.throttled_runs import TOLD, Phase, send_through
from tests.support.throttling import Sending, SimulatedSES, phases

_SIMULATED_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Case:
    """What SES does, in equal parts of the time, and what is to be reached."""

    name: str
    parts: tuple[Phase, ...]
    goal: float

    def lasting(self, seconds: float) -> list[Phase]:
        """The parts, so long together."""
        each = seconds / len(self.parts)
        return [Phase(each, part.left, part.share) for part in self.parts]

    @property
    def most(self) -> float:
        """What nobody could do better."""
        return sum(part.left * (1 - part.share) for part in self.parts) / len(self.parts)


_CASES = [
    Case("no throttling", (Phase(1),), 398),
    *(
        Case(f"random {share:.1%}", (Phase(1, share=share),), goal)
        for share, goal in [(0.001, 392), (0.01, 384), (0.02, 380), (0.1, 335), (0.3, 230)]
    ),
    Case("200/s are left", (Phase(1, left=200),), 188),
    Case("200/s are left, random 5.0%", (Phase(1, left=200, share=0.05),), 175),
    Case("400/s, then 100/s, then 400/s", (Phase(1), Phase(1, left=100), Phase(1)), 265),
]


@pytest.mark.benchmark
@pytest.mark.timeout(1_800)
def test_goodput_under_throttling(tmp_path: Path) -> None:
    seconds = figures.seconds("THROTTLED_SECONDS", 54)
    rows = []
    for number, case in enumerate(_CASES):
        goodput, throttled = _simulated(case, _SIMULATED_SECONDS)
        as_long, _ = _simulated(case, seconds)
        sent = send_through(tmp_path / str(number), case.lasting(seconds))
        rows.append(
            [
                case.name,
                f"{case.most:.0f}",
                f"{goodput:.1f}",
                f"{throttled:.1%}",
                f"{as_long:.1f}",
                f"{sent.goodput:.1f}",
                f"{sent.goodput / as_long:.1%}",
                f"{sent.throttled:.1%}",
                case.goal,
            ]
        )
        assert goodput >= case.goal
    figures.show(
        f"goodput where SES tells {TOLD}/s, recipients a second "
        f"(simulated for {_SIMULATED_SECONDS:.0f} s; then for {seconds:.0f} s, and over HTTP)",
        ["", "at most", "simulated", "throttled", "then", "HTTP", "%", "throttled", "goal"],
        rows,
    )


def _simulated(case: Case, seconds: float) -> tuple[float, float]:
    """The least goodput and the largest share throttled."""
    found = []
    parts = case.lasting(seconds)
    for processes, seed, burst in itertools.product((1, 4), (1, 2, 3), (0.0, 1.0)):
        chance = random.Random(seed)
        ses = SimulatedSES(
            chance,
            phases(*((part.seconds, part.left) for part in parts)),
            phases(*((part.seconds, part.share) for part in parts)),
            burst,
        )
        sent = Sending(ses, lambda _: TOLD, chance, processes=processes).run(seconds)
        found.append((sent.goodput(), sent.throttled_share()))
    return min(goodput for goodput, _ in found), max(share for _, share in found)
