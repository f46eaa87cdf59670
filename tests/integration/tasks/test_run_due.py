from sestui.core.delivery.handover import RunCounts
from sestui.core.delivery.states import RunState
from sestui.store.ledger.insight_questions import note_looked_at
from sestui.store.tasks.due_check import anything_due
from sestui.tasks.run_due import RunDue
from tests.support.clocks import FakeClock
from tests.support.seeding import add_contacts, addresses, checked_counts, make_campaign, start_run
from tests.support.workspaces import sent


def test_one_whose_time_was_up_before_it_could_begin_sends_nothing(world):
    runtime = world.runtime()
    run = world.started(runtime, addresses(20))
    (view,) = RunDue(runtime, seconds=0).run().runs
    assert view.state == RunState.SENDING
    assert checked_counts(runtime.database, run.id) == RunCounts(pending=20)
    assert world.outbox() == {}


def test_it_asks_ses_about_what_has_been_in_doubt_for_long_once(world):
    runtime = world.runtime()
    run = world.started(runtime, addresses(4))
    sent(runtime)
    ago = 90_000.0
    with runtime.database.write_connection() as connection:
        connection.exec_driver_sql(
            "UPDATE delivery SET state = 'in_doubt', message_id = '', "
            f"claimed_at = claimed_at - {ago} WHERE id <= 3"
        )
        connection.exec_driver_sql("UPDATE run SET in_doubt = 3, accepted = 1")
        connection.exec_driver_sql("DELETE FROM ses_event")
    with world.account.changing() as connection:
        connection.execute(f"UPDATE outbox SET accepted_at = accepted_at - {ago}")
        connection.execute("UPDATE event SET due_at = NULL")
    report = RunDue(runtime, seconds=50).run()
    assert "3 no longer in doubt, as SES's records have them." in report.told
    assert checked_counts(runtime.database, run.id) == RunCounts(accepted=4)


def test_what_is_in_doubt_is_looked_at_once_an_hour(database):
    clock = FakeClock()
    add_contacts(database, addresses(1))
    start_run(database, make_campaign(database), clock.now())
    with database.write_connection() as connection:
        connection.exec_driver_sql("UPDATE run SET state = 'finished', pending = 0, in_doubt = 1")
    assert anything_due(database, clock.now())
    note_looked_at(database, clock.now())
    assert not anything_due(database, clock.now() + 3_500)
    assert anything_due(database, clock.now() + 3_700)
    note_looked_at(database, 0.0)
    assert anything_due(database, clock.now())
