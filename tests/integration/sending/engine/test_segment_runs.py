"""A whole run for a segment whose members change while it runs, by the simulator's own account."""

import pytest
from sqlmodel import col, update

from sestui.core.delivery.states import DeliveryState, PauseReason, RunState
from sestui.sending.engine.loop import End
from sestui.store.db.tables import Contact
from tests.support.seeding import add_contacts, addresses, make_campaign, rows_of
from tests.support.workspaces import counts, once, sent, until


def give(runtime, emails, plan):
    with runtime.database.write() as session:
        those = update(Contact).where(col(Contact.email).in_(emails))
        session.exec(those.values(attributes={"plan": plan}))


@pytest.mark.long
@pytest.mark.ci
def test_who_leaves_while_it_runs_gets_no_mail_and_who_joins_neither(world):
    w = world()
    runtime, emails, others = w.runtime(), addresses(120), addresses(30, "other")
    add_contacts(runtime.database, emails, attributes={"plan": "pro"})
    add_contacts(runtime.database, others, attributes={"plan": "free"})
    campaign = make_campaign(
        runtime.database, now=runtime.clock.now(), segment='plan == "pro"', max_rate=20
    )
    run = runtime.starter.start(campaign, runtime.clock.now())
    assert run.pending == len(emails)
    sender = runtime.sender()
    sender.start()
    until(lambda: counts(runtime, run).accepted > 0)
    runtime.runs.pause(run.id, PauseReason.OPERATOR, "Enough.")
    assert sender.join(60)
    assert sender.end is End.IDLE
    pending = [
        row.email for row in rows_of(runtime.database, run.id) if row.state == DeliveryState.PENDING
    ]
    left = pending[::3]
    assert left
    give(runtime, left, "free")
    give(runtime, others, "pro")
    runtime.runs.resume(run.id)
    sent(runtime)
    assert w.outbox() == once([each for each in emails if each not in left])
    assert counts(runtime, run).skipped == len(left)
    assert runtime.deliveries.skipped_for(run.id) == {"left_segment": len(left)}
    assert runtime.runs.get(run.id).state == RunState.FINISHED
