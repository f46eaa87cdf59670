"""The ledger's statements, built once, as building them costs more than running them.

Parameters begin with ``b_`` where SQLAlchemy reserves the column's name.
"""

from sqlalchemy import (
    ColumnElement,
    and_,
    bindparam,
    case,
    func,
    literal_column,
    or_,
    select,
    update,
)
from sqlmodel import col

from sestui.core.delivery.account_key import SIMULATOR
from sestui.core.delivery.states import DeliveryState, RunKind, RunState, WaitReason, WorkerRole
from sestui.store.contacts.address_sql import of_domain
from sestui.store.contacts.refusals import REFUSAL
from sestui.store.db.shared_tables import Worker
from sestui.store.db.tables import Contact, Delivery, Run, Suppression

DELIVERY = Delivery.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass
RUN = Run.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass
CONTACT = Contact.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass
_SUPPRESSION = Suppression.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass
_OF_DOMAIN = _SUPPRESSION.alias("of_domain")
_TESTER = CONTACT.alias("tester")
"""The contact that a test goes to, which needn't be the one that it shows."""

LIMITED = and_(RUN.c.kind == RunKind.CAMPAIGN.value, RUN.c.transactional.is_(False))
"""Runs whose mail frequency limits count, and may limit."""


def as_real_as(account: str) -> ColumnElement[bool]:
    """Runs whose mail reaches people if that through ``account`` does, or nobody, as that of the
    simulator."""
    simulated: ColumnElement[bool] = RUN.c.account == SIMULATOR
    return simulated if account == SIMULATOR else ~simulated


STATES = tuple(state.value for state in DeliveryState)

_WORKERS = (
    select(func.count())
    .select_from(Worker)
    .where(col(Worker.role) == WorkerRole.SENDER.value)
    .scalar_subquery()
)

RUN_NOW = select(
    RUN.c.state,
    RUN.c.tat,
    RUN.c.transactional,
    RUN.c.pending,
    RUN.c.sending,
    RUN.c.unchecked,
    RUN.c.kind,
    RUN.c.account,
    RUN.c.created_at,
    (RUN.c.frozen_segment != "").label("has_segment"),
    (RUN.c.due_time != "").label("has_local_time"),
    RUN.c.at_most,
    and_(LIMITED, RUN.c.at_most != "").label("is_limited"),
    RUN.c.campaign_id,
    RUN.c.holdout,
    and_(LIMITED, RUN.c.holdout != "").label("has_holdout"),
    RUN.c.awaits_winner,
    RUN.c.winner,
    _WORKERS.label("workers"),
).where(RUN.c.id == bindparam("run_id"))
"""The fields of a run that a claim needs."""

BIND_RUN = (
    update(RUN)
    .where(RUN.c.id == bindparam("b_run_id"))
    .values(account=bindparam("b_account"), account_since=bindparam("b_since"))
)
"""Set the account that a run belongs to."""

CLAIMED = select(DELIVERY.c.id, DELIVERY.c.attempts).where(
    # By run, as there is an index on (run, state) but not on worker.
    DELIVERY.c.run_id.in_(select(RUN.c.id).where(RUN.c.sending > 0)),
    DELIVERY.c.state == DeliveryState.SENDING.value,
    DELIVERY.c.worker == bindparam("worker"),
)
"""The deliveries of ``worker`` in flight."""

_PENDING = (
    DELIVERY.c.run_id == bindparam("run_id"),
    DELIVERY.c.state == DeliveryState.PENDING.value,
)

_ADDRESS = case(
    (CONTACT.c.email == DELIVERY.c.email, CONTACT.c.email_key),
    else_=func.lower(DELIVERY.c.email),
)
"""The key of a delivery's address."""

