"""Whole campaigns on a real simulator, for tests of the sender and for chaos."""

import json
import threading
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from sestui.core.clock import Clock, SystemClock
from sestui.core.delivery.handover import RunCounts
from sestui.runtime import Runtime
from sestui.settings import Settings, load_settings
from sestui.simulator.account.state import SimulatorState
from sestui.simulator.account.storage import FILE_NAME
from sestui.store.db.tables import Run
from tests.support.seeding import add_contacts, checked_counts, make_campaign


class World:
    """One workspace with its simulated account; ``settings`` go to every runtime opened in it.

    ``account_folder`` holds what the simulator keeps; None: the workspace itself, as usual.
    """

    def __init__(self, folder: Path, account_folder: Path | None = None, **settings: Any) -> None:
        self.folder = folder
        self.account_folder = account_folder or folder
        usual = {"simulator_rate": 200, "simulator_latency": 0.01}
        self.settings: Settings = load_settings(data_dir=folder, **{**usual, **settings})
        self.account = SimulatorState(self.account_folder / FILE_NAME, SystemClock())
        self._opened: list[Runtime] = []

    def runtime(self, clock: Clock | None = None) -> Runtime:
        """Another process's view of the workspace, on the machine's clock or on its own."""
        opened = Runtime.open(self.settings, clock)
        self._opened.append(opened)
        return opened

    def close(self) -> None:
        for runtime in self._opened:
            runtime.close()
        self.account.close()

    def started(
        self, runtime: Runtime, emails: list[str], name: str = "news", **campaign: Any
    ) -> Run:
        """A run of campaign ``name`` over a list of that name."""
        add_contacts(runtime.database, emails, name)
        made = make_campaign(
            runtime.database, name, now=runtime.clock.now(), lists=(name,), **campaign
        )
        run = runtime.starter.start(made, runtime.clock.now())
        assert run is not None
        return run

    def outbox(self) -> dict[str, int]:
        """How often SES accepted each address: the other side's own account."""
        return self.account.addresses()


def once(emails: list[str]) -> dict[str, int]:
    """The outbox in which everybody has the mail once."""
    return dict.fromkeys(emails, 1)


def check_pace(arrivals: Sequence[tuple[float, int]], rate: float) -> None:
    """No more than ``rate`` a second over the whole of ``arrivals``, (instant, mails) each.

    A slow machine only makes the whole longer, by what it held up at most shorter: a second's mails
    are its allowance. How full the fullest second is, is for the benchmarks on a quiet one.
    """
    instants = [instant for instant, _ in arrivals]
    seconds = max(instants) - min(instants)
    assert sum(mails for _, mails in arrivals) <= rate * (seconds + 1) + 1


def counts(runtime: Runtime, run: Run) -> RunCounts:
    """The run's counters, held against its rows."""
    return checked_counts(runtime.database, run.id)


def control(runtime: Runtime, path: str, **body: Any) -> Any:
    """Ask the control API of this runtime's simulator; POST when there is something to say."""
    clients = runtime.ses.clients
    request = urllib.request.Request(
        f"{clients.endpoint_url}/_simulator/{path}",
        data=json.dumps(body).encode() if body else None,
        headers={"Authorization": f"Bearer {clients.credentials().access_key}"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def until(happened: Callable[[], bool], seconds: float = 30) -> None:
    """Look every few milliseconds, for things no event tells of: other processes' rows."""
    clock = SystemClock()
    give_up_at = clock.monotonic() + seconds
    pause = threading.Event()
    while not happened():
        assert clock.monotonic() < give_up_at, "it did not happen in time"
        pause.wait(0.01)


def sent(runtime: Runtime) -> None:
    """Send until the sender finds nothing more to do by itself."""
    sender = runtime.sender()
    sender.start()
    assert sender.join(60), "the sender did not end"
    assert sender.error is None, sender.error
