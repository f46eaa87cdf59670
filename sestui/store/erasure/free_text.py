"""Take an address out of free texts, and find what the operator has written about it."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import JSON, Column, Connection, Table, Text, and_, cast, func, or_, select, update
from sqlmodel import SQLModel, col

from sestui.core.contact.address_in_text import AddressInText
from sestui.core.text import printable
from sestui.store.db.tables import Campaign, Run
from sestui.store.erasure.places import FREE_TEXT, OWN_WORDS

_NAMES = {
    "campaign": ("the campaign", "name"),
    "contact_list": ("the list", "name"),
    "segment": ("the segment", "name"),
    "task": ("the task", "name"),
}


def scrub(connection: Connection, address: AddressInText) -> dict[str, int]:
    """Take the address out of every free text; the numbers of changed rows by table."""
    changed: dict[str, int] = {}
    for table, names in _tables(FREE_TEXT):
        columns = [table.c[name] for name in names]
        for key, texts in _naming(connection, table, columns, address):
            values = {
                column.name: _taken_from(column, text, address)
                for column, text in zip(columns, texts, strict=True)
                if text is not None and address.is_in(text)
            }
            connection.execute(update(table).where(_is(table, key)).values(**values))
            changed[table.name] = changed.get(table.name, 0) + 1
    return changed


def written_by_the_operator(connection: Connection, address: AddressInText) -> list[str]:
    """What the operator wrote that has the address: ``the campaign news``."""
    found: dict[str, None] = {}
    for table, names in _tables(OWN_WORDS):
        columns = [table.c[name] for name in names]
        for key, _ in _naming(connection, table, columns, address):
            if table.name in _NAMES:
                what, name = _NAMES[table.name]
                named = connection.execute(select(table.c[name]).where(_is(table, key))).scalar()
                found[f"{what} {printable(str(named))}"] = None
            else:
                found |= dict.fromkeys(_campaigns_of(connection, key[0]))
    return list(found)


def _campaigns_of(connection: Connection, message_id: int) -> Iterator[str]:
    """Who sends, or has sent, a message."""
    sent = select(col(Run.campaign_id)).where(col(Run.message_id) == message_id)
    names = select(col(Campaign.name)).where(
        or_(col(Campaign.message_id) == message_id, col(Campaign.id).in_(sent))
    )
    for name in connection.execute(names).scalars():
        yield f"the campaign {printable(name)}"


def _tables(places: Any) -> Iterator[tuple[Table, Sequence[str]]]:
    for name, columns in places.items():
        yield SQLModel.metadata.tables[name], columns


def _naming(
    connection: Connection, table: Table, columns: Sequence[Column[Any]], address: AddressInText
) -> list[tuple[tuple[Any, ...], tuple[str | None, ...]]]:
    """Keys of rows with the address in one of these columns, and all these columns as text."""
    texts = [cast(column, Text) for column in columns]
    hint = or_(
        *(
            func.lower(text).contains(spelling, autoescape=True)
            for text in texts
            for spelling in address.spellings
        )
    )
    keys = list(table.primary_key)
    rows = connection.execute(select(*keys, *texts).where(hint)).all()
    split = len(keys)
    return [
        (tuple(row[:split]), tuple(row[split:]))
        for row in rows
        if any(each is not None and address.is_in(each) for each in row[split:])
    ]


def _is(table: Table, key: tuple[Any, ...]) -> Any:
    return and_(*(column == value for column, value in zip(table.primary_key, key, strict=True)))


def _taken_from(column: Column[Any], text: str, address: AddressInText) -> Any:
    taken = address.taken_from(text)
    return json.loads(taken) if isinstance(column.type, JSON) else taken
