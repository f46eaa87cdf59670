"""Bulk upserts of contacts.

Each engine takes the rows in its fastest way: SQLite one by one with a prepared statement,
PostgreSQL a batch as arrays.
"""
# ruff: noqa: S608 # statements are put together from constants of this module; values are bound

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, NamedTuple, Protocol, TypedDict

from sqlalchemy import Connection, TextClause, text

from sestui.core.contact.conflict_policy import OnConflict
from sestui.store.contacts.changes.import_journal import NOTED_POSTGRESQL, ImportJournal
from sestui.store.contacts.conflict_sql import POSTGRES, SQLITE
from sestui.store.contacts.erased import erased_among, hold_off_erasure
from sestui.store.contacts.file_suppressions import FileSuppression, suppress_from_file
from sestui.store.contacts.refusals import refuse, refused_among


class ContactRow(NamedTuple):
    """A contact to be written."""

    email: str
    email_key: str
    attributes: str
    """A JSON object of strings, numbers, booleans, and lists of them."""
    tags: str
    """A JSON array of strings."""
    weight: int = 0
    """Restriction by the file: 0 none, 1 unsubscribed or invalid, 2 suppressed."""
    more: str = ""
    """A :class:`More` as JSON; '' for a contact that is just active."""


class More(TypedDict, total=False):
    """A file's data about a contact beyond address, attributes and tags."""

    no_contact: bool
    """The row only suppresses the address."""
    status: str
    """A ``ContactStatus``; ignored for a known contact that isn't active."""
    status_reason: str
    suppressed: str
    """The reason of its suppression."""
    detail: str
    suppressed_at: float
    created_at: float
    updated_at: float
    lists: list[str]
    """Lists to join in addition to the import's."""
    refused: list[str]
    """Lists that the contact has left by their own word; none of ``lists``."""


class Written(NamedTuple):
    """The results of writing a batch."""

    imported: int
    """New contacts."""
    updated: int
    """Known contacts that changed."""
    joined: int
    """New memberships."""
    no_contacts: int = 0
    """Rows that only suppress an address."""
    suppressed: int = 0
    """Newly suppressed addresses and domains."""
    erased: int = 0
    """Rows that were left out, as their addresses were erased on request."""
    erased_only: int = 0
    """Of these rows, those that only suppress an address."""
    erased_lists: int = 0
    """Lists that these rows name."""
    refused: int = 0
    """Lists newly left, one for each contact."""
    kept_off: int = 0
    """Lists named in rows that the contact had left before, one for each contact."""


class ContactWriter(Protocol):
    """Writes batches within the caller's transaction.

    Addresses must be unique within a batch. A known contact keeps its spelling and creation time,
    and its status unless it is active and the row restricts it.
    """

    def write(self, batch: Sequence[ContactRow]) -> Written:
        """Write one batch."""


def contact_writer(
    connection: Connection,
    *,
    list_ids: Sequence[int],
    list_id: Callable[[str], int],
    on_conflict: OnConflict,
    replace_tags: bool,
    now: float,
    journal: ImportJournal | None = None,
) -> ContactWriter:
    """The writer for the connection's engine.

    ``list_ids`` are the lists that all contacts join; ``list_id`` returns the id of a list named in
    a row. ``replace_tags``: REPLACE applies to tags too. ``journal`` is told what is overwritten.
    """
    kind = _SqliteWriter if connection.dialect.name == "sqlite" else _PostgresWriter
    return kind(
        connection,
        list_ids,
        list_id,
        on_conflict,
        now,
        journal=journal,
        replace_tags=replace_tags,
    )


_INSERT = (
    "INSERT INTO contact "
    "(email, email_key, attributes, tags, status, status_reason, created_at, updated_at) "
)
_NEW_MEMBERS = "INSERT INTO membership (list_id, contact_id, joined_at) SELECT :list_id, id, :now "
_NOT_REFUSED = (
    "AND NOT EXISTS (SELECT 1 FROM list_refusal "
    "WHERE list_refusal.list_id = :list_id AND list_refusal.contact_id = contact.id) "
)
"""Nobody comes back to a list that they left by their own word."""
_IMPORT_LOCK = 0x5E5702  # any constant: one import at a time, to avoid deadlocks


class _Wide(NamedTuple):
    """The columns of a row with its status."""

    email: str
    email_key: str
    attributes: str
    tags: str
    status: str
    status_reason: str
    created_at: float
    updated_at: float


