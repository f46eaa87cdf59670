"""The relay's statements, built once (see ``store.ledger.statements``)."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Connection,
    Select,
    bindparam,
    delete,
    func,
    select,
    union_all,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import Insert

from sestui.core.delivery.states import DeliveryState, RunKind
from sestui.store.db.tables import Delivery, Run, Suppression
from sestui.store.ledger.bulk_statements import values_of
from sestui.store.relay.tables import RelayedMailRow, RelayedPayload, RelayUsage

DELIVERY = Delivery.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass
RUN = Run.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass
MAIL = RelayedMailRow.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass
PAYLOAD = RelayedPayload.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass
_USAGE = RelayUsage.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass
_SUPPRESSION = Suppression.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass

_IDS: Any = bindparam("ids", expanding=True)
_PENDING = DELIVERY.c.state == DeliveryState.PENDING.value


@dataclass(frozen=True)
class Among:
    """Statements that look up many values, passed as in ``store.ledger.bulk_statements``."""

    known: CompoundSelect[Any]
    """Id and keys of mails with one of ``b_retry_keys`` or ``b_replay_keys``."""
    suppressed: Select[Any]
    """The suppressed ones of ``b_keys``."""


def among(connection: Connection) -> Among:
    """The statements for the connection's engine."""
    return _POSTGRESQL if connection.dialect.name == "postgresql" else _SQLITE


def _among(*, postgresql: bool) -> Among:
    def is_in(column: ColumnElement[Any], name: str) -> ColumnElement[bool]:
        return column == values_of(name, postgresql=postgresql).c.value

    mail = select(MAIL.c.id, MAIL.c.retry_key, MAIL.c.replay_key)
    key = _SUPPRESSION.c.email_key
    return Among(
        # A union, as PostgreSQL would scan the table for an OR.
        union_all(
            mail.where(is_in(MAIL.c.retry_key, "b_retry_keys")),
            mail.where(is_in(MAIL.c.replay_key, "b_replay_keys")),
        ),
        select(key).where(is_in(key, "b_keys")),
    )


_SQLITE, _POSTGRESQL = _among(postgresql=False), _among(postgresql=True)

RELEASE = update(DELIVERY).where(DELIVERY.c.relayed_id.in_(_IDS), _PENDING).values(not_before=0.0)
"""Release the other recipients after the first call's answer."""

RELEASE_ORPHANS = (
    update(DELIVERY)
    .where(
        DELIVERY.c.relayed_id.in_(
            select(MAIL.c.id)
            .join(
                DELIVERY,
                (DELIVERY.c.relayed_id == MAIL.c.id) & (DELIVERY.c.place == MAIL.c.first_place),
            )
            .where(
                MAIL.c.created_at > bindparam("b_since"),
                DELIVERY.c.state == DeliveryState.IN_DOUBT.value,
            )
        ),
        _PENDING,
    )
    .values(not_before=0.0)
)
"""The same for mails whose first call died with its process."""

PENDING_OF = select(DELIVERY.c.id, DELIVERY.c.run_id, DELIVERY.c.relayed_id).where(
    DELIVERY.c.relayed_id.in_(_IDS), _PENDING
)

SKIP = (
    update(DELIVERY)
    .where(DELIVERY.c.id.in_(_IDS))
    .values(
        state=DeliveryState.SKIPPED.value, code=bindparam("b_code"), reason=bindparam("b_reason")
    )
)

FORGET = update(MAIL).where(MAIL.c.id.in_(_IDS)).values(retry_key=None, replay_key=None)
"""Forget the keys of a failed mail, so that the client's retry is a new mail."""

CONTENTS = select(PAYLOAD.c.mail_id, PAYLOAD.c.content).where(PAYLOAD.c.mail_id.in_(_IDS))

DROP_PAYLOADS = delete(PAYLOAD).where(PAYLOAD.c.mail_id.in_(_IDS))

USED = select(func.coalesce(func.sum(_USAGE.c.recipients), 0)).where(
    _USAGE.c.key_id == bindparam("key_id"), _USAGE.c.hour > bindparam("since")
)


@cache
def use(dialect: str) -> Insert:
    """Add to a key's used recipients in an hour."""
    insert_here = postgresql.insert if dialect == "postgresql" else sqlite.insert
    row = insert_here(_USAGE).values(
        key_id=bindparam("b_key_id"), hour=bindparam("b_hour"), recipients=bindparam("b_recipients")
    )
    return row.on_conflict_do_update(
        index_elements=["key_id", "hour"],
        set_={"recipients": _USAGE.c.recipients + row.excluded.recipients},
    )


DROP_USAGE = delete(_USAGE).where(_USAGE.c.hour < bindparam("hour"))

OUTCOME = (
    select(DELIVERY.c.state, DELIVERY.c.message_id, DELIVERY.c.code, DELIVERY.c.reason)
    .join(MAIL, (DELIVERY.c.relayed_id == MAIL.c.id) & (DELIVERY.c.place == MAIL.c.first_place))
    .where(MAIL.c.id == bindparam("mail_id"))
)
"""The state of the recipient whose answer the client got."""

_UNSETTLED = (
    select(DELIVERY.c.id)
    .where(
        DELIVERY.c.relayed_id == PAYLOAD.c.mail_id,
        DELIVERY.c.state.in_(
            [
                DeliveryState.PENDING.value,
                DeliveryState.SENDING.value,
                DeliveryState.IN_DOUBT.value,
            ]
        ),
    )
    .exists()
)

STALE_PAYLOADS = (
    select(PAYLOAD.c.mail_id)
    .join(MAIL, MAIL.c.id == PAYLOAD.c.mail_id)
    .where(MAIL.c.created_at < bindparam("before"), ~_UNSETTLED)
    .order_by(PAYLOAD.c.mail_id)
    .limit(bindparam("most"))
)
"""Old contents of mails whose recipients are all settled."""

STALE_KEYS = (
    update(MAIL)
    .where(MAIL.c.created_at < bindparam("before"), MAIL.c.retry_key.is_not(None))
    .values(retry_key=None, replay_key=None)
)

_OLDEST = (
    select(DELIVERY.c.queued_at)
    .where(DELIVERY.c.run_id == RUN.c.id, _PENDING)
    .order_by(DELIVERY.c.id)
    .limit(1)
)

OPEN_RUNS = select(RUN.c.id, RUN.c.pending, _OLDEST.scalar_subquery().label("oldest")).where(
    RUN.c.kind == RunKind.RELAY.value, RUN.c.pending > 0
)
"""The relay's runs with waiting deliveries, and when the oldest was queued."""
