"""The simulated account over its SQLite file: its rules and storage together."""

import json
import random
import sqlite3
import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, fields, replace
from functools import partial
from operator import attrgetter
from pathlib import Path
from typing import Any

from sestui.core.clock import Clock, Instant
from sestui.core.recipient_behaviour import RecipientBehaviour, behaviour_of
from sestui.errors import UsageError
from sestui.ses_api.wire import BulkStatus, EntryResult
from sestui.simulator.account import storage
from sestui.simulator.account.account import (
    CallDecision,
    SimulatedAccount,
    SimulatedCall,
    SimulatedMail,
    decide,
)
from sestui.simulator.account.rules import counted, expired_second, quota_second
from sestui.simulator.api.faults import FaultDraw, FaultKind, ScriptedFault
from sestui.simulator.outbox import outbox
from sestui.simulator.outbox.behaviour import lived_through
from sestui.simulator.outbox.events import EventType, happenings
from sestui.simulator.outbox.mails import packed
from sestui.simulator.outbox.outbox import SendStatistics

_ACCOUNT_FIELDS = tuple(field.name for field in fields(SimulatedAccount))
_READ_ACCOUNT = f"SELECT {', '.join(_ACCOUNT_FIELDS)} FROM account"  # noqa: S608 - own field names
_WRITE_ACCOUNT = (
    f"INSERT OR REPLACE INTO account (id, {', '.join(_ACCOUNT_FIELDS)}) "  # noqa: S608 - as above
    f"VALUES (1{', ?' * len(_ACCOUNT_FIELDS)})"
)
_NOBODY = frozenset[str]()

Live = Callable[[list[EventType]], list[EventType]]
"""Adds to a mail's events what its recipient does with it."""

_account_values = attrgetter(*_ACCOUNT_FIELDS)  # astuple copies deeply, which a send would feel
_READ_FAULTS = (
    "SELECT id, kind, probability, remaining, match, seconds FROM fault "
    "WHERE remaining IS NULL OR remaining > 0 ORDER BY id"
)


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
            account = _account(connection)
            now = arrived_at + account.clock_offset
            current = _rolled_off(connection, account, now)
            draw = FaultDraw(_faults(connection), self._chance)
            verified = _verified(connection) if account.checks_identities else _NOBODY
            verdict, after = decide(call, current, now, draw, verified)
            suppressed = _suppressed(connection, current, call) if current.suppressing else _NOBODY
            verdict = _record(
                connection,
                call,
                verdict,
                blob,
                (now, arrived_at),
                suppressed=suppressed,
                live=partial(lived_through, behaviour=self._behaviour(current), chance=self._lives),
            )
            if after != account:
                _store(connection, after)
            _count_faults(connection, draw.fired)
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
            return self.clock.now() + _account(connection).clock_offset

    def account(self) -> SimulatedAccount:
        """The account now, without recipients that left the quota's window."""
        with self.changing() as connection:
            account = _account(connection)
            current = _rolled_off(connection, account, self.clock.now() + account.clock_offset)
            if current != account:
                _store(connection, current)
            return current

    def configure(self, **changes: Any) -> SimulatedAccount:
        """Change settings of :class:`SimulatedAccount` by name; None keeps one.

        Raises:
            UsageError: a value is impossible.
        """
        with self.changing() as connection:
            account = _account(connection).configured(**changes)
            _store(connection, account)
            return account

    def advance(self, seconds: float) -> Instant:
        """Move the simulator's clock forward; returns its new time.

        Raises:
            UsageError: the number is negative or beyond a hundred years.
        """
        if not 0 <= seconds <= 3.2e9:
            raise UsageError("The simulator's clock only goes forward, by 0 seconds or more.")
        with self.changing() as connection:
            account = _account(connection)
            offset = account.clock_offset + seconds
            _store(connection, replace(account, clock_offset=offset))
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
        return [{**asdict(_fault(row[:-1])), "fired": row[-1]} for row in rows]

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
            return outbox.stats(connection, _account(connection), since=since)

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

    @staticmethod
    def stored_account(connection: sqlite3.Connection) -> SimulatedAccount:
        """The account in the file, within :meth:`reading` or :meth:`changing`."""
        return _account(connection)

    @staticmethod
    def store_account(connection: sqlite3.Connection, account: SimulatedAccount) -> None:
        """Write the account, within :meth:`changing`."""
        _store(connection, account)


def _account(connection: sqlite3.Connection) -> SimulatedAccount:
    row = connection.execute(_READ_ACCOUNT).fetchone()
    if row is None:
        return SimulatedAccount()
    rate, quota, production, verify, enabled, *others, suppressing, behaviour = row
    others += [bool(suppressing), behaviour]
    return SimulatedAccount(rate, quota, bool(production), bool(verify), bool(enabled), *others)


