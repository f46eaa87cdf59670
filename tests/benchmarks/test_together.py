"""Four processes at once on one database: the rate they hold together, beside one process alone.

Goal (docs/architecture.md): nobody gets it twice, and no 1-second window above the rate by more
than one, counted as calls leave, of whichever process. That the quota is used to its last mail is
proved in ``tests/chaos``, on any machine.

``SESTUI_BENCH_TOGETHER_SECONDS`` (30) is the duration of each.
"""

import os
from pathlib import Path

import pytest

from sestui.simulator.account.rules import peak_in_one_second
from tests.benchmarks import figures
from tests.support.processes import Scene

_LATENCY = 0.08


@pytest.mark.benchmark
@pytest.mark.timeout(900)
@pytest.mark.parametrize("rate", [14, 100, 500])
def test_four_processes_hold_the_rate_of_one(
    rate: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SESTUI_CONFIG", os.devnull)
    rows = [_held(tmp_path / str(count), rate, count) for count in (1, 4)]
    figures.show(
        f"{rate}/s, {_LATENCY * 1000:.0f} ms (goal: peak ≤ {rate + 1}, 0 throttled, 0 twice)",
        ["", "mails", "%", "peak", "throttled", "twice", "share of each"],
        [row for row, _ in rows],
    )
    for _, peak in rows:
        assert peak <= rate + 1


def _held(folder: Path, rate: int, count: int) -> tuple[list[object], int]:
    seconds = figures.seconds("TOGETHER_SECONDS", 30)
    folder.mkdir()
    scene = Scene(folder, round(rate * seconds), rate=rate, latency=_LATENCY)
    try:
        scene.serve()
        scene.note_departures()
        processes = [scene.process("send", "news") for _ in range(count)]
        for process in processes:
            assert process.wait(seconds + 60) == 0, scene.said()
        scene.check_accounts()
        return _figures(scene, rate, count)
    finally:
        scene.close()


def _figures(scene: Scene, rate: int, count: int) -> tuple[list[object], int]:
    left = scene.departures()
    mails = sum(number for _, number in left)
    peak = peak_in_one_second(left)
    # From the tenth of the way on, when all are at work, to nine tenths.
    inner = left[len(left) // 10 : len(left) * 9 // 10]
    took = inner[-1][0] - inner[0][0]
    held = sum(number for _, number in inner[:-1]) / took / rate
    shares = sorted(scene.shares(), reverse=True)
    row = [
        f"{count} process{'es' if count > 1 else ''}",
        f"{mails:,}",
        f"{held:.1%}",
        peak,
        scene.world.account.account().throttled,
        sum(1 for times in scene.world.outbox().values() if times > 1),
        " ".join(f"{share:.0%}" for share in shares),
    ]
    return row, peak
