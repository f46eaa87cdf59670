"""A blocklist of 1,000,000 addresses and 10,000 domains: its import, and what it costs a claim.

Goal (docs/architecture.md): 100,000 rows/s or more, memory flat below 150 MB, and no measurable
cost to the claim. Beside the import, a plain ``executemany`` of INSERTs of the same rows in the
file's order, without reading, checking or sorting; beside the claim, the same run with no
suppression, before and after, as the ledger grows meanwhile.

``SESTUI_BENCH_BLOCKED`` (1,000,000) is the number of addresses, ``SESTUI_BENCH_ROWS`` (50,000) that
of the run's recipients.
"""

import json
import os
import random
import statistics
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import text

from sestui.audience.imports.suppress_file import suppress_file
from sestui.core.clock import SystemClock
from sestui.core.delivery.account import AccountStatus
from sestui.core.delivery.handover import Claim, ClaimRequest
from sestui.store.db.database import Database
from tests.benchmarks import figures
from tests.support.seeding import (
    accepted,
    add_contacts,
    make_campaign,
    open_ledger,
    start_run,
    tell_governor,
)

BLOCKED = figures.size("BLOCKED", 1_000_000)
DOMAINS = BLOCKED // 100
ROWS = figures.size("ROWS", 50_000)
SLICE = 500
ROUNDS = 5
EVERY = AccountStatus(max_24_hour_send=-1, max_send_rate=1_000_000, sent_last_24_hours=0)


def keys() -> list[str]:
    chance = random.Random(7)
    found = [f"reader.{number}@d{number % 5_000}.example.com" for number in range(BLOCKED)]
    found += [f"@blocked{number}.example.com" for number in range(DOMAINS)]
    chance.shuffle(found)
    return found


def plain_inserts(database: Database, found: list[str]) -> float:
    """Rows a second."""
    rows = [{"key": key, "detail": "blocklist.txt", "at": 1.0} for key in found]
    insert = text(
        "INSERT INTO suppression (email_key, reason, detail, created_at, kept) "
        "VALUES (:key, 'manual', :detail, :at, FALSE)"
    )
    began = time.perf_counter()
    with database.write_connection() as connection:
        connection.execute(insert, rows)
    took = time.perf_counter() - began
    forget(database)
    return len(rows) / took


def forget(database: Database) -> None:
    with database.write_connection() as connection:
        connection.execute(text("DELETE FROM suppression"))


def engine_of(database: Database) -> str:
    return "SQLite" if database.is_sqlite else "PostgreSQL"


@pytest.mark.benchmark
@pytest.mark.timeout(3_600)
def test_a_blocklist_beside_plain_inserts(database: Database, tmp_path: Path) -> None:
    found = keys()
    path = tmp_path / "blocklist.txt"
    path.write_text("".join(f"{key}\n" for key in found))
    plain = plain_inserts(database, found)
    began = time.perf_counter()
    result = suppress_file(database, path, now=1.0)
    fresh = len(found) / (time.perf_counter() - began)
    assert (result.suppressed, result.domains, result.rejects) == (len(found), DOMAINS, 0)
    began = time.perf_counter()
    assert suppress_file(database, path, now=2.0).known == len(found)
    again = len(found) / (time.perf_counter() - began)
    rows = [
        ["suppress_file", f"{fresh:,.0f}", figures.times(fresh, plain), ""],
        ["the same file once more", f"{again:,.0f}", figures.times(again, plain), ""],
        ["executemany of INSERTs", f"{plain:,.0f}", figures.times(plain, plain), ""],
    ]
    if database.is_sqlite:
        command, peak = by_command(tmp_path, path, len(found))
        told = [f"{command:,.0f}", figures.times(command, plain), figures.megabytes(peak)]
        rows.insert(0, ["sestui import --as suppressed, start and all", *told])
    figures.show(
        f"blocklist of {len(found):,} rows, {engine_of(database)} "
        "(goal: ≥ 100,000 rows/s, < 150 MB)",
        ["", "rows/s", "× plain", "peak memory"],
        rows,
    )


def by_command(folder: Path, path: Path, rows: int) -> tuple[float, int]:
    """Rows a second, and the most memory the process held."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("SESTUI_")}
    environment |= {"SESTUI_DATA_DIR": str(folder / "outside"), "SESTUI_CONFIG": os.devnull}
    command = [sys.executable, "-m", "sestui", "import", str(path), "--as", "suppressed", "--json"]
    began = time.perf_counter()
    with (
        subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ) as process,
        figures.MemoryWatch(process.pid) as memory,
    ):
        said, _ = process.communicate()
    took = time.perf_counter() - began
    assert json.loads(said)["suppressed"] == rows
    return rows / took, memory.peak


def cost_of_claims(database: Database, number: int) -> float:
    """Claim and settle all of a run: processor seconds a recipient, the median of several runs."""
    ledger = open_ledger(database, SystemClock())
    costs = []
    for round_ in range(ROUNDS):
        campaign = make_campaign(database, f"run{number}-{round_}")
        run = start_run(database, campaign, time.time())
        claims: tuple[Claim, ...] = ()
        mails = 0
        began = time.process_time() if database.is_sqlite else time.perf_counter()
        while True:
            said = ledger.exchange([accepted(each) for each in claims], ClaimRequest(run.id, SLICE))
            claims = said.claims
            mails += len(claims)
            if not claims:
                break
        ended = time.process_time() if database.is_sqlite else time.perf_counter()
        assert mails == ROWS
        costs.append((ended - began) / mails)
    return statistics.median(costs)


@pytest.mark.benchmark
@pytest.mark.timeout(3_600)
def test_claims_with_a_blocklist_and_without(database: Database, tmp_path: Path) -> None:
    add_contacts(database, [f"reader.{number}@kept.example.org" for number in range(ROWS)])
    tell_governor(database, EVERY, now=time.time())
    empty = cost_of_claims(database, 0)
    path = tmp_path / "blocklist.txt"
    path.write_text("".join(f"{key}\n" for key in keys()))
    suppress_file(database, path, now=1.0)
    full = cost_of_claims(database, 1)
    forget(database)
    again = cost_of_claims(database, 2)
    figures.show(
        f"claims of {ROWS:,} recipients, {engine_of(database)} (goal: nothing measurable)",
        ["suppressed", "µs a recipient", "×"],
        [
            ["nobody", f"{empty * 1e6:.1f}", figures.times(empty, empty)],
            [f"{BLOCKED + DOMAINS:,}", f"{full * 1e6:.1f}", figures.times(full, empty)],
            ["nobody again", f"{again * 1e6:.1f}", figures.times(again, empty)],
        ],
    )