def _store(connection: sqlite3.Connection, account: SimulatedAccount) -> None:
    connection.execute(_WRITE_ACCOUNT, _account_values(account))


def _rolled_off(
    connection: sqlite3.Connection, account: SimulatedAccount, now: Instant
) -> SimulatedAccount:
    """The account without recipients accepted more than 24 hours before ``now``."""
    expired = connection.execute(
        "DELETE FROM quota_second WHERE second <= ? RETURNING recipients", (expired_second(now),)
    ).fetchall()
    if not expired:
        return account
    return replace(account, used=account.used - sum(row[0] for row in expired))


def _verified(connection: sqlite3.Connection) -> frozenset[str]:
    return frozenset(row[0] for row in connection.execute("SELECT name FROM identity"))


def _suppressed(
    connection: sqlite3.Connection, account: SimulatedAccount, call: SimulatedCall
) -> frozenset[str]:
    """The call's suppressed recipients, in lower case."""
    reasons = account.suppressed_reasons.split(",")
    found = set()
    for address in {each.lower() for entry in call.entries for each in entry.recipients}:
        row = connection.execute(
            "SELECT reason FROM suppression WHERE address = ?", (address,)
        ).fetchone()
        if row is not None and row[0] in reasons:
            found.add(address)
    return frozenset(found)


def _faults(connection: sqlite3.Connection) -> list[ScriptedFault]:
    return [_fault(row) for row in connection.execute(_READ_FAULTS)]


def _fault(row: tuple[Any, ...]) -> ScriptedFault:
    number, kind, *others = row
    return ScriptedFault(number, FaultKind(kind), *others)


def _count_faults(connection: sqlite3.Connection, fired: dict[int, int]) -> None:
    for number, times in fired.items():
        connection.execute(
            "UPDATE fault SET fired = fired + ?, remaining = remaining - ? WHERE id = ?",
            (times, times, number),
        )


def _record(
    connection: sqlite3.Connection,
    call: SimulatedCall,
    verdict: CallDecision,
    blob: bytes,
    times: tuple[Instant, Instant],
    *,
    suppressed: frozenset[str],
    live: Live,
) -> CallDecision:
    """Write accepted mails to outbox, events and quota; returns the verdict with message ids.

    ``times`` are the acceptance by the simulator's clock and the arrival by the machine's.
    """
    taken = [
        (index, call.entries[index])
        for index, result in enumerate(verdict.results)
        if result.status is BulkStatus.SUCCESS
    ]
    if not taken:
        return verdict
    call_id = connection.execute(
        "INSERT INTO call (bulk, body) VALUES (?, ?)", (call.bulk, blob)
    ).lastrowid
    results = list(verdict.results)
    counting = 0
    for index, entry in taken:
        message_id = _message_id(times[0])
        envelope = (message_id, *times, call.sender, call.sender_name)
        happened = live(happenings(entry.recipients, entry.rendering_failure, suppressed))
        _record_mail(connection, envelope, entry, (call_id, index), happened)
        results[index] = EntryResult(BulkStatus.SUCCESS, message_id)
        counting += counted(entry.recipients)
    if counting:
        connection.execute(
            "INSERT INTO quota_second VALUES (?, ?) "
            "ON CONFLICT (second) DO UPDATE SET recipients = recipients + excluded.recipients",
            (quota_second(times[0]), counting),
        )
    return replace(verdict, results=tuple(results))


def _record_mail(
    connection: sqlite3.Connection,
    envelope: tuple[str, Instant, Instant, str, str],
    entry: SimulatedMail,
    place: tuple[int | None, int],
    events: Sequence[EventType],
) -> None:
    """Write one mail and its events.

    ``envelope`` is message id, acceptance, arrival, sender and its name; ``place`` the call's id
    and the entry's index.
    """
    recipients = json.dumps(entry.recipients)
    outbox_id = connection.execute(
        "INSERT INTO outbox (message_id, accepted_at, arrived_at, sender, sender_name, recipients, "
        "recipient_count, subject, tags, call_id, entry) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *envelope,
            recipients,
            len(entry.recipients),
            entry.subject,
            json.dumps(entry.tags),
            *place,
        ),
    ).lastrowid
    connection.executemany(
        "INSERT INTO event (outbox_id, kind, recipients, detail, after, due_at) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        [
            (
                outbox_id,
                event.kind,
                json.dumps(event.recipients),
                event.detail,
                event.after,
                envelope[1] + event.after,
            )
            for event in events
        ],
    )


def _message_id(now: Instant) -> str:
    """A unique id in SES's shape; it begins with the time, so that the index grows at its end."""
    tail = str(uuid.uuid4())
    return f"0102{int(now * 1000):012x}-{tail}-000000"
