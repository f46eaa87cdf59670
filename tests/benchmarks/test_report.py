"""A run's report and its forecast of bounces, over many deliveries, beside plain SQL that counts.

Goal: a report over 1,000,000 deliveries in under a second. Four in five mails are delivered, one in
a hundred bounces, a third is opened, one in fourteen clicked.

``SESTUI_BENCH_MANY`` (1,000,000) is the size.
"""

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from sestui.core.campaign.audience import Audience
from sestui.reports.run_report import run_report
from sestui.store.db.database import Database, url_of
from sestui.store.db.schema import ensure_schema
from sestui.store.events.bounce_risks import of_audience
from tests.benchmarks import figures
from tests.support.seeding import add_contacts, make_campaign, start_run

_NUMBERS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :many) "
_ADDRESS = "'r' || i || '@d' || (i % 97) || '.example'"
_FILL = (
    f"{_NUMBERS} INSERT INTO contact (id, email, email_key, attributes, tags, status, "
    f"status_reason, created_at, updated_at) SELECT i, {_ADDRESS}, {_ADDRESS}, '{{}}', '[]', "
    "'active', '', 0, 0 FROM n WHERE i > 1",
    "INSERT INTO membership (list_id, contact_id, joined_at) SELECT 1, id, 0 FROM contact "
    "WHERE id > 1",
    "DELETE FROM delivery",
    "INSERT INTO delivery (id, run_id, contact_id, email, state, message_id, attempts, faults, "
    "code, reason, not_before, worker, queued_at, sent_at, outcome, outcome_at, outcome_code, "
    "opened_at, clicked_at) SELECT id, 1, id, email, 'accepted', 'm' || id, 1, 0, '', '', 0, '', "
    "0, id / 200.0, CASE WHEN id % 100 = 0 THEN 'bounced' WHEN id % 5 = 0 THEN '' "
    "ELSE 'delivered' END, id / 200.0 + 2, CASE WHEN id % 100 = 0 THEN 'Permanent/NoEmail' "
    "ELSE '' END, CASE WHEN id % 3 = 0 THEN id / 200.0 + 500 END, "
    "CASE WHEN id % 14 = 0 THEN id / 200.0 + 600 END FROM contact",
    *(
        "INSERT INTO ses_event (key, delivery_id, message_id, kind, occurred_at, mailed_at, "
        f"received_at, type, sub_type, detail, by_machine) SELECT 'k{kind}' || id, id, message_id, "
        f"'{kind}', sent_at + {after}, sent_at, 0, '', '', {detail}, {machine} FROM delivery "
        f"WHERE {which}"
        for kind, after, detail, machine, which in (
            ("Delivery", 2, "''", 0, "outcome = 'delivered'"),
            ("Bounce", 2, "'550'", 0, "outcome = 'bounced'"),
            ("Open", 500, "''", "id % 30 = 0", "opened_at IS NOT NULL"),
            ("Click", 600, "'https://example.com/' || id % 12", 0, "clicked_at IS NOT NULL"),
        )
    ),
    "INSERT INTO outcome_hour SELECT 1, (outcome_at / 3600) * 3600, count(*), 0, 0, 0, 0 "
    "FROM delivery WHERE outcome = 'delivered' GROUP BY CAST(outcome_at / 3600 AS INTEGER)",
    "UPDATE run SET state = 'finished', pending = 0, accepted = :many, delivered = :many * 4 / 5",
    "ANALYZE",
)
_PLAIN = (
    "SELECT outcome, count(*), count(opened_at), count(clicked_at) FROM delivery WHERE run_id = 1 "
    "GROUP BY outcome",
    "SELECT e.detail, count(*), count(DISTINCT d.id) FROM ses_event e JOIN delivery d "
    "ON d.id = e.delivery_id WHERE e.kind = 'Click' AND d.run_id = 1 GROUP BY e.detail",
)


@pytest.mark.benchmark
@pytest.mark.timeout(900)
def test_report(tmp_path: Path) -> None:
    many = figures.size("MANY", 1_000_000)
    file = tmp_path / "sestui.db"
    database = Database(url_of(file))
    ensure_schema(database)
    add_contacts(database, ["r1@d1.example"])
    start_run(database, make_campaign(database), 0)
    with closing(sqlite3.connect(file)) as plain:
        with plain:
            for statement in _FILL:
                plain.execute(statement, {"many": many} if ":many" in statement else {})
        counted = _median(lambda: [plain.execute(each).fetchall() for each in _PLAIN])
    report = _median(lambda: run_report(database, "news"))

    def forecast() -> object:
        with database.read_connection() as connection:
            return of_audience(connection, Audience(("all",)), many, 1.0)

    expected = _median(forecast)
    figures.show(
        f"report of a run of {many:,} (goal: < 1 s)",
        ["", "seconds", "processor", "of plain SQL's"],
        [
            ["plain SQL: outcomes, clicks by link", *_said(counted), ""],
            ["report", *_said(report), figures.times(report[1], counted[1])],
            ["forecast of bounces", *_said(expected), ""],
        ],
    )
    database.close()


def _median(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds, and those of the processor alone."""
    taken = []
    for _ in range(3):
        began, spent = time.perf_counter(), time.process_time()
        work()
        taken.append((time.perf_counter() - began, time.process_time() - spent))
    return sorted(taken)[1]


def _said(taken: tuple[float, float]) -> list[str]:
    return [f"{each:.2f}" for each in taken]
