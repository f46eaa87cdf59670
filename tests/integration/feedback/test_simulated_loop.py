"""The whole loop over HTTP: a campaign on the simulator, and what its recipients do with it."""

import pytest

from sestui.core.clock import SystemClock
from sestui.core.recipient_behaviour import behaviour_of
from sestui.runtime import Runtime
from sestui.settings import load_settings
from sestui.simulator.account.state import SimulatorState
from sestui.simulator.account.storage import FILE_NAME
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
    state = SimulatorState(runtime.workspace / FILE_NAME, SystemClock())
    state.advance(600)  # by then, those who unsubscribe by mail have done so
    state.close()
    by_mail = puller.pull().kinds["Unsubscribe"]
    statuses = [runtime.contacts.get(row.email).status for row in rows_of(runtime.database, run.id)]
    assert statuses.count("unsubscribed") == by_mail > 0
