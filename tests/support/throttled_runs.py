"""A whole run against a simulator that throttles, counted by the simulator's own outbox."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sestui.simulator.api.faults import checked_fault
from tests.support.seeding import addresses
from tests.support.workspaces import World, until

TOLD = 400
"""What SES tells of the account's rate when the run begins, recipients a second."""

LATENCY = 0.08


@dataclass(frozen=True, slots=True)
class Phase:
    """So many seconds in which SES leaves us ``left`` a second and throttles a share of the calls.

    The account is read again every minute while sending: all phases together stay below that.
    """

    seconds: float
    left: float = TOLD
    share: float = 0.0


@dataclass(frozen=True, slots=True)
class Arrivals:
    """What came of a run."""

    goodput: float
    """Accepted mails a second."""
    throttled: float
    """The share of all mails that was throttled."""


def send_through(folder: Path, phases: Sequence[Phase]) -> Arrivals:
    """Send at full speed through ``phases``; single calls, one engine, SQLite on disk."""
    seconds = sum(phase.seconds for phase in phases)
    world = World(folder, simulator_rate=TOLD, simulator_latency=LATENCY, send_mode="single")
    try:
        runtime = world.runtime()
        world.started(runtime, addresses(round(TOLD * (seconds + 5))))
        sender = runtime.sender()
        sender.start()
        until(lambda: bool(world.account.outbox(limit=1)))
        began = runtime.clock.now()
        for phase in phases:
            world.account.configure(rate=phase.left)
            world.account.clear_faults()
            if phase.share:
                world.account.add_fault(checked_fault("throttle", probability=phase.share))
            threading.Event().wait(phase.seconds)
        ended, fired = runtime.clock.now(), _fired(world)
        sender.stop()
        assert sender.join(60), "the sender did not end"
        assert sender.error is None, sender.error
        mails = world.account.outbox(limit=1_000_000)
        accepted = sum(began <= mail["arrived_at"] < ended for mail in mails)
        return Arrivals(accepted / (ended - began), fired / (accepted + fired))
    finally:
        world.close()


def _fired(world: World) -> int:
    scripted = sum(fault["fired"] for fault in world.account.faults())
    return int(scripted + world.account.account().throttled)
