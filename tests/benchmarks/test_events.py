"""Events applied a second, what each costs on disk, and what reading them costs the sending.

Goals: at least 5,000 events a second on SQLite, at most 400 bytes of JSON each, memory flat, and a
rate of 200/s held within 1 % of what it is without them.

``SESTUI_BENCH_EVENTS`` (200,000) is how many are applied, ``SESTUI_BENCH_SECONDS`` (60) how long
the rate is held.
"""

import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Text, cast, func, select, update

from sestui.feedback.puller import BATCH, PullResult
from sestui.runtime import Runtime
from sestui.sender_setup import open_engine
from sestui.sending.engine.loop import Limits
from sestui.ses_api.events import QueueMessage
from sestui.simulator.launch import QUEUE_PATH, start_simulator
from sestui.store.db.tables import Delivery, Run
from sestui.store.events.event_tables import EventRow
from tests.benchmarks import figures
from tests.benchmarks.backlog import KINDS, messages_of, puller_of
from tests.benchmarks.workload import SHORT_BODY, add_contacts, ses_at, start_run
from tests.support.departures import note_departures

_EVENT = EventRow.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass
_RUN = Run.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass
_DELIVERY = Delivery.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass
_SETTLING_SECONDS, _WINDING_DOWN_SECONDS = 2.0, 3.0


@pytest.mark.benchmark
@pytest.mark.timeout(1800)
def test_events_applied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    count = figures.size("EVENTS", 200_000)
    deliveries = count // len(KINDS)
    with ses_at("http://127.0.0.1:1", tmp_path / "sestui", monkeypatch) as runtime:
        add_contacts(runtime.database, deliveries)
        run = start_run(runtime, SHORT_BODY)
        with runtime.database.write_connection() as connection:
            message_id = "m" + cast(_DELIVERY.c.id, Text)
            connection.execute(update(_DELIVERY).values(state="accepted", message_id=message_id))
        messages = list(messages_of(deliveries, run.id))
        puller = puller_of(runtime.database)
        result = PullResult()
        with figures.MemoryWatch() as memory:
            began = time.monotonic()
            for batch in _batches(messages):
                puller.apply(batch, result)
            took = time.monotonic() - began
        assert result.applied == len(messages)
        with runtime.database.read_connection() as connection:
            raw = connection.execute(select(func.avg(func.length(_EVENT.c.raw)))).scalar_one()
            rows = [dict(row._mapping) for row in connection.execute(select(_EVENT))]
    bare = _bare(rows, tmp_path / "bare.db")
    parts = memory.peaks(4)
    figures.show(
        f"{len(messages):,} events applied in batches of {BATCH} "
        "(goal: ≥ 5,000/s, ≤ 400 bytes, memory flat)",
        ["", "events/s", "", "bytes of JSON", "peak by quarters"],
        [
            [
                "applied",
                f"{len(messages) / took:,.0f}",
                figures.times(bare, took),
                f"{raw:.0f}",
                " ".join(figures.megabytes(each) for each in parts),
            ],
            ["bare inserts of the same rows", f"{len(messages) / bare:,.0f}", "", "", ""],
        ],
    )


def _batches(messages: list[QueueMessage]) -> Iterator[list[QueueMessage]]:
    for first in range(0, len(messages), BATCH):
        yield messages[first : first + BATCH]


def _bare(rows: list[dict[str, object]], path: Path) -> float:
    """Seconds that SQLite takes for the same rows, a transaction for as many as a batch has."""
    names = list(rows[0])
    with sqlite3.connect(path, isolation_level=None) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute(f"CREATE TABLE e ({', '.join(names)}, UNIQUE (key))")
        statement = f"INSERT INTO e VALUES ({', '.join('?' * len(names))})"
        began = time.monotonic()
        for first in range(0, len(rows), BATCH):
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(
                statement, [tuple(row.values()) for row in rows[first : first + BATCH]]
            )
            connection.execute("COMMIT")
        return time.monotonic() - began


@pytest.mark.benchmark
@pytest.mark.timeout(900)
def test_the_rate_while_events_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rate = 200
    rows = []
    for name in ("without", _LIVE, _ELSEWHERE, _BACKLOG):
        sent, seconds, applied = _held(tmp_path / name, monkeypatch, rate, reads=name)
        share = f"{sent / (rate * seconds):.2%}"
        rows.append([name, f"{sent:,}", share, f"{applied:,.0f}"])
    figures.show(
        f"rate held at {rate}/s while events are read (goal: within 1 %, a backlog at ≥ 5,000/s)",
        ["", "sent", "% of what is allowed", "events/s"],
        rows,
    )


_LIVE = "its own events as they come"
_ELSEWHERE = "a backlog of another database"
_BACKLOG = "a backlog of this one"


def _held(
    folder: Path, monkeypatch: pytest.MonkeyPatch, rate: int, *, reads: str
) -> tuple[int, float, float]:
    """Mails that left, in how many seconds, and events that were applied a second."""
    duration = figures.seconds("SECONDS", 60)
    whole = duration + _SETTLING_SECONDS + _WINDING_DOWN_SECONDS
    with start_simulator(
        folder / "account", rate=rate, quota=-1, latency=0.08, jitter=0.04
    ) as simulator:
        url = simulator.endpoint_url
        queue = {} if reads == "without" else {"events_queue": f"{url}{QUEUE_PATH}"}
        with ses_at(
            url, folder / "sestui", monkeypatch, key=simulator.access_key_id, **queue
        ) as runtime:
            monkeypatch.setenv("AWS_ENDPOINT_URL_SQS", url)
            add_contacts(runtime.database, round(rate * (whole + 2)))
            earlier = start_run(runtime, SHORT_BODY)
            with runtime.database.write_connection() as connection:
                message_id = "m" + cast(_DELIVERY.c.id, Text)
                connection.execute(
                    update(_DELIVERY).values(state="accepted", message_id=message_id)
                )
                connection.execute(update(_RUN).values(state="finished"))
            start_run(runtime, SHORT_BODY)
            left: list[tuple[float, int]] = []
            with monkeypatch.context() as patched, _backlog(runtime, earlier.id, reads):
                note_departures(patched, lambda at, mails: left.append((at, mails)))
                limits = Limits(ends_at=runtime.clock.monotonic() + whole)
                with open_engine(runtime, limits) as engine:
                    engine.run()
            with runtime.database.read_connection() as connection:
                events = select(func.count()).select_from(_EVENT)
                applied = connection.execute(events).scalar_one()
    left.sort()
    start = left[0][0] + _SETTLING_SECONDS
    sent = sum(mails for at, mails in left if start <= at < start + duration)
    return sent, duration, applied / whole


@contextmanager
def _backlog(runtime: Runtime, run: int, reads: str) -> Iterator[None]:
    """Events of an earlier run, applied by a process of its own while the block lasts."""
    if reads not in (_ELSEWHERE, _BACKLOG):
        yield
        return
    path = runtime.database.name
    if reads == _ELSEWHERE:
        with closing(sqlite3.connect(path)) as this, closing(sqlite3.connect(f"{path}2")) as other:
            this.backup(other)
        path += "2"
    command = [sys.executable, "-m", "tests.benchmarks.backlog", path, str(run)]
    with subprocess.Popen(command) as process:
        yield
        assert process.poll() is None
        process.kill()
