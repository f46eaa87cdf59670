from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sestui.core.clock import SystemClock
from sestui.core.delivery.mail import Mail
from sestui.ses.client import Clients, Endpoint
from sestui.simulator.account.state import SimulatorState
from sestui.simulator.account.storage import FILE_NAME
from sestui.simulator.launch import SimulatorProcess, start_simulator
from tests.support.one_by_one import OneByOne


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("simulated")


@pytest.fixture(scope="module")
def simulator(workspace: Path) -> Iterator[SimulatorProcess]:
    with start_simulator(workspace, rate=100_000, latency=0) as process:
        yield process


@pytest.fixture
def account(simulator: SimulatorProcess, workspace: Path) -> Iterator[SimulatorState]:
    """The simulated account behind the server, as new."""
    state = SimulatorState(workspace / FILE_NAME, SystemClock())
    state.reset()
    state.configure(rate=100_000)
    yield state
    state.close()


@pytest.fixture
def clients(simulator: SimulatorProcess, monkeypatch: pytest.MonkeyPatch) -> Iterator[Clients]:
    """Clients of the simulator that wait for an answer for half a second only."""
    monkeypatch.setattr("sestui.ses.client.READ_SECONDS", 0.5)
    monkeypatch.setattr("sestui.ses.connections.CALL_SECONDS", 0.5)
    opened = Clients(Endpoint(simulator.endpoint_url, True, access_key_id=simulator.access_key_id))
    yield opened
    opened.sesv2.close()


@pytest.fixture
def sending() -> Iterator[Callable[..., OneByOne]]:
    """Make what sends one call at a time by these clients."""
    made: list[OneByOne] = []

    def make(clients: Clients, **options: int) -> OneByOne:
        made.append(OneByOne(clients, **options))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def gateway(clients: Clients, sending: Callable[..., OneByOne]) -> OneByOne:
    return sending(clients)


@pytest.fixture
def mail() -> Callable[..., Mail]:
    def made(to: str = "ada@example.com", **fields: object) -> Mail:
        usual = {
            "from_address": "Shop <news@example.com>",
            "to": to,
            "subject": "News",
            "html": "<p>Hello</p>",
            "text": "Hello",
            "tags": (("sestui-run", "1"), ("sestui-delivery", "7")),
        }
        return Mail(**{**usual, **fields})

    return made
