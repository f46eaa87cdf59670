"""Exporting deliveries as CSV, beside `sqlite3 -csv` and Python's own csv.writer on the same file.

Goal (docs/architecture.md): at least half as fast as `sqlite3 -csv`, which writes instants as the
numbers that they are and guards nothing against spreadsheets.

``SESTUI_BENCH_MANY`` (1,000,000) deliveries.
"""

import csv
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from sestui.reports.sent_log import Format, write_log
from sestui.store.db.database import Database, url_of
from sestui.store.db.schema import ensure_schema
from sestui.store.ledger.deliveries import Deliveries
from sestui.store.ledger.log_rows import LogFilter
from tests.benchmarks import figures
from tests.support.seeding import add_contacts, make_campaign, start_run

MANY = figures.size("MANY", 1_000_000)
FILL = (
    "DELETE FROM delivery",
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :many) "
    "INSERT INTO delivery (id, run_id, contact_id, email, state, message_id, attempts, faults, "
    "code, reason, not_before, worker, queued_at, sent_at, outcome, outcome_at, outcome_code, "
    "opened_at, clicked_at) SELECT i, 1, i, 'reader' || i || '@d' || (i % 97) || '.example.com', "
    "'accepted', printf('0102019a%08x-%08x-0000-4000-8000-%012x-000000', i, i, i), 1, 0, '', '', "
    "0, '', 1790000000, 1790000000 + i / 200.0, CASE WHEN i % 100 = 0 THEN 'bounced' "
    "WHEN i % 5 = 0 THEN '' ELSE 'delivered' END, 1790000002 + i / 200.0, "
    "CASE WHEN i % 100 = 0 THEN 'Permanent/NoEmail' ELSE '' END, "
    "CASE WHEN i % 3 = 0 THEN 1790000500 + i / 200.0 END, "
    "CASE WHEN i % 14 = 0 THEN 1790000600 + i / 200.0 END FROM n",
    "UPDATE run SET state = 'finished', pending = 0, accepted = :many",
)
PLAIN = (
    "SELECT c.name, r.number, d.email, d.state, d.message_id, d.attempts, d.code, d.reason, "
    "d.queued_at, d.sent_at, d.outcome, d.outcome_at, d.outcome_code, d.opened_at, d.clicked_at, "
    "r.kind FROM delivery d JOIN run r ON r.id = d.run_id JOIN campaign c ON c.id = r.campaign_id "
    "ORDER BY d.id"
)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("export") / "sestui.db"
    with closing(Database(url_of(path))) as database:
        ensure_schema(database)
        add_contacts(database, ["r1@d1.example"])
        start_run(database, make_campaign(database), 0)
    with closing(sqlite3.connect(path)) as connection:
        for statement in FILL:
            connection.execute(statement, {"many": MANY} if ":many" in statement else {})
        connection.commit()
    return path


def best(work: Callable[[], object]) -> float:
    """Seconds of the quickest of three."""
    took = []
    for _ in range(3):
        began = time.perf_counter()
        work()
        took.append(time.perf_counter() - began)
    return min(took)


@pytest.mark.benchmark
@pytest.mark.timeout(1_800)
def test_a_million_deliveries(file: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"

    def by_shell() -> None:
        with out.open("wb") as target:
            command = ["sqlite3", "-csv", "-header", str(file), PLAIN]
            subprocess.run(command, stdout=target, check=True)

    def by_python() -> None:
        with closing(sqlite3.connect(file)) as connection, out.open("w", newline="") as target:
            csv.writer(target).writerows(connection.execute(PLAIN))

    def by_sestui(form: Format) -> None:
        with closing(Database(url_of(file))) as database, out.open("w", newline="") as target:
            count = write_log(Deliveries(database), LogFilter(), target, form=form, raw=False)
        assert count == MANY

    took = {"sqlite3 -csv": best(by_shell)} if shutil.which("sqlite3") else {}
    took |= {
        "Python's csv.writer": best(by_python),
        "sestui, CSV": best(lambda: by_sestui(Format.CSV)),
        "sestui, JSON lines": best(lambda: by_sestui(Format.JSONL)),
    }
    baseline = next(iter(took.values()))
    rows = [
        (name, f"{seconds:.2f} s", f"{MANY / seconds:,.0f}/s", f"{baseline / seconds:.0%}")
        for name, seconds in took.items()
    ]
    head = ("written by", "took", "rows", "of the first")
    figures.show(f"{MANY:,} deliveries exported", head, rows)
    assert took["sestui, CSV"] <= 2 * baseline
