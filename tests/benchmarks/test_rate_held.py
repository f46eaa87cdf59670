"""Rate held at 14, 28, 200 and 500 recipients a second, answers taking 80 ms ± 40 ms.

Goal (docs/architecture.md): over 60 s, at least 99.5 % of what is allowed, no throttle answers, and
no 1-second window above the rate by more than one, counted as calls leave. Beside it, each against
a fresh account of the same rate: a boto3 loop as botocore comes, and eight threads with botocore's
standard retries.

``SESTUI_BENCH_SECONDS`` (60) and ``SESTUI_BENCH_BASELINE_SECONDS`` (15) are the durations.
"""

import itertools
import json
import threading
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from sestui.sender_setup import open_engine
from sestui.sending.engine.loop import Limits
from sestui.simulator.account.rules import peak_in_one_second
from sestui.simulator.launch import SimulatorProcess, start_simulator
from tests.benchmarks import figures
from tests.benchmarks.workload import (
    SHORT_BODY,
    add_contacts,
    address_of,
    as_ses,
    ses_at,
    start_run,
)
from tests.support.departures import note_departures

_LATENCY, _JITTER = 0.08, 0.04
_SETTLING_SECONDS = 2.0
"""Before the window that is counted: connections are made, the kind of calls is chosen."""

_WINDING_DOWN_SECONDS = 3.0
"""After it: the engine claims nothing more a while before its time is up."""

_THREADS = 8


@dataclass(frozen=True, slots=True)
class Held:
    """What one way of sending came to."""

    who: str
    calls: str
    sent: int
    seconds: float
    peak: int
    throttled: int
    lost: int
    twice: int

    def row(self, rate: int) -> list[object]:
        allowed = rate * self.seconds
        return [
            self.who,
            self.calls,
            f"{self.sent:,}",
            f"{allowed:,.0f}",
            f"{self.sent / allowed:.2%}",
            f"{self.sent / self.seconds:.1f}",
            self.peak,
            self.throttled,
            self.lost,
            self.twice,
        ]


@pytest.mark.benchmark
@pytest.mark.timeout(900)
@pytest.mark.parametrize("rate", [14, 28, 200, 500])
def test_rate_held(rate: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    held = [
        _engine(rate, tmp_path, monkeypatch),
        _boto3("boto3 loop, as it comes", rate, 1, None, tmp_path / "loop", monkeypatch),
        _boto3(
            f"{_THREADS} threads, standard retries",
            rate,
            _THREADS,
            Config(retries={"mode": "standard"}, max_pool_connections=_THREADS),
            tmp_path / "threads",
            monkeypatch,
        ),
    ]
    figures.show(
        f"rate held at {rate}/s, {_LATENCY * 1000:.0f} ± {_JITTER * 1000:.0f} ms "
        f"(goal: ≥ 99.5 %, peak ≤ {rate + 1}, 0 throttled, 0 lost, 0 twice)",
        ["", "calls", "sent", "allowed", "%", "/s", "peak", "throttled", "lost", "twice"],
        [each.row(rate) for each in held],
    )


def _simulator(folder: Path, rate: int) -> SimulatorProcess:
    return start_simulator(folder, rate=rate, quota=-1, latency=_LATENCY, jitter=_JITTER)


def _engine(rate: int, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Held:
    duration = figures.seconds("SECONDS", 60)
    whole = duration + _SETTLING_SECONDS + _WINDING_DOWN_SECONDS
    with (
        _simulator(folder / "account", rate) as simulator,
        ses_at(
            simulator.endpoint_url, folder / "sestui", monkeypatch, key=simulator.access_key_id
        ) as runtime,
    ):
        add_contacts(runtime.database, round(rate * (whole + 2)))
        run = start_run(runtime, SHORT_BODY)
        limits = Limits(ends_at=runtime.clock.monotonic() + whole)
        left: list[tuple[float, int]] = []
        note_departures(monkeypatch, lambda at, mails: left.append((at, mails)))
        with open_engine(runtime, limits) as engine:
            engine.run()
        outbox, throttled = _outbox(simulator), _stats(simulator)["throttled"]
        counts = runtime.overview.run(run.id).counts
    left.sort()
    start = left[0][0] + _SETTLING_SECONDS
    window = [each for each in left if start <= each[0] < start + duration]
    twice = sum(1 for times in outbox.values() if times > 1)
    lost = counts.accepted - len(outbox)
    assert twice == 0
    assert lost == 0
    assert counts.in_doubt == counts.sending == counts.rejected == 0
    assert counts.audience == round(rate * (whole + 2))
    bulk = sum(mails for _, mails in window if mails > 1)
    sent = sum(mails for _, mails in window)
    calls = f"{len(window):,} ({bulk / sent:.0%} bulk)"
    peak = peak_in_one_second(left)
    return Held("sestui", calls, sent, duration, peak, throttled, lost, twice)


def _boto3(
    who: str,
    rate: int,
    threads: int,
    config: Config | None,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Held:
    duration = figures.seconds("BASELINE_SECONDS", 15)
    with _simulator(folder, rate) as simulator:
        as_ses(simulator.endpoint_url, monkeypatch, key=simulator.access_key_id)
        # A session of its own: the module's keeps the credentials of the account before.
        client = boto3.Session().client("sesv2", config=config)
        loop = _Loop(client, duration)
        began = time.monotonic()
        workers = [threading.Thread(target=loop.send) for _ in range(threads)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        took = time.monotonic() - began
        outbox, stats = _outbox(simulator), _stats(simulator)
    return Held(
        who,
        f"{loop.made:,} (0% bulk)",
        stats["recipients"],
        took,
        stats["peak_per_second"],
        stats["throttled"],
        loop.lost,
        sum(1 for times in outbox.values() if times > 1),
    )


class _Loop:
    """What people write first: one call after the other, and on with the next if one fails."""

    def __init__(self, client: Any, duration: float) -> None:
        self._client = client
        self._until = time.monotonic() + duration
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self.made = 0
        self.lost = 0

    def send(self) -> None:
        for address in self._addresses():
            try:
                self._client.send_email(
                    FromEmailAddress="news@example.com",
                    Destination={"ToAddresses": [address]},
                    Content={
                        "Simple": {
                            "Subject": {"Data": "News"},
                            "Body": {"Html": {"Data": "<p>Hello</p>"}, "Text": {"Data": "Hello"}},
                        }
                    },
                )
            except (ClientError, BotoCoreError):
                with self._lock:
                    self.lost += 1

    def _addresses(self) -> Iterator[str]:
        while time.monotonic() < self._until:
            with self._lock:
                self.made += 1
                number = next(self._numbers)
            yield address_of(number)


def _outbox(simulator: SimulatorProcess) -> dict[str, int]:
    found: dict[str, int] = _get(simulator, "outbox/addresses")
    return found


def _stats(simulator: SimulatorProcess) -> dict[str, Any]:
    found: dict[str, Any] = _get(simulator, "stats")
    return found


def _get(simulator: SimulatorProcess, path: str) -> Any:
    request = urllib.request.Request(
        f"{simulator.endpoint_url}/_simulator/{path}",
        headers={"Authorization": f"Bearer {simulator.access_key_id}"},
    )
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)
