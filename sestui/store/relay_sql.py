"""The relay's statements, built once (see ``ledger_sql``)."""

from functools import cache
from typing import Any

from sqlalchemy import bindparam, delete, func, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import Insert

from sestui.core.states import DeliveryState, RunKind
from sestui.store.relay_tables import RelayedMail, RelayedPayload, RelayUsage
from sestui.store.tables import Delivery, Run, Suppression

DELIVERY = Delivery.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass
RUN = Run.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass
MAIL = RelayedMail.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass
PAYLOAD = RelayedPayload.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass
_USAGE = RelayUsage.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass
_SUPPRESSION = Suppression.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass

_IDS: Any = bindparam("ids", expanding=True)
_PENDING = DELIVERY.c.state == DeliveryState.PENDING.value

NEW_DELIVERY: dict[str, Any] = {"message_id": "", "code": "", "reason": "", "outcome": ""}
"""What a Core insert doesn't take from the model's defaults."""

KNOWN = select(MAIL.c.id, MAIL.c.retry_key, MAIL.c.replay_key).where(
    or_(
        MAIL.c.retry_key.in_(bindparam("retry_keys", expanding=True)),
        MAIL.c.replay_key.in_(bindparam("replay_keys", expanding=True)),
    )
)

SUPPRESSED = select(_SUPPRESSION.c.email_key).where(
    _SUPPRESSION.c.email_key.in_(bindparam("keys", expanding=True))
)

# Rows come back in any order: to have them in ours, SQLAlchemy would insert them one by one.
ADD_MAILS = insert(MAIL).returning(MAIL.c.id, MAIL.c.retry_key)
ADD_PAYLOADS = insert(PAYLOAD)
ADD_DELIVERIES = insert(DELIVERY).returning(DELIVERY.c.id, DELIVERY.c.relayed_id, DELIVERY.c.place)

RELEASE = update(DELIVERY).where(DELIVERY.c.relayed_id.in_(_IDS), _PENDING).values(not_before=0.0)
"""The first call has its answer: the others may go."""

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
"""The same for mails whose first call ended with the process that made it."""

PENDING_OF = select(DELIVERY.c.id, DELIVERY.c.run_id).where(
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
"""The client was told that nothing was taken: its next try is a new mail."""

CONTENTS = select(PAYLOAD.c.mail_id, PAYLOAD.c.content).where(PAYLOAD.c.mail_id.in_(_IDS))

DROP_PAYLOADS = delete(PAYLOAD).where(PAYLOAD.c.mail_id.in_(_IDS))

USED = select(func.coalesce(func.sum(_USAGE.c.recipients), 0)).where(
    _USAGE.c.key_id == bindparam("key_id"), _USAGE.c.hour > bindparam("since")
)


@cache
def use(dialect: str) -> Insert:
    """Add recipients to what a key has used in an hour."""
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
"""Where the recipient stands that the mail was answered for."""

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
"""Content that nobody needs any more: everybody on it is settled, for good."""

STALE_KEYS = (
    update(MAIL)
    .where(MAIL.c.created_at < bindparam("before"), MAIL.c.retry_key.is_not(None))
    .values(retry_key=None, replay_key=None)
)

OPEN_RUNS = select(RUN.c.id, RUN.c.pending).where(
    RUN.c.kind == RunKind.RELAY.value, RUN.c.pending > 0
)

OLDEST_PENDING = (
    select(DELIVERY.c.queued_at)
    .where(DELIVERY.c.run_id == bindparam("run_id"), _PENDING)
    .order_by(DELIVERY.c.id)
    .limit(1)
)
