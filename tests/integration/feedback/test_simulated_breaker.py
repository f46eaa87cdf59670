"""The breaker in the whole loop: the sender, its events beside it, and a list that bounces."""

import pytest

from sestui.core.recipient_behaviour import behaviour_of
from sestui.runtime import Runtime
from sestui.settings import load_settings
from tests.support.screens import add_campaign
from tests.support.workspaces import until

CONTACTS = 3_000


@pytest.fixture
def runtime(tmp_path):
    settings = load_settings(
        data_dir=tmp_path,
        simulator_rate=40,
        simulator_latency=0,
        events_while_sending=True,
        simulator_recipients=behaviour_of("bounce=0.6 seed=5"),
    )
    with Runtime.open(settings) as opened:
        yield opened


@pytest.mark.long
@pytest.mark.ci
def test_a_list_that_bounces_is_stopped_while_it_is_sent(runtime):
    add_campaign(runtime, contacts=CONTACTS)
    run = runtime.starter.start(runtime.campaigns.get("news"), runtime.clock.now())
    sender = runtime.sender()
    sender.start()
    until(lambda: runtime.runs.get(run.id).state == "paused", 60)
    assert sender.join(60)
    after = runtime.runs.get(run.id)
    assert after.reason == "breaker"
    assert "Worst domains: example.com" in after.detail
    assert 0 < after.pending < CONTACTS
    assert after.sending == 0
