"""What undoing an import needs, noted in the import's own transaction.

New contacts and memberships cost nothing: their ids are a range, and they bear the instant of the
import. Only what was there before is kept, row by row, as it is overwritten.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, func, null, select, text
from sqlalchemy.dialects import postgresql, sqlite

from sestui.core.clock import Instant
from sestui.store.contacts.changes.journal import ROW, ChangeKind, begin, finish, forget_old
from sestui.store.contacts.key_queries import CONTACT, SUPPRESSION
from sestui.store.contacts.refusals import VALUES, among_keys

WAS, CREATED = "was", "created"
"""What rows of the journal say of contacts: they were like that; they were created with an instant
of the file's."""

_TRIGGER = """
    CREATE TEMP TRIGGER imported_over AFTER UPDATE ON contact BEGIN
        INSERT OR IGNORE INTO contact_change_row
            (change_id, contact_id, list_id, value, at, before, updated_at)
        VALUES ({change_id}, old.id, 0, 'was', 0, json_object(
            'attributes', json(old.attributes), 'tags', json(old.tags),
            'status', old.status, 'status_reason', old.status_reason), old.updated_at);
    END
"""
"""SQLite's upserts are one statement a row, and only the engine knows which of them change one."""

NOTED_POSTGRESQL = """
    noted AS (
        INSERT INTO contact_change_row
            (change_id, contact_id, list_id, value, at, before, updated_at)
        SELECT :change_id, contact.id, 0, 'was', 0, json_build_object(
            'attributes', contact.attributes, 'tags', contact.tags,
            'status', contact.status, 'status_reason', contact.status_reason), contact.updated_at
        FROM written JOIN contact ON contact.id = written.id WHERE NOT is_new
        ON CONFLICT DO NOTHING
    )
"""
"""For an upsert ``written``: a statement sees all rows as they were before it."""


class Before(NamedTuple):
    """A suppression as it was before."""

    reason: str
    detail: str
    created_at: float
    kept: bool


class ImportJournal:
    """The entry of one import; begun before anything is written."""

    def __init__(self, connection: Connection, now: Instant) -> None:
        self._connection = connection
        self._now = now
        self._addresses = 0
        self.id = begin(connection, ChangeKind.IMPORTED, now)
        self.first = self._last_id()
        """The greatest id of a contact before: created ones have greater ones."""
        if connection.dialect.name == "sqlite":
            connection.execute(text(_TRIGGER.format(change_id=self.id)))

    def _last_id(self) -> int:
        return int(self._connection.execute(select(func.max(CONTACT.c.id))).scalar() or 0)

    def created(self, keys: Sequence[str]) -> None:
        """Note those new contacts among these whose instants are the file's."""
        self._connection.execute(
            text(
                "INSERT INTO contact_change_row (change_id, contact_id, list_id, value, at) "
                f"SELECT :change_id, id, 0, '{CREATED}', updated_at "
                f"{among_keys(self._connection)} AND id > :first ON CONFLICT DO NOTHING"
            ),
            {"change_id": self.id, "keys": json.dumps(list(keys)), "first": self.first},
        )

    def leaving(self, list_id: int, keys: Sequence[str]) -> None:
        """Note the memberships of a list that are about to end."""
        self._connection.execute(
            text(
                "INSERT INTO contact_change_row (change_id, contact_id, list_id, value, at) "  # noqa: S608 - constants
                "SELECT :change_id, contact_id, list_id, 'left', joined_at FROM membership "
                f"WHERE list_id = :list_id AND contact_id IN (SELECT id "
                f"{among_keys(self._connection)}) ON CONFLICT DO NOTHING"
            ),
            {"change_id": self.id, "list_id": list_id, "keys": json.dumps(list(keys))},
        )

    def suppressed(
        self, fresh: int, given: Mapping[str, str], before: Mapping[str, Before]
    ) -> None:
        """Note what has become of known suppressions; as many ``fresh`` ones are noted already.

        ``given`` are the known addresses with the file's reasons.
        """
        self._addresses += fresh
        after = suppressions_of(self._connection, given) if given else {}
        changed = {key: one for key, one in after.items() if before[key] != one}
        if not changed:
            return
        made = self._made(changed)
        rows = [
            {
                "change_id": self.id,
                "contact_id": 0,
                "list_id": 0,
                "value": key,
                "at": one.created_at,
                "before": {"new": True, "by": one.reason}
                if key in made
                else before[key]._asdict() | {"by": given[key]},
            }
            for key, one in changed.items()
        ]
        dialect: Any = sqlite if self._connection.dialect.name == "sqlite" else postgresql
        noting = dialect.insert(ROW)
        self._connection.execute(
            noting.on_conflict_do_update(
                index_elements=list(ROW.primary_key),
                set_={"before": noting.excluded.before},
                where=ROW.c.before.is_(null()),
            ),
            rows,
        )
        self._addresses += len(changed.keys() - made)

    def _made(self, keys: Iterable[str]) -> frozenset[str]:
        """Those that this import has suppressed itself: a file may have an address twice."""
        made = select(ROW.c.value).where(
            ROW.c.change_id == self.id, ROW.c.contact_id == 0, ROW.c.value.in_(list(keys))
        )
        return frozenset(self._connection.execute(made.where(ROW.c.before.is_(null()))).scalars())

    def finish(
        self,
        said: str,
        counts: Mapping[str, int],
        lists: Sequence[int] = (),
        made: Sequence[int] = (),
        others: int = 0,
    ) -> int | None:
        """Complete the entry; returns its id, or None if nothing has changed.

        ``counts`` has the ``new`` and ``changed`` contacts and whatever else is to be told;
        ``others`` are memberships, refusals and lists, which count where nothing else has changed.
        """
        if self._connection.dialect.name == "sqlite":
            self._connection.execute(text("DROP TRIGGER imported_over"))
        created = counts.get("new", 0)
        size = created + counts.get("changed", 0) + self._addresses or others
        told = ", ".join(f"{count:,} {what}" for what, count in counts.items() if count)
        detail = {
            "first": self.first,
            "last": self._last_id(),
            "created": created,
            "lists": list(lists),
            "made": list(made),
        }
        finish(self._connection, self.id, f"{said}: {told or 'none new'}", size, detail)
        return self.id if size else None


def begin_import(connection: Connection, now: Instant) -> ImportJournal:
    """Begin the entry, and forget old ones."""
    forget_old(connection, now)
    return ImportJournal(connection, now)


def suppressions_of(connection: Connection, keys: Iterable[str]) -> dict[str, Before]:
    """The suppressions of these addresses and domains, a few thousand at most."""
    found = connection.execute(
        _SUPPRESSIONS[connection.dialect.name], {"keys": json.dumps(list(keys))}
    )
    return {key: Before(*values) for key, *values in found}


_COLUMNS = tuple(SUPPRESSION.c[name] for name in ("email_key", *Before._fields))
_SUPPRESSIONS = {
    engine: text(
        "SELECT email_key, reason, detail, created_at, kept FROM suppression "  # noqa: S608 - constants
        f"WHERE email_key IN ({values})"
    ).columns(*_COLUMNS)
    for engine, values in VALUES.items()
}
