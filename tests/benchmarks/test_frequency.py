"""A run with a frequency limit, beside the same run without, after 1,000,000 mails of campaigns.

What a recipient costs the ledger: claimed, and the answer written, in slices of 500. Ten campaigns
have mailed every contact, one a week. Beside it stands how long it takes to say beforehand how many
have reached the limit.

``SESTUI_BENCH_ROWS`` (1,000,000) mails.
"""

import time

import pytest
from sqlalchemy import text
from sqlmodel import update

from sestui.store.contacts.contacts import Contacts
from sestui.store.db.database import Database
from sestui.store.db.tables import Delivery, Run
from sestui.store.ledger.frequency import count_over
from tests.benchmarks import figures
from tests.benchmarks.test_segment_run import EVERY, mailed
from tests.benchmarks.test_segments import people
from tests.support.seeding import ACCOUNT, make_campaign, start_run, tell_governor

ROWS = figures.size("ROWS", 1_000_000)
CAMPAIGNS = 10
WEEK = 7 * 86_400.0
LIMITS = {
    "without a limit": "",
    "3 per week, of which each has had 1 or 2": "3 per week",
    "99 per month, of which each has had 4": "99 per month",
    "2 per month, which all have had": "2 per month",
}


def fill(database: Database) -> None:
    """Ten campaigns, one a week, that everybody has got."""
    Contacts(database).add(list(people(ROWS // CAMPAIGNS, "p")), list_name="all", now=1)
    for number in range(CAMPAIGNS):
        run = start_run(database, make_campaign(database, f"past{number}"), time.time())
        at = time.time() - number * WEEK - 60
        sent = {"state": "accepted", "claimed_at": at, "sent_at": at, "attempts": 1}
        with database.write() as session:
            session.exec(update(Delivery).where(Delivery.run_id == run.id).values(**sent))
            ended = {"state": "finished", "finished_at": at, "pending": 0}
            ended["accepted"] = ROWS // CAMPAIGNS
            session.exec(update(Run).where(Run.id == run.id).values(**ended))
    with database.write_connection() as connection:
        connection.execute(text("ANALYZE"))


@pytest.mark.benchmark
@pytest.mark.timeout(3_600)
def test_a_limited_run_beside_one_without_a_limit(database: Database) -> None:
    fill(database)
    tell_governor(database, EVERY, now=time.time())
    rows: list[tuple[str, ...]] = []
    first: list[float] = []
    for number, (named, at_most) in enumerate(LIMITS.items()):
        fields = {"at_most": at_most} if at_most else {}
        campaign = make_campaign(database, f"run{number}", **fields)
        began = time.perf_counter()
        with database.read_connection() as connection:
            over = count_over(connection, campaign, None, time.time(), ACCOUNT).recipients
        counted = time.perf_counter() - began
        run = start_run(database, campaign, time.time())
        count, *costs = mailed(database, run.id)
        assert count == ROWS // CAMPAIGNS - over
        first = first or costs
        told = (
            f"{cost * 1e6:.0f} µs ({figures.times(cost, of)})"
            for cost, of in zip(costs, first, strict=True)
        )
        rows.append((named, f"{over:,}", f"{counted:.2f} s", *told))
    engine = "SQLite" if database.is_sqlite else "PostgreSQL"
    figures.show(
        f"{ROWS // CAMPAIGNS:,} contacts with {ROWS:,} mails before, {engine}",
        ("at most", "over it", "counting them", "ledger's processor", "ledger's wall"),
        rows,
    )
