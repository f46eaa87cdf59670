"""People as a source has them, spooled on disk until all is read."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from types import TracebackType
from typing import Any, Self

from sestui.audience.imports.columns import tidy
from sestui.audience.imports.rows import MAX_VALUE
from sestui.audience.imports.spool import Spool
from sestui.audience.imports.status_words import Meaning
from sestui.audience.imports.temporary_database import open_temporary, translated
from sestui.audience.migrate.progress import MigrationProgress, MigrationStep, OnProgress
from sestui.audience.migrate.records import LeftOut, ListStanding, MigratedKind, Tally
from sestui.audience.sources.file_cells import Json, TypedCell, is_damaged
from sestui.audience.sources.json_rows import flattened
from sestui.core.contact.address_check import Refusal, check_address
from sestui.core.delivery.states import ContactStatus
from sestui.core.text import printable
from sestui.store.contacts.upsert import ContactRow, More

_json = json.JSONEncoder(ensure_ascii=False).encode
"""As ``json.dumps``, which makes an encoder for each call."""

_BATCH = 5_000
_SHOWN = 200
_MAX_LIST_NAME = 200
_FIRST_LEFT_OUT = 1_000
"""The most rows whose place is kept."""

AGAIN = "the same address once more; what its rows say is taken together"
_SAME_SUPPRESSION = "the same address once more"
_SAME_SUBSCRIPTION = "the same subscription once more"
_NOT_CONFIRMED = "never confirmed"
_NO_CONTACT = "of a contact that is left out"

_CREATE = (
    "CREATE TABLE suppression (key TEXT PRIMARY KEY, weight INTEGER, more TEXT)",
    "CREATE TABLE subscription (key TEXT, list TEXT, standing INTEGER, why TEXT, "
    "PRIMARY KEY (key, list)) WITHOUT ROWID",
)
_SUPPRESS = (
    "INSERT INTO suppression VALUES (?, ?, ?) ON CONFLICT (key) DO UPDATE SET "
    "weight = excluded.weight, more = excluded.more WHERE excluded.weight > suppression.weight"
)
# Of two standings the one that keeps mail away counts.
_SUBSCRIBE = (
    "INSERT INTO subscription VALUES (?, ?, ?, ?) ON CONFLICT (key, list) DO UPDATE SET "
    "standing = excluded.standing, why = excluded.why "
    "WHERE excluded.standing > subscription.standing"
)
_HELD = (
    "SELECT key, json_extract(more, '$.detail') FROM suppression "
    "WHERE key IN (SELECT value FROM json_each(?))"
)
_STOOD = (
    "SELECT key, list, standing, why FROM subscription "
    "WHERE key IN (SELECT value FROM json_each(?))"
)
_STANDINGS = tuple(ListStanding)
_NUMBERS = {standing: number for number, standing in enumerate(_STANDINGS)}


class People:
    """Suppressions, lists, contacts and subscriptions, each once; counts what is left out.

    A contact that the source calls active is active here only if it is subscribed to one of its
    lists: who has left all of them, or confirmed none, is unsubscribed. So no audience, whatever it
    is chosen by, reaches them.
    """

    def __init__(self, tool: str, on_progress: OnProgress) -> None:
        self._tool = tool
        self._on_progress = on_progress
        self.tallies = {kind: Tally() for kind in MigratedKind}
        self.lists: dict[str, None] = {}
        """Names of the lists, in order."""
        self.file = ""
        """The file that is being read, of an export of several."""
        self.left_out: list[LeftOut] = []
        """The first rows that are left out."""
        self._contacts = Spool()
        self._connection = open_temporary()
        for statement in _CREATE:
            self._connection.execute(statement)
        self._waiting: dict[str, list[tuple[Any, ...]]] = {_SUPPRESS: [], _SUBSCRIBE: []}
        self._rows: list[ContactRow] = []
        self._added = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._connection.close()
        self._contacts.__exit__(kind, error, trace)

    # filling

    def refuse(self, kind: MigratedKind, line: int, value: str, reason: str) -> None:
        """Count a row as left out, and keep its place."""
        self.tallies[kind].leave_out(reason)
        if len(self.left_out) < _FIRST_LEFT_OUT:
            self.left_out.append(LeftOut(kind, line, value[:_SHOWN], reason, self.file))

    def pass_over(self, kind: MigratedKind, reason: str) -> None:
        """Count something as read and left out."""
        self.tallies[kind].read += 1
        self.tallies[kind].leave_out(reason)

    def add_list(self, name: str, number: str) -> str:
        """A list; returns its name here, which is unique: ``number`` distinguishes namesakes."""
        self.tallies[MigratedKind.LISTS].read += 1
        tidied = printable(name).strip()[:_MAX_LIST_NAME].strip() or f"list {number}"
        if tidied in self.lists:
            ending = f" ({number})"
            tidied = tidied[: _MAX_LIST_NAME - len(ending)] + ending
        self.lists[tidied] = None
        return tidied

    def suppress(
        self, email: str, meaning: Meaning, why: str, line: int, at: float | None = None
    ) -> None:
        """Suppress an address."""
        self.tallies[MigratedKind.SUPPRESSIONS].read += 1
        verdict = check_address(email)
        if isinstance(verdict, Refusal):
            self.refuse(MigratedKind.SUPPRESSIONS, line, email, verdict.reason)
            return
        more = More(no_contact=True, suppressed=meaning.value, detail=self._told(why))
        if at is not None:
            more["suppressed_at"] = at
        self._put(_SUPPRESS, (verdict.key, meaning.weight, _json(more)))

    def add(
        self,
        email: str,
        attributes: Mapping[str, Json],
        tags: Sequence[str] = (),
        *,
        meaning: Meaning = Meaning.ACTIVE,
        why: str = "",
        created_at: float | None = None,
        line: int,
    ) -> str | None:
        """Add a contact; returns its key for :meth:`subscribe`, or None if it is left out."""
        self.tallies[MigratedKind.CONTACTS].read += 1
        verdict = check_address(email)
        if isinstance(verdict, Refusal):
            self.refuse(MigratedKind.CONTACTS, line, email, verdict.reason)
            return None
        members = _members(attributes)
        fault = _fault(members, tags)
        if fault:
            self.refuse(MigratedKind.CONTACTS, line, email, fault)
            return None
        more = More() if created_at is None else More(created_at=created_at)
        if meaning is not Meaning.ACTIVE:
            more |= More(status=ContactStatus.UNSUBSCRIBED.value, status_reason=self._told(why))
        self.add_row(
            ContactRow(
                verdict.email,
                verdict.key,
                _json(members),
                _json(list(dict.fromkeys(tags))),
                0 if meaning is Meaning.ACTIVE else 1,
                _json(more) if more else "",
            )
        )
        return verdict.key

    def add_row(self, row: ContactRow) -> None:
        """Add a contact that is counted as read already, and suppresses nothing."""
        self._added += 1
        self._rows.append(row)
        if len(self._rows) >= _BATCH:
            self._contacts.add(self._rows)
            self._rows.clear()

    def subscribe(self, key: str | None, list_name: str, standing: ListStanding, why: str) -> None:
        """Note a contact's standing on a list; ``key`` is None for one that was left out."""
        self.tallies[MigratedKind.SUBSCRIPTIONS].read += 1
        if key is None:
            self.tallies[MigratedKind.SUBSCRIPTIONS].leave_out(_NO_CONTACT)
            return
        self._put(_SUBSCRIBE, (key, list_name, _NUMBERS[standing], self._told(why)))

    def _told(self, why: str) -> str:
        return printable(f"{self._tool}: {why}")[:_SHOWN]

    def _put(self, statement: str, row: tuple[Any, ...]) -> None:
        self._waiting[statement].append(row)
        if len(self._waiting[statement]) >= _BATCH:
            self._store(statement)
            read = sum(self.tallies[kind].read for kind in MigratedKind)
            self._on_progress(MigrationProgress(MigrationStep.SORTING, read))

    def _store(self, statement: str) -> None:
        with translated():
            self._connection.execute("BEGIN")
            self._connection.executemany(statement, self._waiting[statement])
            self._connection.execute("COMMIT")
        self._waiting[statement].clear()

    # reading back

    def finish(self) -> None:
        """Store what is waiting, and count what came twice; nothing can be added afterwards."""
        for statement in self._waiting:
            self._store(statement)
        self._contacts.add(self._rows)
        self._rows.clear()
        self.tallies[MigratedKind.CONTACTS].leave_out(AGAIN, self._added - self._contacts.count())
        for kind, table, reason in (
            (MigratedKind.SUPPRESSIONS, "suppression", _SAME_SUPPRESSION),
            (MigratedKind.SUBSCRIPTIONS, "subscription", _SAME_SUBSCRIPTION),
        ):
            tally = self.tallies[kind]
            kept = tally.read - tally.left_out.total()
            tally.leave_out(reason, kept - self._count(f"SELECT count(*) FROM {table}"))  # noqa: S608
        unconfirmed = self.standing_count(ListStanding.UNCONFIRMED)
        self.tallies[MigratedKind.SUBSCRIPTIONS].leave_out(_NOT_CONFIRMED, unconfirmed)

    def suppression_count(self) -> int:
        """Distinct addresses to suppress."""
        return self._count("SELECT count(*) FROM suppression")

    def standing_count(self, standing: ListStanding) -> int:
        """Distinct subscriptions of that standing."""
        number = _NUMBERS[standing]
        return self._count(f"SELECT count(*) FROM subscription WHERE standing = {number}")  # noqa: S608

    def _count(self, query: str) -> int:
        with translated():
            found: int = self._connection.execute(query).fetchone()[0]
        return found

    def batches(self) -> Iterator[list[ContactRow]]:
        """The rows to be written: suppressions first, then contacts with their lists."""
        done, whole = 0, self.suppression_count() + self._contacts.count()
        for batch in self._rows_to_write():
            self._on_progress(MigrationProgress(MigrationStep.SAVING, done, whole))
            yield batch
            done += len(batch)

    def _rows_to_write(self) -> Iterator[list[ContactRow]]:
        with translated():
            cursor = self._connection.execute("SELECT key, more FROM suppression")
            while found := cursor.fetchmany(_BATCH):
                yield [ContactRow(key, key, "{}", "[]", 2, more) for key, more in found]
        for batch in self._contacts.batches():
            yield self._with_lists([ContactRow(*row) for row in batch])

    def _with_lists(self, batch: Sequence[ContactRow]) -> list[ContactRow]:
        keys = json.dumps([row.email_key for row in batch])
        standings: dict[str, list[tuple[str, ListStanding, str]]] = {}
        with translated():
            held: dict[str, str] = dict(self._connection.execute(_HELD, (keys,)).fetchall())
            for key, list_name, number, why in self._connection.execute(_STOOD, (keys,)):
                standings.setdefault(key, []).append((list_name, _STANDINGS[number], why))
        return [
            _completed(row, standings.get(row.email_key, []), held.get(row.email_key))
            for row in batch
        ]


