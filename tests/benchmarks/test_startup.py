"""What a start costs: a shell completes on it, and cron does it every minute.

Goal (DESIGN §12): ``run-due`` with nothing due takes at most 1.5 times
``python -c "import sqlmodel"``. ``sestui --version`` stands beside an import of typer.

``SESTUI_BENCH_STARTS`` (9) is how often each is started, one after the other in turns.
"""

import os
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.benchmarks import figures


@pytest.mark.benchmark
def test_startup(tmp_path: Path) -> None:
    sestui = shutil.which("sestui", path=str(Path(sys.executable).parent))
    assert sestui is not None, "the command is not installed beside this Python"
    commands = {
        "sestui --version": [sestui, "--version"],
        "import typer": [sys.executable, "-c", "import typer"],
        "sestui run-due": [sestui, "run-due"],
        "import sqlmodel": [sys.executable, "-c", "import sqlmodel"],
    }
    environment = {k: v for k, v in os.environ.items() if not k.startswith("SESTUI_")}
    environment |= {"SESTUI_DATA_DIR": str(tmp_path), "SESTUI_CONFIG": os.devnull}
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
    _started(commands["sestui run-due"], environment)  # makes the database
    for _ in range(figures.size("STARTS", 9)):
        for name, command in commands.items():
            taken[name].append(_started(command, environment))
    wall = {name: statistics.median(w for w, _ in each) for name, each in taken.items()}
    processor = {name: statistics.median(p for _, p in each) for name, each in taken.items()}
    figures.show(
        "start (goal: run-due with nothing due ≤ 1.5 × import sqlmodel)",
        ["", "wall ms", "processor ms", "wall", "processor"],
        [
            [
                name,
                f"{wall[name] * 1000:.0f}",
                f"{processor[name] * 1000:.0f}",
                figures.times(wall[name], wall[baseline]),
                figures.times(processor[name], processor[baseline]),
            ]
            for name, baseline in (
                ("sestui --version", "import typer"),
                ("import typer", "import typer"),
                ("sestui run-due", "import sqlmodel"),
                ("import sqlmodel", "import sqlmodel"),
            )
        ],
    )


def _started(command: list[str], environment: dict[str, str]) -> tuple[float, float]:
    """Wall and processor seconds from start to end; it must end well."""
    used, began = os.times(), time.perf_counter()
    done = subprocess.run(command, env=environment, capture_output=True, check=False)
    wall, now = time.perf_counter() - began, os.times()
    assert done.returncode == 0, done.stderr.decode()
    before = used.children_user + used.children_system
    return wall, now.children_user + now.children_system - before
