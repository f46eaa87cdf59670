"""The ledger's statements on many rows, which are passed as one JSON text.

A parameter for each value would cost more time than the statement itself. Names of parameters begin
with ``b_`` as in ``statements``.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Double,
    FromClause,
    Integer,
    Select,
    Text,
    Update,
    bindparam,
    case,
    cast,
    column,
    func,
    literal,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import JSON

from sestui.core.delivery.handover import Answer, HoldBack
from sestui.core.delivery.states import DeliveryState
from sestui.core.text import encodable
from sestui.store.ledger.statements import DELIVERY

_FIELDS: tuple[tuple[str, Any], ...] = (
    ("id", BigInteger),
    ("attempt", Integer),
    ("state", Text),
    ("message_id", Text),
    ("code", Text),
    ("reason", Text),
    ("wait", Double),
    ("faults", Integer),
)
"""Fields of one answer; ``wait`` is the backoff in seconds, ``faults`` is 1 or 0."""


@dataclass(frozen=True)
class Statements:
    """The statements for one engine."""

    settle: Update
    """Write the answers ``b_said`` (:func:`answers_text`) at ``b_now`` to ``b_worker``'s deliveries
    in state ``b_before``; returns id, run, new state and time of claim of the changed rows."""
    mark_sending: Update
    """Mark deliveries ``b_ids`` (:func:`values_text`) as claimed by ``b_worker`` at ``b_now``."""


def answers_text(answers: Sequence[tuple[Answer, str]]) -> str:
    """Answers with their deliveries' new states, as JSON."""
    said = [
        {
            "id": answer.delivery_id,
            "attempt": answer.attempt,
            "state": state,
            "message_id": answer.reply.message_id,
            "code": answer.reply.code,
            "reason": answer.reply.reason,
            "wait": answer.retry_after,
            "faults": int(answer.reply.hold_back is HoldBack.FAULT),
        }
        for answer, state in answers
    ]
    try:
        return orjson.dumps(said).decode()
    except orjson.JSONEncodeError:  # lone surrogates, which databases refuse
        return encodable(json.dumps(said, ensure_ascii=False))


def values_text(values: Sequence[int] | Sequence[str]) -> str:
    """Ids, keys or addresses as JSON; no lone surrogates."""
    return orjson.dumps(values).decode()


def values_of(parameter: str, *, postgresql: bool = False) -> FromClause:
    """The values of ``parameter`` (:func:`values_text`) as a table with a column ``value``.

    On PostgreSQL they are texts.
    """
    given: ColumnElement[Any] = bindparam(parameter, type_=Text)
    name = f"{parameter}_each"
    if postgresql:
        return func.json_array_elements_text(cast(given, JSON)).table_valued("value", name=name)
    return func.json_each(given).table_valued("value", name=name)


def ids_of(connection: Connection) -> Select[Any]:
    """The ids of the parameter ``b_ids`` as a subquery."""
    if connection.dialect.name == "postgresql":
        return select(cast(values_of("b_ids", postgresql=True).c.value, BigInteger))
    return select(values_of("b_ids").c.value)


def statements(connection: Connection) -> Statements:
    """The statements for the connection's engine."""
    return _POSTGRESQL if connection.dialect.name == "postgresql" else _SQLITE


def _settle(said: FromClause) -> Update:
    now: ColumnElement[float] = bindparam("b_now", type_=Double)
    row = said.c
    return (
        update(DELIVERY)
        .where(
            DELIVERY.c.id == row.id,
            DELIVERY.c.attempts == row.attempt,
            DELIVERY.c.worker == bindparam("b_worker"),
            DELIVERY.c.state == bindparam("b_before"),
            DELIVERY.c.state != row.state,
        )
        .values(
            state=row.state,
            message_id=row.message_id,
            code=row.code,
            # SES's sentence may name a recipient who was erased while it was in flight.
            reason=case((DELIVERY.c.email == "", literal("")), else_=row.reason),
            faults=DELIVERY.c.faults + row.faults,
            not_before=case((row.wait > 0, now + row.wait), else_=literal(0.0)),
            sent_at=case((row.state == DeliveryState.ACCEPTED.value, now)),
        )
        .returning(DELIVERY.c.id, DELIVERY.c.run_id, DELIVERY.c.state, DELIVERY.c.claimed_at)
    )


def _mark_sending(ids: Select[Any]) -> Update:
    return (
        update(DELIVERY)
        .where(DELIVERY.c.id.in_(ids))
        .values(
            state=DeliveryState.SENDING.value,
            worker=bindparam("b_worker"),
            claimed_at=bindparam("b_now"),
            attempts=DELIVERY.c.attempts + 1,
        )
    )


def _for_sqlite() -> Statements:
    each = func.json_each(bindparam("b_said", type_=Text)).table_valued("value", name="each")
    said = select(
        *(func.json_extract(each.c.value, f"$.{name}", type_=kind).label(name)
          for name, kind in _FIELDS)
    ).subquery("said")  # fmt: skip
    return Statements(_settle(said), _mark_sending(select(values_of("b_ids").c.value)))


def _for_postgresql() -> Statements:
    said = (
        func.json_to_recordset(cast(bindparam("b_said", type_=Text), JSON))
        .table_valued(*(column(name, kind) for name, kind in _FIELDS), name="said")
        .render_derived(with_types=True)
    )
    ids = values_of("b_ids", postgresql=True)
    return Statements(_settle(said), _mark_sending(select(cast(ids.c.value, BigInteger))))


_SQLITE, _POSTGRESQL = _for_sqlite(), _for_postgresql()
