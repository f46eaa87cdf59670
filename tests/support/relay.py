"""A relay in a process of its own over a simulated account, for tests of clients and for chaos."""

import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from sestui.core.clock import SystemClock
from sestui.core.relay.key import KeyFields
from sestui.runtime import Runtime
from sestui.settings import load_settings
from sestui.simulator.account.state import SimulatorState
from sestui.simulator.account.storage import FILE_NAME
from sestui.simulator.launch import SimulatorProcess, start_simulator
from sestui.store.db.tables import Delivery, Run
from sestui.store.relay.key_maker import KeyMaker, NewKey
from tests.support.environment import bare_environment
from tests.support.seeding import checked_counts, rows_of
from tests.support.workspaces import until

REGION = "eu-west-1"


@dataclass
class Relay:
    """One workspace with a relay that can be killed, and an SES behind it that survives."""

    folder: Path
    ses_url: str
    settings: dict[str, str]
    process: subprocess.Popen[bytes] | None = None
    port: int = 0
    metrics_port: int = 0
    starts: int = 0

    def __post_init__(self) -> None:
        self.settings = {
            "SESTUI_DATA_DIR": str(self.folder),
            "SESTUI_CONFIG": os.devnull,
            "SESTUI_ACCOUNT": "ses",
            "SESTUI_MAX_QUOTA_USAGE": "1",
            "AWS_ENDPOINT_URL_SESV2": self.ses_url,
            "AWS_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "UPSTREAM",
            "AWS_SECRET_ACCESS_KEY": "upstream",
            **self.settings,
        }
        self.runtime = Runtime.open(load_settings(data_dir=self.folder))
        self.keys = KeyMaker(self.runtime.database, self.folder, SystemClock())
        self.key = self.keys.add(KeyFields("shop"))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self, *options: str) -> None:
        """Start the relay; on the same port as before, if it was started before."""
        log = self.folder / f"relay-{self.starts}.log"
        self.starts += 1
        with log.open("wb") as out:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-P", "-m", "sestui", "relay"),
                    *("--port", str(self.port), "--metrics-port", str(self.metrics_port)),
                    *options,
                ],
                env=bare_environment(self.folder, **self.settings),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        until(lambda: "Ctrl-C stops it" in self.said() or self.process.poll() is not None)
        said = self.said()
        assert self.process.poll() is None, said
        self.port = int(said.split("answers at ")[1].split()[0].rpartition(":")[2])
        self.metrics_port = int(said.split("/healthz")[0].rpartition(":")[2])

    def run_due(self) -> None:
        """`sestui run-due` to its end, in place of a relay."""
        subprocess.run(
            [sys.executable, "-P", "-m", "sestui", "run-due"],
            env=bare_environment(self.folder, **self.settings),
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            check=False,
            timeout=100,
        )

    def said(self) -> str:
        """What the last relay said."""
        return (self.folder / f"relay-{self.starts - 1}.log").read_text()

    def kill(self) -> None:
        """kill -9."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """SIGTERM, and the exit code after the drain."""
        return self._end(signal.SIGTERM)

    def _end(self, number: int) -> int:
        if self.process is None:
            return 0
        if self.process.poll() is None:
            self.process.send_signal(number)
        code = self.process.wait(60)
        self.process = None
        return code

    def close(self) -> None:
        self.kill()
        self.runtime.close()

    # clients

    def client(self, service: str = "sesv2", *, key: NewKey | None = None, **more: Any) -> Any:
        """boto3's own client, pointed at the relay."""
        own = key or self.key
        config = {
            "retries": {"total_max_attempts": 1},
            "read_timeout": 30,
            "max_pool_connections": 10,
            "proxies": {},
        }
        options = {
            "region_name": REGION,
            "aws_access_key_id": own.access_key_id,
            "aws_secret_access_key": own.secret_access_key,
            "endpoint_url": self.url,
            **{name: value for name, value in more.items() if name not in config},
        }
        config |= {name: value for name, value in more.items() if name in config}
        return boto3.client(service, config=Config(**config), **options)

    def environment(self) -> dict[str, str]:
        """What a program is given instead of changing it."""
        return {
            **bare_environment(self.folder),
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ENDPOINT_URL_SES": self.url,
            "AWS_ENDPOINT_URL_SESV2": self.url,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": self.key.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self.key.secret_access_key,
        }

    # what came of it

    def run(self) -> Run:
        """The run of the key, its counters held against its rows."""
        run = self._runs()[0]
        checked_counts(self.runtime.database, run.id)
        return run

    def deliveries(self) -> list[Delivery]:
        """Every delivery of the key's runs."""
        return [row for run in self._runs() for row in rows_of(self.runtime.database, run.id)]

    def _runs(self) -> Sequence[Run]:
        [campaign] = (
            key.campaign_id for key in self.keys.all() if key.id == self.key.access_key_id
        )
        return self.runtime.runs.of_campaign(campaign)

    def until_idle(self, seconds: float = 60) -> None:
        """Wait until nothing is to be sent any more."""
        until(self._idle, seconds)
        for run in self._runs():
            checked_counts(self.runtime.database, run.id)

    def _idle(self) -> bool:
        # One look at both: what loses its slot goes back from sending to pending, and two looks,
        # one before and one after, would see neither.
        runs = self._runs()
        return not any(run.pending or run.sending for run in runs)

    def figures(self) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.metrics_port}/metrics") as answer:
            text: str = answer.read().decode()
            return text


@dataclass
class Ses:
    """A simulated SES in a process of its own, and its account from within."""

    folder: Path
    process: SimulatorProcess
    account: SimulatorState

    @classmethod
    def started(cls, folder: Path, *, rate: float = 1000, latency: float = 0.01) -> "Ses":
        process = start_simulator(folder, rate=rate, quota=-1, latency=latency)
        return cls(folder, process, SimulatorState(folder / FILE_NAME, SystemClock()))

    def close(self) -> None:
        self.account.close()
        self.process.stop()

    @property
    def credentials(self) -> dict[str, str]:
        """What a relay in front of it needs among its settings."""
        return {"AWS_ACCESS_KEY_ID": self.process.access_key_id}

    def mails(self) -> list[dict[str, Any]]:
        """Everything that was accepted, with its content, oldest first."""
        listed = self.account.outbox(limit=100_000)
        return [self.account.mail(mail["message_id"]) for mail in listed]

    def to(self) -> list[list[str]]:
        """The recipients of each accepted mail, sorted."""
        return sorted(mail["recipients"] for mail in self.account.outbox(limit=100_000))


def simple(*to: str, subject: str = "Hello", **more: Any) -> dict[str, Any]:
    """SendEmail's arguments in version 2."""
    return {
        "FromEmailAddress": "Shop <shop@example.com>",
        "Destination": {"ToAddresses": list(to)},
        "Content": {
            "Simple": {"Subject": {"Data": subject}, "Body": {"Text": {"Data": "Hello there"}}}
        },
        **more,
    }


def simple_v1(*to: str, **more: Any) -> dict[str, Any]:
    """SendEmail's arguments in version 1."""
    return {
        "Source": "Shop <shop@example.com>",
        "Destination": {"ToAddresses": list(to)},
        "Message": {"Subject": {"Data": "Hello"}, "Body": {"Text": {"Data": "Hello there"}}},
        **more,
    }


def said(error: Any) -> tuple[int, str]:
    """Status and code of what botocore made of an error."""
    response = error.response
    return response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"]
