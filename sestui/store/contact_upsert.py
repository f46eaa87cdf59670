"""The bulk write of contacts, merged inside the database batch by batch.

Both engines take the same rows by the road that is fastest for each: SQLite one by one through a
prepared statement, PostgreSQL a whole batch as four arrays.
"""
# ruff: noqa: S608 # statements are put together from constants of this module; values are bound

import json
from collections.abc import Sequence
from typing import NamedTuple, Protocol

from sqlalchemy import Connection, text

from sestui.core.conflict import OnConflict


class ContactRow(NamedTuple):
    """A contact on its way into the database."""

    email: str
    email_key: str
    attributes: str
    """A JSON object of texts, numbers, true and false."""
    tags: str
    """A JSON array of texts."""


class Written(NamedTuple):
    """What became of a batch."""

    imported: int
    """New contacts."""
    updated: int
    """Known ones that changed."""
    joined: int
    """Contacts that were not on the list before."""


class ContactWriter(Protocol):
    """Writes batches into one list, within one transaction of the caller.

    An address comes once in a batch. A known contact's status, spelling and creation time are
    never touched.
    """

    def write(self, batch: Sequence[ContactRow]) -> Written:
        """Write one batch."""


def contact_writer(
    connection: Connection,
    *,
    list_id: int,
    on_conflict: OnConflict,
    replace_tags: bool,
    now: float,
) -> ContactWriter:
    """The writer for the connection's engine.

    ``replace_tags`` says whether REPLACE is meant for tags too.
    """
    kind = _SqliteWriter if connection.dialect.name == "sqlite" else _PostgresWriter
    return kind(connection, list_id, on_conflict, now, replace_tags=replace_tags)


_INSERT = (
    "INSERT INTO contact "
    "(email, email_key, attributes, tags, status, status_reason, created_at, updated_at) "
)
_NEW_MEMBERS = "INSERT INTO membership (list_id, contact_id, joined_at) SELECT :list_id, id, :now "

_SQLITE_NEW_TAGS = (
    "(SELECT value FROM json_each(excluded.tags) "
    "WHERE value NOT IN (SELECT value FROM json_each(contact.tags)))"
)
_SQLITE_NEW_VALUES = (
    # The cheap comparison of texts first: most known contacts come back unchanged.
    "(json_patch(contact.attributes, excluded.attributes) <> contact.attributes AND EXISTS ("
    "SELECT 1 FROM json_each(excluded.attributes) AS fresh "
    "LEFT JOIN json_each(contact.attributes) AS old ON old.key = fresh.key "
    "WHERE old.value IS NOT fresh.value OR old.type IS NOT fresh.type))"
)
_SQLITE = {
    OnConflict.SKIP: "DO NOTHING",
    OnConflict.UPDATE: (
        "DO UPDATE SET attributes = json_patch(contact.attributes, excluded.attributes), "
        "tags = (SELECT json_group_array(value) FROM (SELECT value FROM json_each(contact.tags) "
        "UNION ALL SELECT value FROM " + _SQLITE_NEW_TAGS + ")), "
        "updated_at = excluded.updated_at "
        "WHERE " + _SQLITE_NEW_VALUES + " OR EXISTS " + _SQLITE_NEW_TAGS
    ),
    OnConflict.REPLACE: (
        "DO UPDATE SET attributes = excluded.attributes, "
        "tags = CASE WHEN :replace_tags THEN excluded.tags ELSE contact.tags END, "
        "updated_at = excluded.updated_at "
        "WHERE " + _SQLITE_NEW_VALUES + " OR EXISTS ("
        "SELECT 1 FROM json_each(contact.attributes) WHERE key NOT IN "
        "(SELECT key FROM json_each(excluded.attributes))) "
        "OR (:replace_tags AND (EXISTS " + _SQLITE_NEW_TAGS + " OR "
        "json_array_length(contact.tags) <> json_array_length(excluded.tags)))"
    ),
}

