"""When a run's first mail since an instant was accepted, held against a look at every row."""

import random

import pytest
from sqlalchemy import insert
from sqlmodel import col, select, update

from sestui.core.delivery.states import DeliveryState
from sestui.store.db.database import Database
from sestui.store.db.tables import Delivery, Run
from sestui.store.ledger.sent_since import count_sent, first_sent
from sestui.store.runs.run_lists import RecentRuns
from sestui.store.runs.runs import Runs
from tests.support.seeding import add_contacts, addresses, make_campaign, start_run

DAY = 86_400.0


@pytest.fixture
def run_id(database, clock):
    add_contacts(database, addresses(1))
    run = start_run(database, make_campaign(database), clock.now() - 3 * DAY)
    with database.write() as session:
        session.exec(
            update(Run).where(col(Run.id) == run.id).values(state="sending", finished_at=None)
        )
    return run.id


def write(database: Database, run_id: int, sent_at: list[float], *, apart: int = 1) -> None:
    rows = [
        {
            "id": 1_000 + number * apart,
            "run_id": run_id,
            "email": "x@example.com",
            "state": DeliveryState.ACCEPTED.value,
            "queued_at": 0.0,
            "sent_at": at,
            "message_id": "m",
            "attempts": 1,
            "code": "",
            "reason": "",
            "not_before": 0.0,
            "worker": "",
            "outcome": "",
        }
        for number, at in enumerate(sent_at)
    ]
    with database.write_connection() as connection:
        connection.execute(insert(Delivery), rows)


def every_row(database: Database, run_id: int, since: float) -> list[float]:
    with database.read() as session:
        return sorted(
            session.exec(
                select(Delivery.sent_at).where(
                    Delivery.run_id == run_id,
                    Delivery.state == "accepted",
                    col(Delivery.sent_at) > since,
                )
            ).all()
        )


def first_at(database: Database, run_id: int, since: float) -> float | None:
    with database.read_connection() as connection:
        row = connection.execute(first_sent(col(Run.id) == run_id), {"since": since}).one()
    assert (row.first_id is None) == (row.first_at is None)
    return row.first_at


def check(database: Database, run_id: int, since: float) -> None:
    known = every_row(database, run_id, since)
    with database.read_connection() as connection:
        count = connection.scalar(count_sent(col(Run.id) == run_id), {"since": since})
    assert count == len(known)
    assert first_at(database, run_id, since) == (known[0] if known else None)


@pytest.mark.parametrize("apart", [1, 7])
@pytest.mark.parametrize("since", [-1.0, 0.0, 1.0, 499.5, 500.0, 998.0, 999.0, 2_000.0])
def test_in_order(database, run_id, since, apart):
    write(database, run_id, [float(each) for each in range(1_000)], apart=apart)
    check(database, run_id, since)


def test_a_run_of_which_nothing_was_sent(database, run_id):
    check(database, run_id, 0.0)


def test_out_of_order_by_latencies(sqlite_database, request):
    database, chance = sqlite_database, random.Random(7)
    add_contacts(database, addresses(1))
    run = start_run(database, make_campaign(database), 0.0)
    write(database, run.id, [each + chance.uniform(0, 60) for each in range(3_000)])
    for since in range(0, 3_000, 37):
        check(database, run.id, float(since))


def test_what_was_tried_again_leads_nobody_astray(sqlite_database):
    """One in ten was sent much later than its neighbours, and so were some in a row."""
    database, chance = sqlite_database, random.Random(11)
    add_contacts(database, addresses(1))
    run = start_run(database, make_campaign(database), 0.0)
    sent_at = [each + (900.0 if chance.random() < 0.1 else 0.0) for each in range(3_000)]
    sent_at[400:425] = [each + 1_500.0 for each in sent_at[400:425]]
    write(database, run.id, sent_at)
    for since in range(1_000, 3_000, 61):
        known = every_row(database, run.id, float(since))
        found = first_at(database, run.id, float(since))
        assert found is not None
        assert known[0] <= found <= known[0] + 1.0


def test_the_quota_and_the_count_of_a_day(database, run_id, clock):
    now = clock.now()
    write(database, run_id, [now - 2 * DAY + each * 60 for each in range(2_880)])
    frees_at = Runs(database).quota_frees_at(now)
    assert frees_at == pytest.approx(now + 60, abs=1)
    assert RecentRuns(database).handed_over_since(now - DAY) == 1_439


def test_several_runs_are_each_told_apart(database, run_id, clock):
    now = clock.now()
    write(database, run_id, [now - 2 * DAY + each * 60 for each in range(2_880)])
    second = start_run(database, make_campaign(database, "other"), now - DAY / 2)
    nothing = start_run(database, make_campaign(database, "third"), now - DAY / 2)
    with database.write() as session:
        session.exec(
            update(Delivery)
            .where(col(Delivery.run_id) == second.id)
            .values(state="accepted", sent_at=now - DAY / 2)
        )
    with database.read_connection() as connection:
        found = connection.execute(first_sent(col(Run.id) > 0), {"since": now - DAY})
        firsts = {row.run_id: row.first_at for row in found}
        count = connection.scalar(count_sent(col(Run.id) > 0), {"since": now - DAY})
    assert firsts == {run_id: now - DAY + 60, second.id: now - DAY / 2, nothing.id: None}
    assert count == 1_439 + 1
