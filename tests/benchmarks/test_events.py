"""Events applied a second, what each costs on disk, and what reading them costs the sending.

Goals: at least 5,000 events a second on SQLite, at most 400 bytes of JSON each, memory flat, and a
rate of 200/s held within 1 % of what it is without them.

``SESTUI_BENCH_EVENTS`` (200,000) is how many are applied, ``SESTUI_BENCH_SECONDS`` (60) how long
the rate is held.
"""

import json
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Text, cast, func, select, update

from sestui.core.clock import SystemClock
from sestui.feedback.puller import BATCH, EventPuller, PullResult
from sestui.sender_setup import open_engine
from sestui.sending.engine.loop import Limits
from sestui.ses_api.events import QueueMessage
from sestui.simulator.launch import QUEUE_PATH, start_simulator
from sestui.store.db.tables import Delivery
from sestui.store.events.apply import EventRules
from sestui.store.events.event_tables import EventRow
from tests.benchmarks import figures
from tests.benchmarks.workload import SHORT_BODY, add_contacts, address_of, ses_at, start_run
from tests.support.departures import note_departures
from tests.support.ses_events import ses_event, unsubscribe_mails

_EVENT = EventRow.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass
_DELIVERY = Delivery.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass
_KINDS = ("Send", "Delivery", "Open", "Click")
_SETTLING_SECONDS, _WINDING_DOWN_SECONDS = 2.0, 3.0


class _NoQueue:
    """What is applied comes from memory."""

    def receive(self, wait_seconds: float) -> list[QueueMessage]:
        return []

    def delete(self, messages: object) -> None:
        """Nothing to delete."""


def _messages(deliveries: int, run: int) -> Iterator[QueueMessage]:
    for number in range(1, deliveries + 1):
        for after, kind in enumerate(_KINDS, 1):
            event = ses_event(
                kind,
                address_of(number),
                message_id=f"m{number}",
                after=20.0 * after,
                run=run,
                delivery=number,
            )
            yield QueueMessage(json.dumps(event), "")


@pytest.mark.benchmark
@pytest.mark.timeout(1800)
def test_events_applied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    count = figures.size("EVENTS", 200_000)
    deliveries = count // len(_KINDS)
    with ses_at("http://127.0.0.1:1", tmp_path / "sestui", monkeypatch) as runtime:
        add_contacts(runtime.database, deliveries)
        run = start_run(runtime, SHORT_BODY)
        with runtime.database.write_connection() as connection:
            message_id = "m" + cast(_DELIVERY.c.id, Text)
            connection.execute(update(_DELIVERY).values(state="accepted", message_id=message_id))
        messages = list(_messages(deliveries, run.id))
        puller = EventPuller(
            runtime.database,
            _NoQueue(),
            SystemClock(),
            EventRules(),
            unsubscribe_mails(runtime.database),
        )
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
@pytest.mark.timeout(600)
def test_the_rate_while_events_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rate = 200
    rows = []
    for name, reads in (("without", False), ("events read beside it", True)):
        sent, seconds, applied = _held(tmp_path / name.split()[0], monkeypatch, rate, reads=reads)
        share = f"{sent / (rate * seconds):.2%}"
        rows.append([name, f"{sent:,}", share, f"{applied / seconds:,.0f}"])
    figures.show(
        f"rate held at {rate}/s while events are read (goal: within 1 %)",
        ["", "sent", "% of what is allowed", "events/s"],
        rows,
    )


def _held(
    folder: Path, monkeypatch: pytest.MonkeyPatch, rate: int, *, reads: bool
) -> tuple[int, float, int]:
    duration = figures.seconds("SECONDS", 60)
    whole = duration + _SETTLING_SECONDS + _WINDING_DOWN_SECONDS
    with start_simulator(
        folder / "account", rate=rate, quota=-1, latency=0.08, jitter=0.04
    ) as simulator:
        url = simulator.endpoint_url
        queue = {"events_queue": f"{url}{QUEUE_PATH}"} if reads else {}
        with ses_at(
            url, folder / "sestui", monkeypatch, key=simulator.access_key_id, **queue
        ) as runtime:
            monkeypatch.setenv("AWS_ENDPOINT_URL_SQS", url)
            add_contacts(runtime.database, round(rate * (whole + 2)))
            start_run(runtime, SHORT_BODY)
            left: list[tuple[float, int]] = []
            with monkeypatch.context() as patched:
                note_departures(patched, lambda at, mails: left.append((at, mails)))
                limits = Limits(ends_at=runtime.clock.monotonic() + whole)
                with open_engine(runtime, limits) as engine:
                    engine.run()
            with runtime.database.read_connection() as connection:
                applied = connection.execute(select(func.count()).select_from(_EVENT)).scalar_one()
    left.sort()
    start = left[0][0] + _SETTLING_SECONDS
    sent = sum(mails for at, mails in left if start <= at < start + duration)
    return sent, duration, applied
