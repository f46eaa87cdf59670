"""What a start costs: a shell completes on it, and cron does it every minute.

Goals (docs/architecture.md): ``run-due`` with nothing due, over a thousand tasks that wait and a
million contacts, takes at most 1.5 times ``python -c "import sqlmodel"``, ``sestui --version`` at
most twice ``python -c "import typer"``; both on the clock and of the processor. A ``run-due`` over
an empty database stands beside the one over the full one: what is in there must cost nothing.

``SESTUI_BENCH_STARTS`` (9) is how often each is started, one after the other in turns;
``SESTUI_BENCH_TASKS`` (1,000) and ``SESTUI_BENCH_CONTACTS`` (1,000,000) are in the database.
"""

import os
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sestui.core.task.fields import TaskFields
from sestui.runtime import Runtime
from sestui.settings import load_settings
from sestui.store.tasks.tasks import Tasks
from tests.benchmarks import figures, workload
from tests.support.tasks import make_due

_VERSION, _TYPER = "sestui --version", "import typer"
_RUN_DUE, _EMPTY, _SQLMODEL = "sestui run-due", "the same, empty database", "import sqlmodel"
_TOMORROW_SECONDS = 86_400.0


@pytest.mark.benchmark
def test_startup(tmp_path: Path) -> None:
    sestui = shutil.which("sestui", path=str(Path(sys.executable).parent))
    assert sestui is not None, "the command is not installed beside this Python"
    full, empty = tmp_path / "full", tmp_path / "empty"
    tasks, contacts = figures.size("TASKS", 1_000), figures.size("CONTACTS", 1_000_000)
    _fill(full, tasks, contacts)
    environment = {k: v for k, v in os.environ.items() if not k.startswith("SESTUI_")}
    environment |= {"SESTUI_CONFIG": os.devnull, "SESTUI_DATA_DIR": str(full)}
    elsewhere = environment | {"SESTUI_DATA_DIR": str(empty)}
    commands = {
        _VERSION: [sestui, "--version"],
        _TYPER: [sys.executable, "-c", "import typer"],
        _RUN_DUE: [sestui, "run-due"],
        _EMPTY: [sestui, "run-due"],
        _SQLMODEL: [sys.executable, "-c", "import sqlmodel"],
    }
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
    _started(commands[_EMPTY], elsewhere)  # makes the database
    for _ in range(figures.size("STARTS", 9)):
        for name, command in commands.items():
            given = elsewhere if name == _EMPTY else environment
            taken[name].append(_started(command, given))
    wall = {name: statistics.median(w for w, _ in each) for name, each in taken.items()}
    processor = {name: statistics.median(p for _, p in each) for name, each in taken.items()}
    figures.show(
        f"start, with {tasks:,} tasks and {contacts:,} contacts but nothing due "
        "(goals: run-due ≤ 1.5 × import sqlmodel, --version ≤ 2 × import typer)",
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
                (_VERSION, _TYPER),
                (_TYPER, _TYPER),
                (_RUN_DUE, _SQLMODEL),
                (_EMPTY, _SQLMODEL),
                (_SQLMODEL, _SQLMODEL),
            )
        ],
    )


def _fill(folder: Path, tasks: int, contacts: int) -> None:
    """A workspace in which much waits for tomorrow, on many schedules and in several zones."""
    with Runtime.open(load_settings(data_dir=folder)) as runtime:
        workload.add_contacts(runtime.database, contacts)
        stored, now = Tasks(runtime.database), runtime.clock.now()
        for number in range(tasks):
            zone = ("UTC", "Europe/Paris", "Australia/Lord_Howe")[number % 3]
            schedule = f"{number % 60} {number % 24} {number % 28 + 1} * *"
            task = stored.add(TaskFields(f"task-{number}", "purge", schedule, timezone=zone), now)
            assert task.next_run_at is not None
        # A schedule whose minute comes while this measures would be due.
        make_due(runtime.database, now + _TOMORROW_SECONDS)


def _started(command: list[str], environment: dict[str, str]) -> tuple[float, float]:
    """Wall and processor seconds from start to end; it must end well."""
    used, began = os.times(), time.perf_counter()
    done = subprocess.run(command, env=environment, capture_output=True, check=False)
    wall, now = time.perf_counter() - began, os.times()
    assert done.returncode == 0, done.stderr.decode()
    if command[-1] == "run-due":
        assert done.stdout == b"nothing due\n"
    before = used.children_user + used.children_system
    return wall, now.children_user + now.children_system - before
