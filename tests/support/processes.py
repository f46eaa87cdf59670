"""Real sestui processes over one workspace, and the counting of what came of them.

Nothing here asks sestui whether all went well: who got what is read from the simulator's own
outbox, and only then held against the ledger.
"""

import os
import random
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean, median
from typing import Any

from sqlalchemy import update

from sestui.core.delivery.account_key import ANY_SES
from sestui.core.delivery.states import DeliveryState, RunState
from sestui.simulator.launch import SimulatorProcess, start_simulator
from sestui.store.db.tables import Run
from sestui.store.ledger.log_rows import LogFilter
from tests.support.environment import bare_environment
from tests.support.seeding import addresses, checked_counts
from tests.support.workspaces import World, until

_RUN = Run.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass
FIRST_MAIL_SECONDS = 30


@dataclass
class Kills:
    """What each kill left in flight: the addresses."""

    left: list[set[str]] = field(default_factory=list)

    @property
    def sizes(self) -> list[int]:
        """How many each kill left in flight."""
        return [len(emails) for emails in self.left]

    def told(self, outbox: dict[str, int]) -> str:
        """The figures as a line; ``outbox`` tells which of them SES had taken."""
        sizes = self.sizes or [0]
        taken = sum(email in outbox for emails in self.left for email in emails)
        return (
            f"{len(self.left)} kills; in doubt each: mean {mean(sizes):.1f}, "
            f"median {median(sizes):g}, worst {max(sizes)}; {taken} of all {sum(sizes)} reached SES"
        )


