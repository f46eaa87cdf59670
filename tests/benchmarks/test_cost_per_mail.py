"""What a mail costs the sender, in a run over many recipients and in one over few.

Goal (docs/architecture.md): at 1,000,000 recipients within 10 % of the cost at 1,000, the sender's
memory flat once SQLite's page caches, 16 MB a connection, are full. The small run is repeated and
its median taken, because one takes a fraction of a second.

``SESTUI_BENCH_FEW`` (1,000) and ``SESTUI_BENCH_MANY`` (100,000) are the sizes.
"""

import statistics
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from sestui.runtime import Runtime
from sestui.sender_setup import open_engine
from sestui.sending.engine.loop import Limits
from tests.benchmarks import figures
from tests.benchmarks.null_ses import NullSes, null_ses
from tests.benchmarks.workload import LONG_BODY, add_contacts, ses_at, start_run

_SMALL_RUNS = 7
_PARTS = 5


@dataclass(frozen=True, slots=True)
class Cost:
    """What one run took; times are seconds a mail."""

    processor: float
    wall: float
    memory: list[int]
    """The most that was held in each fifth of the run, bytes."""


@pytest.mark.benchmark
@pytest.mark.timeout(900)
def test_cost_per_mail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    few, many = figures.size("FEW", 1_000), figures.size("MANY", 100_000)
    with null_ses() as ses:
        with ses_at(ses.url, tmp_path / "few", monkeypatch) as runtime:
            add_contacts(runtime.database, few)
            _sent(ses, runtime, few)  # imports, connections, caches
            small = [_sent(ses, runtime, few) for _ in range(_SMALL_RUNS)]
        with ses_at(ses.url, tmp_path / "many", monkeypatch) as runtime:
            add_contacts(runtime.database, many)
            large = _sent(ses, runtime, many)
    processor = statistics.median(cost.processor for cost in small)
    wall = statistics.median(cost.wall for cost in small)
    figures.show(
        "cost per mail (goal: within 10 %)",
        ["recipients", "processor µs", "wall µs"],
        [
            [f"{few:,} (median of {_SMALL_RUNS})", *_microseconds(processor, wall)],
            [f"{many:,}", *_microseconds(large.processor, large.wall)],
            ["ratio", figures.times(large.processor, processor), figures.times(large.wall, wall)],
        ],
    )
    figures.show(
        "memory in each fifth of a run (goal: flat)",
        ["recipients", *[f"{20 * part} %" for part in range(1, _PARTS + 1)]],
        [
            [f"{few:,}, {_SMALL_RUNS} runs later", *map(figures.megabytes, small[-1].memory)],
            [f"{many:,}", *map(figures.megabytes, large.memory)],
        ],
    )


def _microseconds(*seconds: float) -> list[str]:
    return [f"{each * 1e6:.0f}" for each in seconds]


def _sent(ses: NullSes, runtime: Runtime, count: int) -> Cost:
    run = start_run(runtime, LONG_BODY)
    sent_before = ses.mails()
    limits = Limits(senders=runtime.settings.senders)
    with open_engine(runtime, limits) as engine, figures.MemoryWatch() as memory:
        wall, processor = time.perf_counter(), time.process_time()
        engine.run()
        wall, processor = time.perf_counter() - wall, time.process_time() - processor
    counts = runtime.overview.run(run.id).counts
    assert counts.accepted == counts.audience == count
    assert ses.mails() - sent_before == count
    return Cost(processor / count, wall / count, memory.peaks(_PARTS))
