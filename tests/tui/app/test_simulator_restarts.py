"""The simulator is a process of its own: when it dies, the screens start it again."""

import socket

import pytest

from sestui.errors import AccountUnreachableError
from tests.support.screens import add_campaign, running, toasts, until


def kill(runtime):
    runtime.ses._simulator._process.kill()


@pytest.mark.long
@pytest.mark.ci
async def test_a_run_goes_on_when_its_simulator_is_killed(open_runtime):
    runtime = open_runtime(simulator_rate=100)
    campaign = add_campaign(runtime, contacts=200)
    run = runtime.starter.start(campaign, runtime.clock.now())
    async with running(runtime, place="home") as (app, pilot):
        await until(pilot, lambda: runtime.overview.run(run.id).counts.accepted > 10)
        before = runtime.ses.clients.endpoint_url
        kill(runtime)
        await until(pilot, lambda: any("The simulator had stopped" in text for text in toasts(app)))
        await until(pilot, lambda: runtime.overview.run(run.id).has_ended)
        assert runtime.ses.clients.endpoint_url == before
    counts = runtime.overview.run(run.id).counts
    assert counts.accepted + counts.in_doubt == 200
    assert counts.accepted > 100


@pytest.mark.long
@pytest.mark.ci
def test_where_its_port_is_taken_it_is_said_and_tried_again(runtime):
    ses = runtime.ses
    assert not ses.simulator_died  # none was needed yet
    assert not ses.revive_simulator()
    runtime.account.poll()
    assert not ses.revive_simulator()
    port = ses._simulator.port
    kill(runtime)
    ses._simulator._process.wait()
    assert ses.simulator_died
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", port))
        other.listen()
        with pytest.raises(AccountUnreachableError, match=str(port)):
            ses.revive_simulator()
    assert ses.simulator_died
    assert ses.revive_simulator()
    assert not ses.simulator_died
    runtime.account.poll()
    ses.close()
    assert not ses.revive_simulator()