def _completed(
    row: ContactRow, said: Sequence[tuple[str, ListStanding, str]], held: str | None
) -> ContactRow:
    """The contact with its lists, unsubscribed if it is to get no mail.

    ``held`` is the detail of its suppression, if there is one: as in imports, unsuppressing an
    address must not subscribe its contact.
    """
    if not said and held is None:
        return row
    more: More = json.loads(row.more) if row.more else More()
    joined = [name for name, standing, _ in said if standing is ListStanding.SUBSCRIBED]
    left = [name for name, standing, _ in said if standing is ListStanding.LEFT]
    if joined:
        more["lists"] = joined
    if left:
        more["refused"] = left
    weight = row.weight
    if not weight and (held is not None or not joined):
        why = held or next(
            (why for _, standing, why in said if standing is ListStanding.LEFT), said[0][2]
        )
        more |= More(status=ContactStatus.UNSUBSCRIBED.value, status_reason=why)
        weight = 1
    return row._replace(weight=weight, more=_json(more))


def _members(attributes: Mapping[str, Json]) -> dict[str, Json]:
    """Attributes by the names that templates use, nested objects taken apart."""
    members: dict[str, Json] = {}
    for label, cell in flattened(dict(attributes)).items():
        name = _attribute(label)
        if name in members:
            name = f"{name}_2"
        value = cell.value if isinstance(cell, TypedCell) else cell.strip()
        if name and value != "":
            members[name] = value
    return members


_attribute = lru_cache(maxsize=4096)(tidy)


def _fault(members: Mapping[str, Json], tags: Sequence[str]) -> str:
    """Why these values can't be kept; '' if they can."""
    for value in (*members, *members.values(), *tags):
        if isinstance(value, str):
            if len(value) > MAX_VALUE:
                return f"A value has {len(value):,} characters; {MAX_VALUE:,} are allowed."
            if is_damaged(value):
                return "A value has a character in it that can't be stored."
    return ""


def instant_of(text: str | None) -> float | None:
    """An instant as databases write it, UTC if it names no zone; None if it is none."""
    try:
        found = datetime.fromisoformat(text or "")
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None
