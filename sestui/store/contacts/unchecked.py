"""Contacts whose mail a run has yet to check (``store.ledger.unchecked``)."""

import json
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import JSON, BigInteger, Connection, Row, Select, cast, func, select

from sestui.store.contacts.tables import UncheckedPart
from sestui.store.db.tables import Run

PART = 500
"""Contacts whose ids begin alike are one part: so many become deliveries at once, at most."""

PARTS = UncheckedPart.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass
_RUN = Run.__table__  # type: ignore[attr-defined] # as above


def unchecked_among(connection: Connection, contact_ids: Collection[int]) -> set[int]:
    """Those of the contacts who are unchecked recipients of any run."""
    found: set[int] = set()
    for row in parts_of(connection, contact_ids):
        found.update(json.loads(row.contact_ids))
    return found.intersection(contact_ids)


def unchecked_of(connection: Connection, run_id: int) -> Select[Any]:
    """The ids of a run's unchecked recipients."""
    ids, each = PARTS.c.contact_ids, func.json_each
    if connection.dialect.name == "postgresql":
        ids, each = cast(ids, JSON), func.json_array_elements_text
    contact_id = each(ids).table_valued("value", joins_implicitly=True).c.value
    found = select(cast(contact_id, BigInteger)).select_from(PARTS)  # first, as each reads its row
    return found.where(PARTS.c.run_id == run_id)


def parts_of(connection: Connection, contact_ids: Collection[int]) -> Sequence[Row[Any]]:
    """The parts of all runs that may have any of the contacts, with when the run was created."""
    if not contact_ids:
        return ()
    parts = sorted({each // PART for each in contact_ids})
    columns = (PARTS.c.run_id, PARTS.c.part, PARTS.c.contact_ids, _RUN.c.created_at)
    return connection.execute(
        select(*columns).join(_RUN, _RUN.c.id == PARTS.c.run_id).where(PARTS.c.part.in_(parts))
    ).all()
