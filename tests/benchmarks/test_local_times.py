"""A run by the recipients' own clocks beside one that goes at once, over 1,000,000 contacts.

How long the start takes, which writes the recipients; what a mail costs the ledger (claimed, and
its answer written, in slices of 500) where 1 in 100 of those pending is due; and what it costs to
ask when nobody is due.

``SESTUI_BENCH_ROWS`` (1,000,000) contacts.
"""

import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from sestui.core.clock import SystemClock
from sestui.core.delivery.account import AccountStatus
from sestui.core.delivery.handover import Claim, ClaimRequest
from sestui.store.contacts.contacts import Contacts
from sestui.store.db.database import Database
from sestui.store.db.tables import Run
from sestui.store.ledger.local_times import LocalTimes
from sestui.store.runs.runs import Runs
from tests.benchmarks import figures
from tests.benchmarks.test_segments import people
from tests.support.seeding import accepted, make_campaign, open_ledger, tell_governor

ROWS = figures.size("ROWS", 1_000_000)
SLICE = 500
EVERY = AccountStatus(max_24_hour_send=-1, max_send_rate=1_000_000, sent_last_24_hours=0)
_ASKED = 20
_HOUR = 3_600.0


def started(database: Database, name: str, now: float, **fields: str) -> tuple[Run, float]:
    campaign = make_campaign(database, name, **fields)
    began = time.perf_counter()
    run = Runs(database).start(campaign, now)
    took = time.perf_counter() - began
    assert run is not None
    assert run.pending == ROWS
    return run, took


def mailed(database: Database, run_id: int, count: int) -> tuple[float, float]:
    """Claim and settle ``count`` of a run; seconds a recipient: processor, wall."""
    ledger = open_ledger(database, SystemClock())
    claims: tuple[Claim, ...] = ()
    mails = 0
    processor, wall = time.process_time(), time.perf_counter()
    while mails < count:
        said = ledger.exchange([accepted(each) for each in claims], ClaimRequest(run_id, SLICE))
        claims = said.claims
        mails += len(claims)
        assert claims
    ledger.exchange([accepted(each) for each in claims], None)
    processor, wall = time.process_time() - processor, time.perf_counter() - wall
    return processor / mails, wall / mails


def asked(database: Database, run_id: int) -> dict[str, float]:
    """Seconds that it takes to ask when nobody is due."""
    ledger, times = open_ledger(database, SystemClock()), LocalTimes(database)
    asking: dict[str, Callable[[], object]] = {
        "a transaction without a claim": lambda: ledger.exchange([], None),
        "a claim": lambda: ledger.exchange([], ClaimRequest(run_id, SLICE)),
        "who is due first": lambda: times.first(run_id),
        "everybody's hours": lambda: times.pending(run_id),
    }
    return {
        name: statistics.median(_seconds(ask) for _ in range(_ASKED))
        for name, ask in asking.items()
    }


def _seconds(ask: Callable[[], object]) -> float:
    began = time.perf_counter()
    ask()
    return time.perf_counter() - began


@pytest.mark.benchmark
@pytest.mark.timeout(3_600)
def test_a_run_by_local_time_beside_one_that_goes_at_once(database: Database) -> None:
    found = list(people(ROWS, "p"))
    for number, each in enumerate(found):
        each.attributes["timezone"] = "UTC" if number % 100 == 0 else f"-{1 + number % 11:02}:00"
    Contacts(database).add(found, list_name="all", now=1)
    with database.write_connection() as connection:
        connection.execute(text("ANALYZE"))
    tell_governor(database, EVERY, now=time.time())
    few = ROWS // 100
    plain, plain_start = started(database, "plain", time.time())
    plain_cost = mailed(database, plain.id, few)
    Runs(database).cancel(plain.id, time.time())
    now = time.time()
    at = f"{datetime.fromtimestamp(now - 600, UTC):%H:%M} local"
    local, local_start = started(database, "local", now - _HOUR, local_time=at, timezone="UTC")
    local_cost = mailed(database, local.id, few)
    took = asked(database, local.id)
    engine = "SQLite" if database.is_sqlite else "PostgreSQL"
    figures.show(
        f"{ROWS:,} pending, {few:,} mailed, {engine}",
        ("run", "start", "ledger's processor", "ledger's wall"),
        [
            ("at once", f"{plain_start:.1f} s", *(f"{cost * 1e6:.0f} µs" for cost in plain_cost)),
            (
                "by local time",
                f"{local_start:.1f} s ({figures.times(local_start, plain_start)})",
                *(
                    f"{cost * 1e6:.0f} µs ({figures.times(cost, beside)})"
                    for cost, beside in zip(local_cost, plain_cost, strict=True)
                ),
            ),
        ],
    )
    figures.show(
        f"nobody is due, {ROWS - few:,} pending, {engine}",
        ("what", "takes"),
        [(name, f"{seconds * 1e3:.2f} ms") for name, seconds in took.items()],
    )