_OLD, _NEW = "CAST(contact.attributes AS jsonb)", "CAST(excluded.attributes AS jsonb)"
_OLD_TAGS, _NEW_TAGS = "CAST(contact.tags AS jsonb)", "CAST(excluded.tags AS jsonb)"
_POSTGRES = {
    OnConflict.SKIP: "DO NOTHING",
    OnConflict.UPDATE: (
        f"DO UPDATE SET attributes = CAST({_OLD} || {_NEW} AS json), "
        f"tags = CAST({_OLD_TAGS} || (SELECT coalesce(jsonb_agg(tag), '[]') "
        f"FROM jsonb_array_elements({_NEW_TAGS}) AS tag WHERE NOT {_OLD_TAGS} @> tag) AS json), "
        f"updated_at = excluded.updated_at "
        f"WHERE NOT ({_OLD} @> {_NEW} AND {_OLD_TAGS} @> {_NEW_TAGS})"
    ),
    OnConflict.REPLACE: (
        "DO UPDATE SET attributes = excluded.attributes, "
        "tags = CASE WHEN :replace_tags THEN excluded.tags ELSE contact.tags END, "
        f"updated_at = excluded.updated_at WHERE {_OLD} <> {_NEW} "
        f"OR (:replace_tags AND NOT ({_OLD_TAGS} @> {_NEW_TAGS} AND {_NEW_TAGS} @> {_OLD_TAGS}))"
    ),
}
_IMPORT_LOCK = 0x5E5702  # any constant: one import at a time, so that none meets a deadlock


class _SqliteWriter:
    def __init__(
        self,
        connection: Connection,
        list_id: int,
        on_conflict: OnConflict,
        now: float,
        *,
        replace_tags: bool,
    ) -> None:
        self._connection = connection
        self._list = {"list_id": list_id, "now": now}
        rule = _SQLITE[on_conflict].replace(":replace_tags", "1" if replace_tags else "0")
        self._upsert = (
            _INSERT + f"VALUES (?, ?, ?, ?, 'active', '', {now!r}, {now!r}) "
            "ON CONFLICT (email_key) " + rule
        )

    def write(self, batch: Sequence[ContactRow]) -> Written:
        before = self._last_id()
        changed = self._connection.exec_driver_sql(self._upsert, list(batch)).rowcount
        # The write lock is ours and nothing is deleted: new ids follow each other.
        imported = self._last_id() - before
        if imported == len(batch):
            joined = self._connection.execute(
                text(_NEW_MEMBERS + "FROM contact WHERE id > :before"),
                {**self._list, "before": before},
            ).rowcount
        else:
            joined = self._connection.execute(
                text(
                    _NEW_MEMBERS + "FROM contact "
                    "WHERE email_key IN (SELECT value FROM json_each(:keys)) "
                    "ON CONFLICT (list_id, contact_id) DO NOTHING"
                ),
                {**self._list, "keys": json.dumps([row[1] for row in batch])},
            ).rowcount
        return Written(imported, changed - imported, joined)

    def _last_id(self) -> int:
        found = self._connection.execute(text("SELECT max(id) FROM contact")).scalar()
        return int(found or 0)


class _PostgresWriter:
    def __init__(
        self,
        connection: Connection,
        list_id: int,
        on_conflict: OnConflict,
        now: float,
        *,
        replace_tags: bool,
    ) -> None:
        self._connection = connection
        self._list = {"list_id": list_id, "now": now}
        rule = _POSTGRES[on_conflict].replace(":replace_tags", str(replace_tags))
        self._upsert = text(
            "WITH written AS (" + _INSERT + "SELECT email, email_key, CAST(attributes AS json), "
            "CAST(tags AS json), 'active', '', :now, :now FROM unnest("
            "CAST(:emails AS text[]), CAST(:keys AS text[]), CAST(:attributes AS text[]), "
            "CAST(:tags AS text[])) AS given (email, email_key, attributes, tags) "
            "ON CONFLICT (email_key) " + rule + " RETURNING xmax = 0 AS is_new) "
            "SELECT count(*) FILTER (WHERE is_new), count(*) FILTER (WHERE NOT is_new) FROM written"
        )
        self._join = text(
            _NEW_MEMBERS + "FROM contact WHERE email_key = ANY(CAST(:keys AS text[])) "
            "ON CONFLICT (list_id, contact_id) DO NOTHING"
        )
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _IMPORT_LOCK})

    def write(self, batch: Sequence[ContactRow]) -> Written:
        emails, keys, attributes, tags = map(list, zip(*batch, strict=True))
        imported, updated = self._connection.execute(
            self._upsert,
            {
                "emails": emails,
                "keys": keys,
                "attributes": attributes,
                "tags": tags,
                "now": self._list["now"],
            },
        ).one()
        joined = self._connection.execute(self._join, {**self._list, "keys": keys}).rowcount
        return Written(imported, updated, joined)