class _Writer(ABC):
    """Common code of both engines: suppressions, and lists named in rows."""

    def __init__(
        self,
        connection: Connection,
        list_ids: Sequence[int],
        list_id: Callable[[str], int],
        on_conflict: OnConflict,
        now: float,
        *,
        journal: ImportJournal | None,
        replace_tags: bool,
    ) -> None:
        self._connection = connection
        self._journal = journal
        self._list_ids = list_ids
        self._list_id = list_id
        self._now = now
        hold_off_erasure(connection)
        self._prepare(on_conflict, replace_tags=replace_tags)

    @abstractmethod
    def _prepare(self, on_conflict: OnConflict, *, replace_tags: bool) -> None:
        """Prepare the statements."""

    def write(self, batch: Sequence[ContactRow]) -> Written:
        """Write one batch; rows with more data take the slower way."""
        erased = erased_among(self._connection, [row[1] for row in batch])
        if not erased:
            return self._written(batch)
        kept = [row for row in batch if row[1] not in erased]
        written = self._written(kept) if kept else Written(0, 0, 0)
        left_out = [_more(row) for row in batch if row[1] in erased]
        return written._replace(
            erased=len(left_out),
            erased_only=sum("no_contact" in more for more in left_out),
            erased_lists=sum(
                len(more.get("lists", ())) + len(more.get("refused", ())) for more in left_out
            ),
        )

    def _written(self, batch: Sequence[ContactRow]) -> Written:
        if not any(row[5] for row in batch):
            return self._write_plain(batch)
        told = [(row, _more(row)) for row in batch]
        suppressed = self._suppress(told)
        people = [(row, more) for row, more in told if not more.get("no_contact")]
        if not people:
            return Written(0, 0, 0, len(batch), suppressed)
        written = self._write_wide([self._wide(row, more) for row, more in people])
        joins, refusals = self._by_list(people, "lists"), self._by_list(people, "refused")
        connection = self._connection
        self._note(people, refusals)
        refused = sum(refuse(connection, each, keys, self._now) for each, keys in refusals.items())
        kept_off = sum(refused_among(connection, each, keys) for each, keys in joins.items())
        joined = sum(self._join(list_id, keys) for list_id, keys in joins.items())
        return written._replace(
            joined=written.joined + joined,
            no_contacts=len(batch) - len(people),
            suppressed=suppressed,
            refused=refused,
            kept_off=kept_off,
        )

    def _note(
        self, people: Sequence[tuple[ContactRow, More]], refusals: Mapping[int, Sequence[str]]
    ) -> None:
        if self._journal is None:
            return
        dated = [row[1] for row, more in people if "created_at" in more or "updated_at" in more]
        if dated:
            self._journal.created(dated)
        for list_id, keys in refusals.items():
            self._journal.leaving(list_id, keys)

    def _by_list(
        self, people: Sequence[tuple[ContactRow, More]], member: Literal["lists", "refused"]
    ) -> dict[int, list[str]]:
        """The contacts' keys by the ids of the lists that their rows name."""
        lists: dict[str, list[str]] = {}
        for row, more in people:
            for name in more.get(member, ()):
                lists.setdefault(name, []).append(row[1])
        return {self._list_id(name): keys for name, keys in lists.items()}

    def _suppress(self, told: Sequence[tuple[ContactRow, More]]) -> int:
        given = [
            FileSuppression(
                row[1],
                more["suppressed"],
                more.get("detail", ""),
                more.get("suppressed_at", self._now),
            )
            for row, more in told
            if "suppressed" in more
        ]
        return suppress_from_file(self._connection, given, self._journal)

    def _wide(self, row: ContactRow, more: More) -> _Wide:
        return _Wide(
            *row[:4],
            more.get("status", "active"),
            more.get("status_reason", ""),
            more.get("created_at", self._now),
            more.get("updated_at", self._now),
        )

    @abstractmethod
    def _write_plain(self, batch: Sequence[ContactRow]) -> Written:
        """Write contacts without more data, as in nearly all imports: must be fast."""

    @abstractmethod
    def _write_wide(self, batch: Sequence[_Wide]) -> Written:
        """Write contacts with their status."""

    @abstractmethod
    def _join(self, list_id: int, keys: Sequence[str]) -> int:
        """Add the contacts with these keys to a list; returns the number of new members."""


def _more(row: ContactRow) -> More:
    more: More = json.loads(row[5]) if row[5] else {}
    return more