class Scene:
    """One campaign ``news`` to so many recipients, and the processes that send it."""

    def __init__(
        self,
        folder: Path,
        recipients: int,
        *,
        rate: float,
        latency: float = 0.05,
        mode: str = "auto",
        quota: int = -1,
        workspace: Path | None = None,
        **settings: object,
    ) -> None:
        """``rate`` and ``quota`` are the account's; ``settings`` go to every process.

        ``workspace`` has the database apart from what the simulator keeps (then :meth:`serve`).
        """
        self.rate = rate
        self.latency = latency
        self.mode = mode
        self.settings = settings
        self.emails = addresses(recipients)
        self.folder = folder
        account = folder / "account"
        account.mkdir()
        self.world = World(workspace or account, account)
        self.world.account.configure(rate=rate, quota=quota)
        self.runtime = self.world.runtime()
        self.run: Run = self.world.started(self.runtime, self.emails)
        self._processes: list[subprocess.Popen[bytes]] = []
        self._ses: SimulatorProcess | None = None
        self._endpoint = ""
        self._access_key_id = ""
        self._by_way_of: dict[str, str] = {}
        self._noting = False

    def close(self) -> None:
        for process in self._processes:
            if process.poll() is None:
                process.kill()
            process.wait(30)
        self.hang_up()
        self.world.close()

    def serve(self) -> None:
        """Be SES at one address for all processes, which bring up no simulator of their own."""
        port = int(self._endpoint.rpartition(":")[2] or 0)
        self._ses = start_simulator(self.world.account_folder, latency=self.latency, port=port)
        self._endpoint = self._ses.endpoint_url
        self._access_key_id = self._ses.access_key_id
        with self.runtime.database.write_connection() as connection:
            # It was started by this process, whose account is the built-in simulator.
            connection.execute(update(_RUN).values(account=ANY_SES))

    @property
    def endpoint(self) -> str:
        """Where SES is, once it is served."""
        return self._endpoint

    def go_by(self, url: str, **environment: str) -> None:
        """From now on processes find SES at ``url``, which something else answers."""
        self._by_way_of = {"AWS_ENDPOINT_URL_SESV2": url, **environment}

    def hang_up(self) -> None:
        """From now on connections to that address are refused, until :meth:`serve`."""
        if self._ses is not None:
            self._ses.stop()

    def note_departures(self) -> None:
        """Have the processes from now on note when each of their calls leaves."""
        self._noting = True

    def departures(self) -> list[tuple[float, int]]:
        """Instant and number of mails of every call that left, in order."""
        found = [line.split() for line in self._noted()]
        return sorted((float(instant), int(mails)) for instant, mails, _ in found)

    def _noted(self) -> list[str]:
        return (self.folder / "departures").read_text().splitlines()

    def _program(self) -> list[str]:
        if not self._noting:
            return ["-m", "sestui"]
        return [str(Path(__file__).with_name("departures.py")), str(self.folder / "departures")]

    def process(self, *arguments: str) -> subprocess.Popen[bytes]:
        """``sestui ARGUMENTS`` in a session and an environment of its own."""
        log = self.folder / f"process-{len(self._processes)}.log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, "-P", *self._program(), *arguments],
                env=self._environment(),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._processes.append(process)
        return process

    def _environment(self) -> dict[str, str]:
        given = {
            "data_dir": self.world.folder,
            "config": os.devnull,
            "simulator_latency": self.latency,
            "send_mode": self.mode,
            **self.settings,
        }
        found = bare_environment(self.folder)
        if self._endpoint:
            given["account"] = "ses"
            found |= {
                "AWS_ENDPOINT_URL_SESV2": self._endpoint,
                "AWS_REGION": "eu-west-1",
                "AWS_ACCESS_KEY_ID": self._access_key_id,
                "AWS_SECRET_ACCESS_KEY": "chaos",
                **self._by_way_of,
            }
        return found | {f"SESTUI_{name.upper()}": str(value) for name, value in given.items()}

    def said(self) -> str:
        """What the last process said, for a failing test."""
        return (self.folder / f"process-{len(self._processes) - 1}.log").read_text()

    def accepted(self) -> int:
        """Mails in the simulator's outbox."""
        return int(self.world.account.stats()["accepted"])

    def state(self) -> str:
        return self.runtime.runs.get(self.run.id).state

    def until_sending(self, process: subprocess.Popen[bytes]) -> None:
        """Wait for the process's first mail, or its end."""
        before = self.accepted()
        until(
            lambda: self.accepted() > before or process.poll() is not None,
            FIRST_MAIL_SECONDS,
        )

    def kill_at_random(self, times: int, chance: random.Random, *, longest: float) -> Kills:
        """Start, kill -9 within ``longest`` seconds of its first mail, start again, ...

        Every tenth process is killed while it starts instead.
        """
        kills = Kills()
        while len(kills.left) < times and self.state() != RunState.FINISHED:
            number = len(kills.left)
            command = ("send", "news") if number % 3 == 0 else ("run-due",)
            process = self.process(*command)
            if number % 10 == 9:
                self._wait(process, chance.uniform(0, 2))
            else:
                self.until_sending(process)
                self._wait(process, chance.uniform(0, longest))
            if process.poll() is None:
                os.kill(process.pid, signal.SIGKILL)
                process.wait(30)
                # What an earlier kill left is counted there, though this process was killed before
                # it could put it in doubt.
                earlier = set().union(*kills.left)
                kills.left.append(self._in_flight() - earlier)
        return kills

    def finish(self, *, most: int = 20) -> None:
        """Go on with run-due until the run has ended."""
        for _ in range(most):
            if self.state() == RunState.FINISHED:
                return
            self.process("run-due").wait(120)
        assert self.state() == RunState.FINISHED, self.said()

    def check_accounts(self) -> None:
        """Nobody lost, nobody twice, and the ledger says of each what SES knows."""
        outbox = self.world.outbox()
        assert set(outbox.values()) <= {1}, "somebody got it twice"
        counts = checked_counts(self.runtime.database, self.run.id)
        assert counts.audience == len(self.emails)
        assert (counts.pending, counts.sending) == (0, 0)
        by_state: dict[str, set[str]] = {}
        for batch in self._rows():
            for state, email in batch:
                by_state.setdefault(state, set()).add(email)
        accepted = by_state.get(DeliveryState.ACCEPTED, set())
        doubtful = by_state.get(DeliveryState.IN_DOUBT, set())
        assert accepted <= set(outbox), "the ledger says accepted, SES never got it"
        assert set(outbox) <= accepted | doubtful, "SES got it, the ledger doesn't know"
        rejected = by_state.get(DeliveryState.REJECTED, set())
        assert accepted | doubtful | rejected == set(self.emails), "somebody was lost"

    def shares(self) -> list[float]:
        """What share of the departures each process had."""
        pids = Counter(line.split()[2] for line in self._noted())
        return [count / pids.total() for count in pids.values()]

    def _rows(self) -> Any:
        return self.runtime.deliveries.log(
            LogFilter(),
            lambda batch: list(zip(batch.columns["state"], batch.columns["email"], strict=True)),
        )

    def _in_flight(self) -> set[str]:
        rows = self.runtime.deliveries.of_run(
            self.run.id, state=DeliveryState.SENDING, limit=100_000
        )
        return {row.email for row in rows}

    @staticmethod
    def _wait(process: subprocess.Popen[bytes], seconds: float) -> None:
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            return


def locked(made: Scene) -> "closing[sqlite3.Connection]":
    """Hold the write lock of the database, as a backup or a forgotten shell does."""
    other = sqlite3.connect(made.world.folder / "sestui.db", isolation_level=None, timeout=10)
    other.execute("BEGIN EXCLUSIVE")
    return closing(other)