_FREE = (
    select(
        DELIVERY.c.id,
        DELIVERY.c.email,
        DELIVERY.c.attempts,
        DELIVERY.c.faults,
        DELIVERY.c.contact_id,
        DELIVERY.c.shown_as,
        DELIVERY.c.relayed_id,
        DELIVERY.c.place,
        DELIVERY.c.variant,
        CONTACT.c.attributes,
        CONTACT.c.status,
        CONTACT.c.paused_until,
        _TESTER.c.status.label("tester_status"),
        select(REFUSAL.c.list_id)
        .where(REFUSAL.c.contact_id == DELIVERY.c.contact_id)
        .exists()
        .label("refuses_lists"),
        func.coalesce(_SUPPRESSION.c.email_key, _OF_DOMAIN.c.email_key).label("suppressed"),
        case((~_SUPPRESSION.c.kept, _SUPPRESSION.c.reason)).label("refused_by"),
        _OF_DOMAIN.c.email_key.label("of_domain"),
    )
    .select_from(DELIVERY)
    .outerjoin(CONTACT, CONTACT.c.id == func.coalesce(DELIVERY.c.shown_as, DELIVERY.c.contact_id))
    .outerjoin(_SUPPRESSION, _SUPPRESSION.c.email_key == _ADDRESS)
    .outerjoin(_OF_DOMAIN, _OF_DOMAIN.c.email_key == of_domain(_ADDRESS))
    # Without a key nothing is looked for: only tests pay for it.
    .outerjoin(_TESTER, _TESTER.c.email_key == case((DELIVERY.c.shown_as.is_not(None), _ADDRESS)))
    .where(
        # Further ahead than any backoff: the clock was set back.
        or_(
            DELIVERY.c.not_before <= bindparam("now"),
            DELIVERY.c.not_before > bindparam("furthest"),
        ),
    )
    .limit(bindparam("most"))
    .with_for_update(of=DELIVERY, skip_locked=True)
)

CLAIMABLE = _FREE.where(*_PENDING).order_by(DELIVERY.c.id)
"""Pending rows in order, with the data that decides whether they may be mailed."""

_WAITING = (
    DELIVERY.c.run_id == bindparam("run_id"),
    # Spelled out, as the condition of the index is.
    DELIVERY.c.state == literal_column(f"'{DeliveryState.PENDING.value}'"),
)
_DUE = (*_WAITING, DELIVERY.c.due_at <= bindparam("due"))

CLAIMABLE_DUE = _FREE.where(*_DUE).order_by(DELIVERY.c.due_at, DELIVERY.c.id)
"""The same of a run with a local time: whoever's has come, in that order."""

CLAIMABLE_OF_SPLIT = CLAIMABLE.where(DELIVERY.c.variant.is_not(None))
"""Those of them who get the subjects of a split: the others wait for its winner."""

NEXT_TRY = select(func.min(DELIVERY.c.not_before)).where(*_PENDING)
"""When the first row in backoff may be retried."""

NEXT_TRY_OF_SPLIT = NEXT_TRY.where(DELIVERY.c.variant.is_not(None))
"""The same of those who get the subjects of a split."""

NEXT_DUE_TRY = select(func.min(DELIVERY.c.not_before)).where(*_DUE)
"""The same of those whose local time has come."""

LATER_DUE = select(func.min(DELIVERY.c.due_at)).where(
    *_WAITING, DELIVERY.c.due_at > bindparam("due")
)
"""When the next local time comes; NULL if none is to come."""

FIRST_DUE = select(func.min(DELIVERY.c.due_at)).where(*_WAITING, DELIVERY.c.due_at.is_not(None))
"""When the local time of the first pending recipient comes, or has come; NULL for none."""

DUES = (
    select(DELIVERY.c.due_at, func.count())
    .where(*_WAITING, DELIVERY.c.due_at.is_not(None))
    .group_by(DELIVERY.c.due_at)
    .order_by(DELIVERY.c.due_at)
)
"""How many pending recipients have their local time when."""

MARK_SKIPPED = (
    update(DELIVERY)
    .where(DELIVERY.c.id.in_(bindparam("ids", expanding=True)))
    .values(state=DeliveryState.SKIPPED.value, code=bindparam("b_code"))
)

MOVE_COUNTS = (
    update(RUN)
    .where(RUN.c.id == bindparam("b_run_id"))
    .values({RUN.c[state]: RUN.c[state] + bindparam(f"b_{state}") for state in STATES})
    .returning(RUN.c.state, RUN.c.pending, RUN.c.sending, RUN.c.started_at)
)
"""Add to a run's counters; returns what decides about :data:`FINISH`."""

FINISH = (
    update(RUN)
    .where(RUN.c.id == bindparam("b_run_id"))
    .values(
        state=RunState.FINISHED.value, finished_at=bindparam("b_finished_at"), reason="", detail=""
    )
)

REOPEN = (
    update(RUN)
    .where(RUN.c.id == bindparam("b_run_id"))
    .values(state=RunState.SENDING.value, finished_at=None)
)
"""Let a finished run send again."""

LOOK_AGAIN = (
    update(RUN)
    .where(
        RUN.c.id == bindparam("b_run_id"),
        RUN.c.state == RunState.WAITING.value,
        RUN.c.reason == WaitReason.LOCAL_TIME.value,
    )
    .values(resume_at=bindparam("b_now"))
)
"""Let a run that waits for a local time be looked at now."""

SET_RUN_TAT = update(RUN).where(RUN.c.id == bindparam("b_run_id")).values(tat=bindparam("b_tat"))