class _SqliteWriter(_Writer):
    def _prepare(self, on_conflict: OnConflict, *, replace_tags: bool) -> None:
        now = self._now

        def literal(rule: str) -> str:
            return rule.replace(":replace_tags", "1" if replace_tags else "0").replace(
                ":now", repr(now)
            )

        rule = SQLITE[on_conflict]
        self._plain = (
            _INSERT + f"VALUES (?, ?, ?, ?, 'active', '', {now!r}, {now!r}) "
            "ON CONFLICT (email_key) " + literal(rule.narrow())
        )
        self._with_status = (
            _INSERT + "VALUES (?, ?, ?, ?, ?, ?, ?, ?) "
            "ON CONFLICT (email_key) " + literal(rule.wide())
        )

    def _write_plain(self, batch: Sequence[ContactRow]) -> Written:
        return self._upsert(self._plain, [row[:4] for row in batch])

    def _write_wide(self, batch: Sequence[_Wide]) -> Written:
        return self._upsert(self._with_status, list(batch))

    def _upsert(self, statement: str, rows: list[tuple[Any, ...]]) -> Written:
        before = self._last_id()
        changed = self._connection.exec_driver_sql(statement, rows).rowcount
        # We hold the write lock, so new ids are consecutive.
        imported = self._last_id() - before
        joined = 0
        for list_id in self._list_ids:
            if imported == len(rows):
                joined += self._connection.execute(
                    text(_NEW_MEMBERS + "FROM contact WHERE id > :before"),
                    {"list_id": list_id, "now": self._now, "before": before},
                ).rowcount
            else:
                joined += self._join(list_id, [row[1] for row in rows])
        return Written(imported, changed - imported, joined)

    def _join(self, list_id: int, keys: Sequence[str]) -> int:
        return self._connection.execute(
            text(
                _NEW_MEMBERS + "FROM contact "
                f"WHERE email_key IN (SELECT value FROM json_each(:keys)) {_NOT_REFUSED}"
                "ON CONFLICT (list_id, contact_id) DO NOTHING"
            ),
            {"list_id": list_id, "now": self._now, "keys": json.dumps(keys)},
        ).rowcount

    def _last_id(self) -> int:
        found = self._connection.execute(text("SELECT max(id) FROM contact")).scalar()
        return int(found or 0)


class _PostgresWriter(_Writer):
    def _prepare(self, on_conflict: OnConflict, *, replace_tags: bool) -> None:
        rule = POSTGRES[on_conflict]
        self._plain = _postgres_upsert(
            "'active', '', :now, :now",
            rule.narrow().replace(":replace_tags", str(replace_tags)),
            {"emails": "email", "keys": "email_key", "attributes": "attributes", "tags": "tags"},
            noting=self._journal is not None,
        )
        self._with_status = _postgres_upsert(
            "status, status_reason, created_at, updated_at",
            rule.wide().replace(":replace_tags", str(replace_tags)),
            {name: name for name in _Wide._fields},
            noting=self._journal is not None,
        )
        self._join_them = text(
            _NEW_MEMBERS
            + f"FROM contact WHERE email_key = ANY(CAST(:keys AS text[])) {_NOT_REFUSED}"
            + "ON CONFLICT (list_id, contact_id) DO NOTHING"
        )
        self._connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _IMPORT_LOCK})

    def _write_plain(self, batch: Sequence[ContactRow]) -> Written:
        emails, keys, attributes, tags = map(list, zip(*(row[:4] for row in batch), strict=True))
        given = {"emails": emails, "keys": keys, "attributes": attributes, "tags": tags}
        return self._upsert(self._plain, given, keys)

    def _write_wide(self, batch: Sequence[_Wide]) -> Written:
        given = dict(zip(_Wide._fields, map(list, zip(*batch, strict=True)), strict=True))
        return self._upsert(self._with_status, given, given["email_key"])

    def _upsert(
        self, statement: TextClause, given: dict[str, list[Any]], keys: Sequence[str]
    ) -> Written:
        values = {**given, "now": self._now}
        if self._journal is not None:
            values["change_id"] = self._journal.id
            # Else a change that commits right now is overwritten, and what is noted is older.
            self._connection.execute(_LOCK_KNOWN, {"keys": list(keys)})
        imported, updated = self._connection.execute(statement, values).one()
        joined = sum(self._join(list_id, keys) for list_id in self._list_ids)
        return Written(imported, updated, joined)

    def _join(self, list_id: int, keys: Sequence[str]) -> int:
        return self._connection.execute(
            self._join_them, {"list_id": list_id, "now": self._now, "keys": list(keys)}
        ).rowcount


_LOCK_KNOWN = text(
    "SELECT count(*) FROM (SELECT id FROM contact WHERE email_key = ANY(CAST(:keys AS text[])) "
    "FOR UPDATE) AS known"
)


def _postgres_upsert(values: str, rule: str, arrays: dict[str, str], *, noting: bool) -> TextClause:
    """Insert arrays (parameter to column) as rows, with ``values`` for the last four columns.

    ``noting``: known contacts go into the journal as they were.
    """
    kinds = {"created_at": "float8[]", "updated_at": "float8[]"}
    given = ", ".join(f"CAST(:{name} AS {kinds.get(name, 'text[]')})" for name in arrays)
    return text(
        "WITH written AS (" + _INSERT + "SELECT email, email_key, CAST(attributes AS json), "
        f"CAST(tags AS json), {values} FROM unnest({given}) AS given ({', '.join(arrays.values())})"
        " ON CONFLICT (email_key) "
        + rule
        + " RETURNING id, xmax = 0 AS is_new)"
        + (f", {NOTED_POSTGRESQL} " if noting else " ")
        + "SELECT count(*) FILTER (WHERE is_new), count(*) FILTER (WHERE NOT is_new) FROM written"
    )
