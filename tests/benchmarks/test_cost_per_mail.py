"""What a mail costs the sender, in a run over many recipients and in one over few.

Goal (DESIGN §12): at 1,000,000 recipients within 10 % of the cost at 1,000, the sender's memory
flat. The small run is repeated and its median taken, because one takes a fraction of a second.

``SESTUI_BENCH_FEW`` (1,000) and ``SESTUI_BENCH_MANY`` (100,000) are the sizes.
"""

import statistics
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from sestui.runtime import Runtime
from sestui.sending.engine import Limits
from tests.benchmarks import figures
from tests.benchmarks.null_ses import NullSes, null_ses
from tests.benchmarks.workload import LONG_BODY, add_contacts, ses_at, start_run

_SMALL_RUNS = 7


@dataclass(frozen=True, slots=True)
class Cost:
    """What one run took; times are seconds a mail."""

    processor: float
    wall: float
    memory_before: int
    memory_peak: int
    memory_after: int


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
    first, last = small[0], small[-1]
    figures.show(
        "cost per mail (goal: within 10 %, memory flat)",
        ["recipients", "processor µs", "wall µs", "memory before", "peak", "after"],
        [
            [
                f"{few:,} (median of {_SMALL_RUNS})",
                f"{processor * 1e6:.0f}",
                f"{wall * 1e6:.0f}",
                figures.megabytes(first.memory_before),
                figures.megabytes(max(cost.memory_peak for cost in small)),
                figures.megabytes(last.memory_after),
            ],
            [
                f"{many:,}",
                f"{large.processor * 1e6:.0f}",
                f"{large.wall * 1e6:.0f}",
                figures.megabytes(large.memory_before),
                figures.megabytes(large.memory_peak),
                figures.megabytes(large.memory_after),
            ],
            [
                "ratio",
                figures.times(large.processor, processor),
                figures.times(large.wall, wall),
                "",
                "",
                "",
            ],
        ],
    )


def _sent(ses: NullSes, runtime: Runtime, count: int) -> Cost:
    run = start_run(runtime, LONG_BODY)
    sent_before, memory_before = ses.mails(), figures.resident()
    limits = Limits(senders=runtime.settings.senders)
    with runtime.engine(limits) as engine, figures.MemoryWatch() as memory:
        wall, processor = time.perf_counter(), time.process_time()
        engine.run()
        wall, processor = time.perf_counter() - wall, time.process_time() - processor
    counts = runtime.overview.run(run.id).counts
    assert counts.accepted == counts.audience == count
    assert ses.mails() - sent_before == count
    return Cost(processor / count, wall / count, memory_before, memory.peak, figures.resident())
