"""A run to a segment of 200,000 out of 1,000,000 contacts, beside the same run to a list of them.

What a mail costs the ledger: claimed, and its answer written, in slices of 500. A tenth of the
segment leaves it meanwhile. Beside it stands how long the start takes, which writes the recipients.

``SESTUI_BENCH_ROWS`` (1,000,000) contacts.
"""

import time

import pytest
from sqlalchemy import text
from sqlmodel import select, update

from sestui.core.clock import SystemClock
from sestui.core.delivery.account import AccountStatus
from sestui.core.delivery.handover import Claim, ClaimRequest
from sestui.store.contacts.contacts import Contacts, NewContact
from sestui.store.db.database import Database
from sestui.store.db.tables import Contact
from sestui.store.runs.runs import Runs
from tests.benchmarks import figures
from tests.benchmarks.test_segments import people
from tests.support.seeding import (
    accepted,
    checked_counts,
    make_campaign,
    open_ledger,
    start_run,
    tell_governor,
)

ROWS = figures.size("ROWS", 1_000_000)
SLICE = 500
EVERY = AccountStatus(max_24_hour_send=-1, max_send_rate=1_000_000, sent_last_24_hours=0)
RUNS = {
    "a list": {"lists": ("few",)},
    "an attribute": {"lists": (), "segment": "fifth == 0"},
    "a list and two attributes": {
        "lists": ("all",),
        "segment": 'fifth == 0 and city in ("Paris", "Lyon", "Köln", "Rome")',
    },
    "a list, an attribute and history": {
        "lists": ("all",),
        "segment": 'fifth == 0 and not received("news") and mails_in(days=7) < 9',
    },
}


def contacts() -> list[NewContact]:
    found = list(people(ROWS, "p"))
    for number, each in enumerate(found):
        each.attributes["fifth"] = str(number % 5)
    return found


def mailed(database: Database, run_id: int) -> tuple[int, float, float]:
    """Claim and settle all of a run; how many mails, and seconds a recipient: processor, wall."""
    ledger = open_ledger(database, SystemClock())
    claims: tuple[Claim, ...] = ()
    mails = asked = 0
    processor, wall = time.process_time(), time.perf_counter()
    while True:
        said = ledger.exchange([accepted(each) for each in claims], ClaimRequest(run_id, SLICE))
        claims = said.claims
        mails += len(claims)
        asked += len(claims) + said.skipped
        if not claims and not said.skipped:
            processor, wall = time.process_time() - processor, time.perf_counter() - wall
            return mails, processor / asked, wall / asked


def give(database: Database, attributes: dict[str, str]) -> None:
    """Give a tenth of the segment, spread over it, other attributes."""
    with database.write() as session:
        first = session.exec(select(Contact.id).where(Contact.email_key.startswith("p0@"))).one()
        tenth = Contact.id % 50 == first % 50
        session.exec(update(Contact).where(tenth).values(attributes=attributes))


@pytest.mark.benchmark
@pytest.mark.timeout(3_600)
def test_a_run_to_a_segment_beside_one_to_a_list(database: Database) -> None:
    found = contacts()
    Contacts(database).add(found, list_name="all", now=1)
    Contacts(database).add(found[::5], list_name="few", now=1)
    with database.write_connection() as connection:
        connection.execute(text("ANALYZE"))
    make_campaign(database)
    tell_governor(database, EVERY, now=time.time())
    rows: list[tuple[str, ...]] = []
    first: list[float] = []
    for number, (named, fields) in enumerate(RUNS.items()):
        campaign = make_campaign(database, f"run{number}", **fields)
        began = time.perf_counter()
        run = start_run(database, campaign, time.time())
        started = time.perf_counter() - began
        assert run.pending == ROWS // 5
        if fields.get("segment"):
            give(database, {"fifth": "none"})
        count, *costs = mailed(database, run.id)
        first = first or costs
        counts = checked_counts(database, run.id)
        assert (counts.accepted, counts.pending, counts.sending) == (count, 0, 0)
        assert counts.skipped == (ROWS // 50 if fields.get("segment") else 0)
        assert Runs(database).get(run.id).state == "finished"
        if fields.get("segment"):
            give(database, {"fifth": "0", "city": "Paris"})
        told = (
            f"{cost * 1e6:.0f} µs ({figures.times(cost, of)})"
            for cost, of in zip(costs, first, strict=True)
        )
        rows.append((named, f"{started:.1f} s", *told))
    engine = "SQLite" if database.is_sqlite else "PostgreSQL"
    figures.show(
        f"{ROWS // 5:,} of {ROWS:,} contacts, {engine}",
        ("run to", "start", "ledger's processor", "ledger's wall"),
        rows,
    )
