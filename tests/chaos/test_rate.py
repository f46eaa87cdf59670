"""Throttling over HTTP: the goodput that the simulation promises, beside the same without any.

Ratios of what one machine does with and without throttling, so that a loaded one passes too.
"""

import random
from pathlib import Path

import pytest

from tests.support.throttled_runs import LATENCY, TOLD, Phase, send_through
from tests.support.throttling import Sending, SimulatedSES, constant

SECONDS = 15


def simulated(phase: Phase) -> float:
    """Goodput as a share of what SES tells."""
    chance = random.Random(1)
    ses = SimulatedSES(chance, constant(phase.left), constant(phase.share), burst=1)
    sending = Sending(ses, constant(TOLD), chance, latency=LATENCY, jitter=0)
    return sending.run(phase.seconds).goodput() / TOLD


@pytest.mark.long
@pytest.mark.timeout(300)
@pytest.mark.parametrize("phase", [Phase(SECONDS, share=0.1), Phase(SECONDS, left=TOLD / 2)])
def test_the_goodput_is_that_of_the_simulation(tmp_path: Path, phase: Phase) -> None:
    plain = send_through(tmp_path / "plain", [Phase(SECONDS)])
    throttled = send_through(tmp_path / "throttled", [phase])
    reached = throttled.goodput / plain.goodput
    assert reached >= 0.9 * simulated(phase), (plain, throttled)
