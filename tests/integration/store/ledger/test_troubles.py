"""What did not go well in a run, grouped; and its recipients by domain; on both engines."""

import pytest

from sestui.core.delivery.handover import ClaimRequest
from sestui.store.ledger import troubles
from sestui.store.ledger.troubles import DomainCounts, Trouble, Troubles
from tests.support.seeding import (
    PLENTY,
    accepted,
    add_contacts,
    make_campaign,
    open_ledger,
    refused,
    start_run,
    suppress,
    tell_governor,
    unknown,
)

ADDRESSES = [f"{number}@{'A.example' if number % 3 else 'b.example'}" for number in range(12)]


@pytest.fixture
def answered(database, clock):
    """A run of twelve: two refused, one in doubt, one skipped, the others accepted."""
    add_contacts(database, ADDRESSES)
    tell_governor(database, PLENTY, now=clock.now())
    run = start_run(database, make_campaign(database), clock.now())
    suppress(database, ADDRESSES[11])
    ledger = open_ledger(database, clock)
    claims = ledger.exchange([], ClaimRequest(run.id, 12)).claims
    answers = [refused(claims[0]), refused(claims[1]), unknown(claims[2])]
    ledger.exchange([*answers, *map(accepted, claims[3:])], None)
    return run.id


def test_what_did_not_go_well_is_grouped_by_reason(answered, database):
    found = Troubles(database).of_run(answered)
    assert found[0] == Trouble("rejected", "MessageRejected", "No.", 2)
    assert [(each.state, each.count) for each in found[1:]] == [("in_doubt", 1), ("skipped", 1)]


def test_what_came_back_is_among_it_and_found_by_its_index(answered, database):
    with database.write_connection() as connection:
        connection.exec_driver_sql(
            "UPDATE delivery SET outcome = 'bounced', outcome_code = 'Permanent/NoEmail'"
            " WHERE email IN ('4@A.example', '5@A.example')"
        )
        connection.exec_driver_sql(
            "UPDATE delivery SET outcome = 'complained', outcome_code = 'abuse'"
            " WHERE email = '6@b.example'"
        )
    found = Troubles(database).of_run(answered)
    assert Trouble("bounced", "Permanent/NoEmail", "", 2) in found
    assert Trouble("complained", "abuse", "", 1) in found
    if database.is_sqlite:
        with database.read_connection() as connection:
            plan = connection.exec_driver_sql(
                f"EXPLAIN QUERY PLAN {troubles._GROUPED.compile(connection)}",
                tuple(
                    answered if name == "run_id" else troubles.MOST_ROWS
                    for name in troubles._GROUPED.compile(connection).positiontup
                ),
            )
            assert "ix_delivery_came_back" in str(plan.all())


def test_a_replay_knows_when_it_happened(answered, database):
    found = Troubles(database).timeline(answered)
    assert [each.state for each in found].count("rejected") == 2
    assert [each.at for each in found] == sorted(each.at for each in found)
    assert all(each.at > 0 for each in found)


def test_recipients_are_counted_by_domain_in_bounded_steps(answered, database, monkeypatch):
    monkeypatch.setattr(troubles, "_STEP", 5)
    *steps, found = Troubles(database).domains(answered, 10)
    assert steps == [None] * len(steps)
    assert len(steps) > 1
    assert found == (DomainCounts("a.example", 8, 1), DomainCounts("b.example", 4, 1))
