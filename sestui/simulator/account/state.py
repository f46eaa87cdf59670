"""The simulated account over its SQLite file: its rules and storage together."""

import random
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

from sestui.core.clock import Clock, Instant
from sestui.core.recipient_behaviour import RecipientBehaviour, behaviour_of
from sestui.errors import UsageError
from sestui.simulator.account import storage
from sestui.simulator.account.acceptance import record
from sestui.simulator.account.account import (
    CallDecision,
    SimulatedAccount,
    SimulatedCall,
    decide,
)
from sestui.simulator.account.account_rows import (
    count_faults,
    fault_of,
    read_account,
    rolled_off,
    scripted_faults,
    store_account,
    suppressed_recipients,
    verified_identities,
)
from sestui.simulator.api.faults import FaultDraw, ScriptedFault
from sestui.simulator.outbox import outbox
from sestui.simulator.outbox.behaviour import lived_through
from sestui.simulator.outbox.mails import packed
from sestui.simulator.outbox.outbox import SendStatistics

_NOBODY = frozenset[str]()


class SimulatorState:
    """One simulated SES account over one SQLite file, shared by every process that opens it.

    Sends use one connection that is kept open; everything else opens its own, so that a long read
    never delays a send. All methods may be called from any thread.

    Raises (every method):
        StorageError: the file can't be opened, read or written, or isn't the simulator's.
    """

    def __init__(self, path: Path, clock: Clock, *, chance: random.Random | None = None) -> None:
        """``chance`` draws faults; tests seed it."""
        self.path = path
        self.clock = clock
        self._chance = chance or random.Random()  # noqa: S311 - decides faults, not secrets
        self._connection = storage.connect(path)
        self._lock = threading.Lock()
        self._lives = random.Random()  # noqa: S311 - what recipients do
        self._behaves = RecipientBehaviour()

    def close(self) -> None:
        """Close the file; idempotent."""
        with self._lock:
            self._connection.close()

    def send(self, call: SimulatedCall, body: bytes, arrived_at: Instant) -> CallDecision:
        """Decide a call and record it in one transaction.

        ``body`` is the request's body, stored for reading back; ``arrived_at`` is by the machine's
        clock. When this returns, accepted mails are in the outbox.
        """
        blob = packed(body)  # before the transaction, which blocks every other process
        with self._lock, storage.translated(self.path), storage.writing(self._connection):
            connection = self._connection
            account = read_account(connection)
            now = arrived_at + account.clock_offset
            current = rolled_off(connection, account, now)
            draw = FaultDraw(scripted_faults(connection), self._chance)
            verified = verified_identities(connection) if account.checks_identities else _NOBODY
            verdict, after = decide(call, current, now, draw, verified)
            suppressed = (
                suppressed_recipients(connection, current, call) if current.suppressing else _NOBODY
            )
            verdict = record(
                connection,
                call,
                verdict,
                blob,
                (now, arrived_at),
                suppressed=suppressed,
                live=partial(lived_through, behaviour=self._behaviour(current), chance=self._lives),
            )
            if after != account:
                store_account(connection, after)
            count_faults(connection, draw.fired)
        return verdict

    def _behaviour(self, account: SimulatedAccount) -> RecipientBehaviour:
        """How recipients behave; a seed begins anew when it is changed."""
        if account.behaviour != str(self._behaves):
            self._behaves = behaviour_of(account.behaviour)
            self._lives.seed(self._behaves.seed or None)
        return self._behaves

    def now(self) -> Instant:
        """The simulator's clock: the machine's plus the offset."""
        with self.reading() as connection:
            return self.clock.now() + read_account(connection).clock_offset

    def account(self) -> SimulatedAccount:
        """The account now, without recipients that left the quota's window."""
        with self.changing() as connection:
            account = read_account(connection)
            current = rolled_off(connection, account, self.clock.now() + account.clock_offset)
            if current != account:
                store_account(connection, current)
            return current

    def configure(self, **changes: Any) -> SimulatedAccount:
        """Change settings of :class:`SimulatedAccount` by name; None keeps one.

        Raises:
            UsageError: a value is impossible.
        """
        with self.changing() as connection:
            account = read_account(connection).configured(**changes)
            store_account(connection, account)
            return account

    def advance(self, seconds: float) -> Instant:
        """Move the simulator's clock forward; returns its new time.

        Raises:
            UsageError: the number is negative or beyond a hundred years.
        """
        if not 0 <= seconds <= 3.2e9:
            raise UsageError("The simulator's clock only goes forward, by 0 seconds or more.")
        with self.changing() as connection:
            account = read_account(connection)
            offset = account.clock_offset + seconds
            store_account(connection, replace(account, clock_offset=offset))
            return self.clock.now() + offset

    def add_fault(self, fault: ScriptedFault) -> int:
        """Script a fault (see ``faults.checked_fault``); returns its id."""
        with self.changing() as connection:
            cursor = connection.execute(
                "INSERT INTO fault (kind, probability, remaining, match, seconds) "
                "VALUES (?, ?, ?, ?, ?)",
                (fault.kind, fault.probability, fault.count, fault.match, fault.seconds),
            )
            return int(cursor.lastrowid or 0)

    def faults(self) -> list[dict[str, Any]]:
        """Every scripted fault, including spent ones, with how often each has ``fired``."""
        with self.reading() as connection:
            rows = connection.execute(
                "SELECT id, kind, probability, remaining, match, seconds, fired FROM fault "
                "ORDER BY id"
            ).fetchall()
        return [{**asdict(fault_of(row[:-1])), "fired": row[-1]} for row in rows]

    def clear_faults(self) -> int:
        """Remove every scripted fault; returns how many there were."""
        with self.changing() as connection:
            return connection.execute("DELETE FROM fault").rowcount

    def add_identity(self, name: str) -> bool:
        """Add an address or domain, verified at once; False if it was there."""
        kind = "EMAIL_ADDRESS" if "@" in name else "DOMAIN"
        with self.changing() as connection:
            cursor = connection.execute(
                "INSERT OR IGNORE INTO identity VALUES (?, ?)", (name.lower(), kind)
            )
            return cursor.rowcount == 1

    def remove_identity(self, name: str) -> bool:
        """Forget an address or domain; False if it wasn't there."""
        with self.changing() as connection:
            cursor = connection.execute("DELETE FROM identity WHERE name = ?", (name.lower(),))
            return cursor.rowcount == 1

    def identities(self) -> list[tuple[str, str]]:
        """Names and kinds (EMAIL_ADDRESS, DOMAIN), by name."""
        with self.reading() as connection:
            return connection.execute("SELECT name, kind FROM identity ORDER BY name").fetchall()

    def outbox(self, *, after: int = 0, limit: int = 1000) -> list[dict[str, Any]]:
        """See :func:`outbox.listed`."""
        with self.reading() as connection:
            return outbox.listed(connection, after=after, limit=limit)

    def newest(self, *, limit: int) -> list[dict[str, Any]]:
        """See :func:`outbox.newest`."""
        with self.reading() as connection:
            return outbox.newest(connection, limit=limit)

    def mail(self, message_id: str) -> dict[str, Any]:
        """See :func:`outbox.full`.

        Raises:
            NotFoundError: nothing with that id was accepted.
        """
        with self.reading() as connection:
            return outbox.full(connection, message_id)

    def addresses(self) -> dict[str, int]:
        """See :func:`outbox.addresses`."""
        with self.reading() as connection:
            return outbox.addresses(connection)

    def events(self, *, after: int = 0, limit: int = 1000) -> list[tuple[int, dict[str, Any]]]:
        """See :func:`outbox.events`."""
        with self.reading() as connection:
            return outbox.events(connection, after=after, limit=limit)

    def send_statistics(self, *, since: Instant) -> list[SendStatistics]:
        """See :func:`outbox.send_statistics`."""
        with self.reading() as connection:
            return outbox.send_statistics(connection, since=since)

    def stats(self, *, since: Instant = 0) -> dict[str, Any]:
        """See :func:`outbox.stats`."""
        with self.reading() as connection:
            return outbox.stats(connection, read_account(connection), since=since)

    def reset(self) -> None:
        """Start over with a new account: no mail, no events, default settings, no clock offset."""
        with self.changing() as connection:
            storage.empty(connection)

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection of its own for the block."""
        connection = storage.connect(self.path)
        try:
            with storage.translated(self.path):
                yield connection
        finally:
            connection.close()

    @contextmanager
    def changing(self) -> Iterator[sqlite3.Connection]:
        """The same within one write transaction."""
        with self.reading() as connection, storage.writing(connection):
            yield connection
