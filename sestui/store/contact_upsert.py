"""The bulk write of contacts: whole batches as one JSON text, merged inside the database.

A batch never becomes rows in Python, which is what makes a million contacts a matter of seconds;
both engines unpack it themselves. The texts differ where the engines' JSON functions do.
"""

from sqlalchemy import Connection, text
from sqlalchemy.sql.elements import TextClause

from sestui.core.conflict import OnConflict

_COLUMNS = (
    "INSERT INTO contact "
    "(email, email_key, attributes, tags, status, status_reason, created_at, updated_at) "
    "SELECT email, email_key, attributes, tags, 'active', '', :now, :now FROM "
)
_MEMBERS = "INSERT INTO membership (list_id, contact_id, joined_at) SELECT :list_id, id, :now FROM "
_KNOWN = "SELECT count(*) FROM contact WHERE email_key IN (SELECT email_key FROM "

_SQLITE_GIVEN = (
    "(SELECT json_extract(value, '$.email') AS email, "
    "json_extract(value, '$.email_key') AS email_key, "
    "json_extract(value, '$.attributes') AS attributes, "
    "json_extract(value, '$.tags') AS tags FROM json_each(:batch)) AS given "
)
_SQLITE_KEYS = "(SELECT json_extract(value, '$.email_key') AS email_key FROM json_each(:batch))"
_SQLITE_NEW_TAGS = (
    "(SELECT value FROM json_each(excluded.tags) "
    "WHERE value NOT IN (SELECT value FROM json_each(contact.tags)))"
)
_SQLITE_NEW_VALUES = (
    # The cheap comparison of texts first: most known contacts come back unchanged.
    "(json_patch(contact.attributes, excluded.attributes) <> contact.attributes AND EXISTS ("
    "SELECT 1 FROM json_each(excluded.attributes) AS fresh "
    "LEFT JOIN json_each(contact.attributes) AS old ON old.key = fresh.key "
    "WHERE old.value IS NOT fresh.value))"
)
_SQLITE = {
    OnConflict.SKIP: "DO NOTHING",
    OnConflict.UPDATE: (
        "DO UPDATE SET attributes = json_patch(contact.attributes, excluded.attributes), "
        "tags = (SELECT json_group_array(value) FROM (SELECT value FROM json_each(contact.tags) "
        "UNION ALL SELECT value FROM " + _SQLITE_NEW_TAGS + ")), updated_at = :now "
        "WHERE " + _SQLITE_NEW_VALUES + " OR EXISTS " + _SQLITE_NEW_TAGS
    ),
    OnConflict.REPLACE: (
        "DO UPDATE SET attributes = excluded.attributes, "
        "tags = CASE WHEN :replace_tags THEN excluded.tags ELSE contact.tags END, "
        "updated_at = :now "
        "WHERE " + _SQLITE_NEW_VALUES + " OR EXISTS ("
        "SELECT 1 FROM json_each(contact.attributes) WHERE key NOT IN "
        "(SELECT key FROM json_each(excluded.attributes))) "
        "OR (:replace_tags AND (EXISTS " + _SQLITE_NEW_TAGS + " OR "
        "json_array_length(contact.tags) <> json_array_length(excluded.tags)))"
    ),
}

_POSTGRES_GIVEN = (
    "json_to_recordset(CAST(:batch AS json)) "
    "AS given (email text, email_key text, attributes json, tags json) "
)
_POSTGRES_KEYS = "json_to_recordset(CAST(:batch AS json)) AS keys (email_key text)"
_OLD, _NEW = "CAST(contact.attributes AS jsonb)", "CAST(excluded.attributes AS jsonb)"
_OLD_TAGS, _NEW_TAGS = "CAST(contact.tags AS jsonb)", "CAST(excluded.tags AS jsonb)"
_POSTGRES = {
    OnConflict.SKIP: "DO NOTHING",
    OnConflict.UPDATE: (
        f"DO UPDATE SET attributes = CAST({_OLD} || {_NEW} AS json), "
        f"tags = CAST({_OLD_TAGS} || (SELECT coalesce(jsonb_agg(tag), '[]') "
        f"FROM jsonb_array_elements({_NEW_TAGS}) AS tag WHERE NOT {_OLD_TAGS} @> tag) AS json), "
        f"updated_at = :now WHERE NOT ({_OLD} @> {_NEW} AND {_OLD_TAGS} @> {_NEW_TAGS})"
    ),
    OnConflict.REPLACE: (
        "DO UPDATE SET attributes = excluded.attributes, "
        "tags = CASE WHEN :replace_tags THEN excluded.tags ELSE contact.tags END, "
        f"updated_at = :now WHERE {_OLD} <> {_NEW} "
        f"OR (:replace_tags AND NOT ({_OLD_TAGS} @> {_NEW_TAGS} AND {_NEW_TAGS} @> {_OLD_TAGS}))"
    ),
}
_IMPORT_LOCK = 0x5E5702  # any constant: one import at a time, so that counts are exact


class ContactUpsert:
    """Writes batches into one list within one transaction of the caller.

    A batch is a JSON array of objects with ``email``, ``email_key``, ``attributes`` (an object of
    texts) and ``tags`` (an array of texts); a key appears once in a batch. A contact's status,
    spelling and creation time are never touched.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        list_id: int,
        on_conflict: OnConflict,
        replace_tags: bool,
        now: float,
    ) -> None:
        self._connection = connection
        self._values = {"list_id": list_id, "now": now}
        self._rule_values = {"now": now}
        if on_conflict is OnConflict.REPLACE:
            self._rule_values["replace_tags"] = replace_tags
        sqlite = connection.dialect.name == "sqlite"
        given, keys = (
            (_SQLITE_GIVEN, _SQLITE_KEYS) if sqlite else (_POSTGRES_GIVEN, _POSTGRES_KEYS)
        )
        rule = (_SQLITE if sqlite else _POSTGRES)[on_conflict]
        # Parsing ambiguity: SQLite takes the ON of ON CONFLICT for a join's without a WHERE.
        self._upsert = text(_COLUMNS + given + "WHERE true ON CONFLICT (email_key) " + rule)
        self._known = text(_KNOWN + keys + ")")
        self._join = text(
            _MEMBERS + "contact WHERE email_key IN (SELECT email_key FROM " + keys + ") "
            "ON CONFLICT (list_id, contact_id) DO NOTHING"
        )
        if not sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _IMPORT_LOCK})

    def write(self, batch: str, size: int) -> tuple[int, int, int]:
        """Write ``size`` contacts; how many were new, were changed, and joined the list."""
        known = int(self._connection.execute(self._known, {"batch": batch}).scalar_one())
        written = self._count(self._upsert, {"batch": batch, **self._rule_values})
        joined = self._count(self._join, {"batch": batch, **self._values})
        return size - known, written - (size - known), joined

    def _count(self, statement: TextClause, values: dict[str, object]) -> int:
        return self._connection.execute(statement, values).rowcount
