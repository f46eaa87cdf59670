"""Insert a run's deliveries for its audience into the ledger."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    func,
    insert,
    literal,
    not_,
    or_,
    select,
)
from sqlmodel import col

from sestui.core.campaign.follow_up import Only
from sestui.core.delivery.states import HANDED_OVER_STATES, ContactStatus, DeliveryState
from sestui.store.contacts.key_queries import CONTACT, SUPPRESSED
from sestui.store.db.tables import (
    Campaign,
    ContactList,
    Delivery,
    Membership,
    Run,
)

_DELIVERY = Delivery.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass


def add_audience(
    connection: Connection, run: Run, list_names: Sequence[str], only: Only | None
) -> int:
    """Insert a pending delivery for each contact on the lists, in contact order; their number."""
    # INSERT … SELECT doesn't apply the model's defaults.
    values: dict[str, Any] = {
        "run_id": literal(run.id),
        "contact_id": CONTACT.c.id,
        "email": CONTACT.c.email,
        "state": literal(DeliveryState.PENDING.value),
        "message_id": literal(""),
        "attempts": literal(0),
        "faults": literal(0),
        "code": literal(""),
        "reason": literal(""),
        "not_before": literal(0.0),
        "worker": literal(""),
        "queued_at": literal(run.created_at),
        "outcome": literal(""),
        "outcome_code": literal(""),
    }
    rows = select(*values.values()).where(CONTACT.c.id.in_(_members(list_names)))
    rows = rows.order_by(CONTACT.c.id)
    if only is not None:
        rows = rows.where(*_follow_up(run.campaign_id, run.id, only))
    return connection.execute(
        insert(_DELIVERY).from_select(list(values), rows),
        # PostgreSQL returns -1 otherwise.
        execution_options={"preserve_rowcount": True},
    ).rowcount


def follow_up_size(
    connection: Connection, campaign_id: int, list_names: Sequence[str], only: Only
) -> int:
    """The number of contacts that a follow-up would be for."""
    query = (
        select(func.count())
        .select_from(CONTACT)
        .where(CONTACT.c.id.in_(_members(list_names)), *_follow_up(campaign_id, None, only))
    )
    return int(connection.execute(query).scalar_one())


def _members(list_names: Sequence[str]) -> Select[Any]:
    """The ids of the contacts on the lists."""
    return (
        select(col(Membership.contact_id))
        .join(ContactList, col(ContactList.id) == col(Membership.list_id))
        .where(col(ContactList.name).in_(list_names))
    )


def _follow_up(campaign_id: int, run_id: int | None, only: Only) -> list[ColumnElement[bool]]:
    """Conditions on contacts by the results of the campaign's runs except ``run_id``.

    Those who may not be mailed are none of them: they would be skipped once more, and the follow-up
    would be offered again for ever.
    """
    transactional = select(col(Campaign.transactional)).where(col(Campaign.id) == campaign_id)
    taken = or_(
        CONTACT.c.status == ContactStatus.ACTIVE.value,
        and_(
            CONTACT.c.status == ContactStatus.UNSUBSCRIBED.value,
            transactional.scalar_subquery(),
        ),
    )
    mailable = [taken, not_(SUPPRESSED)]
    earlier = (
        select(_DELIVERY.c.id)
        .join(Run, col(Run.id) == _DELIVERY.c.run_id)
        .where(col(Run.campaign_id) == campaign_id, _DELIVERY.c.contact_id == CONTACT.c.id)
    )
    if run_id is not None:
        earlier = earlier.where(col(Run.id) != run_id)
    if only is Only.JOINED:
        return [*mailable, ~earlier.exists()]
    may_have_it = earlier.where(
        _DELIVERY.c.state.in_(sorted(state.value for state in HANDED_OVER_STATES))
    )
    conditions = [*mailable, ~may_have_it.exists()]
    if only is Only.FAILED:
        refused = earlier.where(_DELIVERY.c.state == DeliveryState.REJECTED.value)
        conditions.append(refused.exists())
    return conditions
