"""Import of a large list, every address validated.

Goal (docs/architecture.md): 1,000,000 rows at 100,000 rows/s or more, memory flat below 150 MB.
Beside it a bare ``csv.reader`` loop over the same file, and the command as a user runs it.

``SESTUI_BENCH_ROWS`` (200,000) is the size.
"""

import csv
import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sestui.audience.imports.importer import ImportOptions, import_contacts
from sestui.store.db.database import Database
from sestui.store.db.schema import ensure_schema
from tests.benchmarks import figures

_INVALID_EVERY = 100
_REPEATED_EVERY = 50


@pytest.mark.benchmark
@pytest.mark.timeout(900)
def test_import(tmp_path: Path) -> None:
    rows = figures.size("ROWS", 200_000)
    path = tmp_path / "people.csv"
    rejects, duplicates = _write(path, rows)
    bare = _read_bare(path, rows)
    imported = _import(tmp_path, path, rows, rejects, duplicates)
    command, peak = _import_by_command(tmp_path, path, rows)
    figures.show(
        f"import of {rows:,} rows, {path.stat().st_size / 1e6:.0f} MB "
        "(goal: ≥ 100,000 rows/s, < 150 MB)",
        ["", "rows/s", "× bare", "peak memory"],
        [
            ["import_contacts", f"{imported:,.0f}", figures.times(imported, bare), ""],
            [
                "sestui import, start and all",
                f"{command:,.0f}",
                figures.times(command, bare),
                figures.megabytes(peak),
            ],
            ["bare csv.reader loop", f"{bare:,.0f}", figures.times(bare, bare), ""],
        ],
    )


def _write(path: Path, rows: int) -> tuple[int, int]:
    """A file as shops export it; how many rows are no contact, and how many repeat an address."""
    chance = random.Random(7)
    domains = [f"{name}.example.com" for name in ("mail", "post", "inbox", "corp", "uni")]
    rejects = duplicates = 0
    previous = ""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["Email Address", "First Name", "Last Name", "City", "Plan", "Joined"])
        for number in range(rows):
            email = f"Reader.{number}@{chance.choice(domains)}"
            if number % _INVALID_EVERY == 1:
                email, rejects = f"reader {number} at home", rejects + 1
            elif number and number % _REPEATED_EVERY == 0:
                email, duplicates = previous.upper(), duplicates + 1
            else:
                previous = email
            city, plan = chance.choice(["Århus", "Lisbon"]), chance.choice(["pro", "free"])
            writer.writerow([email, f"Ada{number}", "O'Brien, Jr.", city, plan, "2025-11-03"])
    return rejects, duplicates


def _read_bare(path: Path, rows: int) -> float:
    began = time.perf_counter()
    with path.open(newline="", encoding="utf-8") as file:
        read = sum(1 for _ in csv.reader(file)) - 1
    assert read == rows
    return rows / (time.perf_counter() - began)


def _import(folder: Path, path: Path, rows: int, rejects: int, duplicates: int) -> float:
    database = Database(f"sqlite:///{folder / 'inside.db'}")
    ensure_schema(database)
    began = time.perf_counter()
    result = import_contacts(database, path, ImportOptions(["all"]), now=0)
    took = time.perf_counter() - began
    database.close()
    assert (result.rows, result.rejects, result.duplicates) == (rows, rejects, duplicates)
    assert result.imported == rows - rejects - duplicates
    return rows / took


def _import_by_command(folder: Path, path: Path, rows: int) -> tuple[float, int]:
    """Rows a second, and the most memory the process held."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("SESTUI_")}
    environment |= {"SESTUI_DATA_DIR": str(folder / "outside"), "SESTUI_CONFIG": os.devnull}
    command = [sys.executable, "-m", "sestui", "import", str(path), "--list", "all", "--json"]
    began = time.perf_counter()
    with (
        subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ) as process,
        figures.MemoryWatch(process.pid) as memory,
    ):
        said, _ = process.communicate()
    took = time.perf_counter() - began
    assert process.returncode == 0
    assert json.loads(said)["rows"] == rows
    return rows / took, memory.peak
