"""An audience as conditions on ``contact``, for both engines."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, select

from sestui.core.campaign.audience import Audience
from sestui.core.clock import Instant
from sestui.core.segments.expression import NOTHING_ELSE, Together
from sestui.core.segments.present import Present
from sestui.core.text import printable
from sestui.errors import NotFoundError
from sestui.store.contacts.key_queries import CONTACT, MEMBERSHIP
from sestui.store.db.tables import ContactList
from sestui.store.segments.segment_names import resolve
from sestui.store.segments.segment_queries import counting
from sestui.store.segments.segments_sql import ResolvedSegment, SegmentSql

LIST = ContactList.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass


@dataclass(frozen=True, slots=True)
class ResolvedAudience:
    """An audience with what its names mean."""

    list_ids: tuple[int, ...] | None
    """Its lists; None if it is of all contacts."""
    segment: ResolvedSegment | None
    present: Present

    def members(self) -> Select[Any]:
        """The ids of the contacts on its lists, some of them more than once."""
        return select(MEMBERSHIP.c.contact_id).where(MEMBERSHIP.c.list_id.in_(self.list_ids or ()))

    def conditions(self, connection: Connection) -> list[ColumnElement[bool]]:
        """What its contacts fulfil in a query over all."""
        where = self.in_segment(connection)
        if self.list_ids is not None:
            where.append(CONTACT.c.id.in_(self.members()))
        return where

    def in_segment(self, connection: Connection) -> list[ColumnElement[bool]]:
        """What those of its lists fulfil who are in it."""
        if self.segment is None:
            return []
        sqlite = connection.dialect.name == "sqlite"
        return [SegmentSql(self.segment, self.present, sqlite=sqlite).where()]

    def size(self, connection: Connection) -> int:
        """How many contacts are in it, whatever their status."""
        return int(connection.execute(self.counting(connection)).scalar_one())

    def counting(self, connection: Connection) -> Select[int]:
        """The statement that counts them."""
        if self.segment is None:
            members = self.members()
            members = members if len(self.list_ids or ()) == 1 else members.distinct()
            return select(func.count()).select_from(members.subquery())
        if self.list_ids is None:
            return counting(connection, self.segment, self.present)
        return select(func.count()).select_from(CONTACT).where(*self.conditions(connection))


def resolved(
    connection: Connection,
    audience: Audience,
    now: Instant,
    *,
    together: Together = NOTHING_ELSE,
    whole: bool = False,
) -> ResolvedAudience:
    """The audience with what its names mean now; lists that don't exist are left out.

    ``together`` is what is going to be saved with it; who is in it can't be asked then. ``whole``:
    lists that don't exist are refused.

    Raises:
        NotFoundError: the segment, or something that it names, doesn't exist.
        SegmentError: the expression can't be read, or is too big with all that it uses.
    """
    found = list_ids(connection, audience.lists)
    if whole:
        _refuse_missing(audience, found)
    ids: tuple[int, ...] | None = tuple(found.values())
    expression = audience.expression
    if expression is None:
        return ResolvedAudience(ids, None, audience.present(now))
    segment = resolve(connection, expression, together=together)
    ids = ids if audience.lists else None
    return ResolvedAudience(ids, segment, audience.present(now))


def list_ids(connection: Connection, names: Sequence[str]) -> dict[str, int]:
    """The ids of those lists that exist."""
    if not names:
        return {}
    found = connection.execute(select(LIST.c.name, LIST.c.id).where(LIST.c.name.in_(names)))
    return {str(name): int(list_id) for name, list_id in found}


def _refuse_missing(audience: Audience, found: Collection[str]) -> None:
    """Raise NotFoundError with the first of the audience's lists that isn't among those found."""
    for name in audience.lists:
        if name not in found:
            raise NotFoundError(
                f"There is no list {printable(name)!r}; importing contacts into it creates it.",
                by_option="`sestui import FILE --list NAME` does that.",
            )
