from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest

from sestui.ses_api.wire_parsing import parse_send_bulk_email, parse_send_email
from sestui.simulator.account.account import CallDecision, call_of
from sestui.simulator.account.state import SimulatorState
from tests.support.clocks import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def state(tmp_path: Path, clock: FakeClock) -> Iterator[SimulatorState]:
    opened = SimulatorState(tmp_path / "simulator.db", clock, chance=Random(1))
    yield opened
    opened.close()


@pytest.fixture
def send(state: SimulatorState, clock: FakeClock) -> Callable[[bytes], CallDecision]:
    def go(body: bytes) -> CallDecision:
        parse = parse_send_bulk_email if b"BulkEmailEntries" in body else parse_send_email
        return state.send(call_of(parse(body), "EU-WEST-1"), body, clock.now())

    return go
