"""Recipients of large runs who aren't deliveries yet: their mail is checked while the run sends.

A run starts with the ids of its audience alone, which takes a second for a million, where checking
everybody's mail takes minutes and writing their deliveries seconds. Part by part they become
deliveries once their mail has been checked, so that a claim never meets one that hasn't been. Until
then the run counts them as pending.
"""

import json
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Text,
    cast,
    delete,
    func,
    insert,
    literal,
    select,
    update,
)

from sestui.core.delivery.states import DeliveryState
from sestui.store.contacts.unchecked import PART, PARTS, parts_of
from sestui.store.ledger.bulk_statements import ids_of, values_text
from sestui.store.ledger.new_deliveries import add_erased, add_recipients
from sestui.store.ledger.statements import CONTACT, RUN


def note_unchecked(
    connection: Connection, run_id: int, which: Sequence[ColumnElement[bool]]
) -> int:
    """Record the contacts who fulfil ``which`` as unchecked recipients of a run; their number."""
    part = (CONTACT.c.id // PART).label("part")
    ids: ColumnElement[Any] = func.json_group_array(CONTACT.c.id)
    if connection.dialect.name != "sqlite":
        ids = cast(func.json_agg(CONTACT.c.id), Text)
    rows = select(literal(run_id), part, func.count(), ids).where(*which).group_by(part)
    connection.execute(insert(PARTS).from_select(["run_id", "part", "size", "contact_ids"], rows))
    whole = select(func.coalesce(func.sum(PARTS.c.size), 0)).where(PARTS.c.run_id == run_id)
    return int(connection.execute(whole).scalar_one())


def enter(
    connection: Connection,
    run_id: int,
    parts: Collection[int] | None = None,
    state: DeliveryState = DeliveryState.PENDING,
) -> None:
    """Make deliveries of unchecked recipients, of ``parts`` or all: pending, or cancelled.

    The caller has locked the run. Who is a contact no more is skipped, as erased.
    """
    which = PARTS.c.run_id == run_id
    if parts is not None:
        which &= PARTS.c.part.in_(parts)
    taken = connection.execute(delete(PARTS).where(which).returning(PARTS.c.contact_ids))
    ids = [contact_id for each in taken.scalars() for contact_id in json.loads(each)]
    if not ids:
        return
    run = connection.execute(select(RUN.c.created_at).where(RUN.c.id == run_id)).one()
    theirs = CONTACT.c.id.in_(ids_of(connection))
    given = {"b_ids": values_text(ids)}
    found = add_recipients(connection, run_id, run.created_at, [theirs], state, given=given)
    gone = len(ids) - found
    if gone:
        add_erased(connection, run_id, run.created_at, gone)
    skipped = gone if state is DeliveryState.PENDING else len(ids)
    connection.execute(
        update(RUN)
        .where(RUN.c.id == run_id)
        .values(
            unchecked=RUN.c.unchecked - len(ids),
            pending=RUN.c.pending - skipped,
            skipped=RUN.c.skipped + skipped,
        )
    )


def enter_contact(connection: Connection, contact_id: int) -> None:
    """Make pending deliveries of one contact's, who is going to be erased, wherever unchecked."""
    _lock_runs(connection)
    for row in parts_of(connection, [contact_id]):
        ids = json.loads(row.contact_ids)
        if contact_id not in ids:
            continue
        ids.remove(contact_id)
        which = (PARTS.c.run_id == row.run_id) & (PARTS.c.part == row.part)
        rest = update(PARTS).where(which).values(size=len(ids), contact_ids=json.dumps(ids))
        connection.execute(rest)
        add_recipients(connection, row.run_id, row.created_at, [CONTACT.c.id == contact_id])
        one_less = update(RUN).where(RUN.c.id == row.run_id)
        connection.execute(one_less.values(unchecked=RUN.c.unchecked - 1))


def _lock_runs(connection: Connection) -> None:
    """Who enters recipients has their run locked; all do so before they touch a part."""
    open_runs = select(RUN.c.id).where(RUN.c.unchecked > 0).order_by(RUN.c.id)
    connection.execute(open_runs.with_for_update())
