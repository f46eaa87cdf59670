"""The whole loop over HTTP: a campaign on the simulator, and what its recipients do with it."""

import pytest
from sqlalchemy import update

from sestui.core.clock import SystemClock
from sestui.core.recipient_behaviour import behaviour_of
from sestui.runtime import Runtime
from sestui.settings import load_settings
from sestui.simulator.account.state import SimulatorState
from sestui.simulator.account.storage import FILE_NAME
from sestui.store.db.tables import Contact
from tests.support.screens import add_campaign
from tests.support.seeding import rows_of


@pytest.fixture
def runtime(tmp_path):
    settings = load_settings(
        data_dir=tmp_path,
        simulator_rate=500,
        simulator_latency=0,
        unsubscribe_mailbox="unsubscribe@in.example.com",
        simulator_recipients=behaviour_of(
            "bounce=0.2 soft_bounce=0.1 complaint=0.2 unsubscribe=0.5 seed=5"
        ),
    )
    with Runtime.open(settings) as opened:
        yield opened


@pytest.mark.long
@pytest.mark.ci
def test_who_leaves_sess_contact_list_gets_no_more_mail_by_it(tmp_path):
    settings = load_settings(
        data_dir=tmp_path,
        simulator_rate=500,
        simulator_latency=0,
        ses_contact_list="all",
        ses_topic="news",
        send_mode="bulk",
        simulator_recipients=behaviour_of("unsubscribe=1"),
    )
    with Runtime.open(settings) as runtime:
        add_campaign(runtime, contacts=3)
        for again in (False, True):
            if again:  # as if the event had been lost
                change_all(runtime, status="active", status_reason="")
            at = runtime.clock.now()
            run = runtime.starter.start(runtime.campaigns.get("news"), at, again=again)
            sender = runtime.sender()
            sender.start()
            assert sender.join(60)
            state = SimulatorState(runtime.settings.data_dir / FILE_NAME, SystemClock())
            state.advance(600)
            state.close()
            kinds = runtime.feedback.puller().pull().kinds
            told = "Bounce" if again else "Subscription"
            assert kinds[told] == 3
            rows = rows_of(runtime.database, run.id)
            assert {runtime.contacts.get(row.email).status for row in rows} == {"unsubscribed"}
        assert {row.outcome_code for row in rows} == {"Permanent/UnsubscribedRecipient"}
        assert all(runtime.suppressions.get(row.email) is None for row in rows)


def change_all(runtime, **values):
    with runtime.database.write() as session:
        session.execute(update(Contact.__table__).values(**values))


@pytest.mark.long
@pytest.mark.ci
def test_a_campaign_on_the_simulator_and_what_became_of_it(runtime):
    add_campaign(runtime, contacts=60)
    run = runtime.starter.start(runtime.campaigns.get("news"), runtime.clock.now())
    sender = runtime.sender()
    sender.start()
    assert sender.join(60)
    assert sender.error is None
    puller = runtime.feedback.puller()
    seen = {}
    for _ in range(200):
        result = puller.pull(wait_seconds=1)
        for kind, count in result.kinds.items():
            seen[kind] = seen.get(kind, 0) + count
        if seen.get("Delivery", 0) + seen.get("Bounce", 0) == 60:
            break
    assert seen["Send"] == 60
    after = runtime.runs.get(run.id)
    assert after.accepted == 60
    assert after.delivered + after.bounced == 60
    assert after.bounced == seen["Bounce"] > 0
    state = SimulatorState(runtime.settings.data_dir / FILE_NAME, SystemClock())
    state.advance(600)  # by then, those who unsubscribe by mail have done so
    state.close()
    by_mail = puller.pull().kinds["Unsubscribe"]
    statuses = [runtime.contacts.get(row.email).status for row in rows_of(runtime.database, run.id)]
    assert statuses.count("unsubscribed") == by_mail > 0
