"""Tags in the SQL of each engine: whether a contact has one, and the tags with or without it."""

import json
from typing import Any

from sqlalchemy import (
    JSON,
    ColumnElement,
    Integer,
    Text,
    cast,
    func,
    literal,
    select,
    type_coerce,
    union_all,
)
from sqlalchemy.dialects.postgresql import JSONB

from sestui.store.contacts.key_queries import CONTACT


def has_tag(tag: str, *, sqlite: bool) -> ColumnElement[bool]:
    """The contact has the tag, spelled exactly so."""
    if sqlite:
        each = func.json_each(CONTACT.c.tags).table_valued("value", name="tag_of_contact")
        return select(1).select_from(each).where(each.c.value == tag).exists()
    held: ColumnElement[bool] = _jsonb().contains(_one(tag))
    return held


def place_of_tag(tag: str, *, sqlite: bool) -> ColumnElement[Any]:
    """Which of the contact's tags it is, from 0."""
    if sqlite:
        each = func.json_each(CONTACT.c.tags).table_valued("key", "value", name="placed_tag")
        return select(func.min(each.c.key)).where(each.c.value == tag).scalar_subquery()
    found = (
        func.jsonb_array_elements_text(_jsonb())
        .table_valued("value", with_ordinality="place", name="placed_tag")
        .render_derived()
    )
    return select(func.min(found.c.place) - 1).where(found.c.value == tag).scalar_subquery()


def with_tag(tag: str, *, sqlite: bool) -> ColumnElement[Any]:
    """The contact's tags and this one behind them."""
    if sqlite:
        return type_coerce(func.json_insert(CONTACT.c.tags, "$[#]", tag), Text)
    return cast(_jsonb().concat(_one(tag)), JSON)


def with_tag_at(place: ColumnElement[Any], tag: str, *, sqlite: bool) -> ColumnElement[Any]:
    """The contact's tags and this one among them, before what is at ``place`` now."""
    if not sqlite:
        text = cast(literal(json.dumps(tag, ensure_ascii=False), Text), JSON)
        where = func.string_to_array(cast(cast(place, Integer), Text), ",")
        return cast(func.jsonb_insert(_jsonb(), where, cast(text, JSONB)), JSON)
    each = func.json_each(CONTACT.c.tags).table_valued("key", "value", name="kept_tag")
    tags = union_all(
        select(each.c.key.label("place"), each.c.value.label("tag")),
        select((place - 0.5).label("place"), literal(tag).label("tag")),
    ).subquery()
    ordered = select(tags.c.tag).order_by(tags.c.place).subquery()
    return select(func.json_group_array(ordered.c.tag)).scalar_subquery()


def without_tag(tag: str, *, sqlite: bool) -> ColumnElement[Any]:
    """The contact's tags but this one, in their order."""
    if sqlite:
        each = func.json_each(CONTACT.c.tags).table_valued("key", "value", name="kept_tag")
        kept = select(each.c.value).where(each.c.value != tag).order_by(each.c.key).subquery()
        return select(func.json_group_array(kept.c.value)).scalar_subquery()
    return cast(_jsonb().op("-")(cast(literal(tag), Text)), JSON)


def _jsonb() -> ColumnElement[Any]:
    return cast(CONTACT.c.tags, JSONB)


def _one(tag: str) -> ColumnElement[Any]:
    return cast(cast(literal(json.dumps([tag], ensure_ascii=False), Text), JSON), JSONB)
