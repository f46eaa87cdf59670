"""How likely the contacts of an audience bounce, counted by group; a large audience is sampled."""

from typing import Any

from sqlalchemy import Connection, Select, case, func, select
from sqlalchemy.orm import aliased

from sestui.core.campaign.audience import Audience
from sestui.core.clock import Instant
from sestui.core.contact.address_verdict import AddressVerdict
from sestui.core.delivery.bounce_forecast import SILENT_DAYS, BounceRisk
from sestui.core.delivery.outcomes import DeliveryOutcome
from sestui.core.delivery.states import ContactStatus, DeliveryState
from sestui.store.contacts.address_sql import of_domain
from sestui.store.contacts.audience_sql import resolved
from sestui.store.contacts.key_queries import MEMBERSHIP
from sestui.store.db.tables import Run, Suppression
from sestui.store.ledger.statements import CONTACT, DELIVERY
from sestui.store.tasks.tables import ContactCheck

_SUPPRESSION = Suppression.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass
_CHECK = ContactCheck.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass
_DAY = 86_400.0

SAMPLE = 20_000
"""About how many contacts of a larger audience are sampled."""


def of_audience(
    connection: Connection, audience: Audience, size: int, now: Instant
) -> tuple[dict[BounceRisk, int], bool]:
    """How many of it are in each group, of those who can be mailed; whether it is scaled up.

    ``size`` is about how many there are.
    """
    step = max(1, size // SAMPLE)
    found = resolved(connection, audience, now)
    if found.segment is None:
        members = found.members().where(MEMBERSHIP.c.contact_id % step == 0)
    else:
        everyone = select(CONTACT.c.id).where(CONTACT.c.id % step == 0)
        members = everyone.where(*found.conditions(connection))
    return _groups(connection, members, step, now), step > 1


def of_pending(
    connection: Connection, run: Run, now: Instant
) -> tuple[dict[BounceRisk, int], bool]:
    """The same for the pending recipients of a run; those who are unchecked are like the others."""
    checked = run.pending - run.unchecked
    step = max(1, checked // SAMPLE)
    pending = select(DELIVERY.c.contact_id).where(
        DELIVERY.c.run_id == run.id,
        DELIVERY.c.state == DeliveryState.PENDING.value,
        DELIVERY.c.id % step == 0,
        DELIVERY.c.contact_id.is_not(None),
    )
    found = _groups(connection, pending, step, now)
    if run.unchecked:
        found = {risk: count * run.pending // max(1, checked) for risk, count in found.items()}
    return found, step > 1 or bool(run.unchecked)


def _groups(
    connection: Connection, ids: Select[Any], step: int, now: Instant
) -> dict[BounceRisk, int]:
    last, domain = aliased(DELIVERY), aliased(_SUPPRESSION)
    mailed = (
        select(func.max(DELIVERY.c.id))
        .where(
            DELIVERY.c.contact_id == CONTACT.c.id,
            DELIVERY.c.state == DeliveryState.ACCEPTED.value,
        )
        .correlate(CONTACT)
        .scalar_subquery()
    )
    heard = func.coalesce(last.c.clicked_at, last.c.opened_at, last.c.outcome_at, last.c.sent_at)
    invalid = _CHECK.c.verdict == AddressVerdict.INVALID.value
    group = case(
        (invalid, BounceRisk.INVALID.value),
        (last.c.id.is_(None), BounceRisk.NEW.value),
        (last.c.outcome == DeliveryOutcome.BOUNCED.value, BounceRisk.BOUNCED.value),
        (heard < now - SILENT_DAYS * _DAY, BounceRisk.SILENT.value),
        else_=BounceRisk.KNOWN.value,
    ).label("acquaintance")
    rows = (
        select(group, func.count())
        .select_from(CONTACT)
        .outerjoin(last, last.c.id == mailed)
        .outerjoin(_CHECK, _CHECK.c.contact_id == CONTACT.c.id)
        .outerjoin(_SUPPRESSION, _SUPPRESSION.c.email_key == CONTACT.c.email_key)
        .outerjoin(domain, domain.c.email_key == of_domain(CONTACT.c.email_key))
        .where(
            CONTACT.c.id.in_(ids),
            CONTACT.c.status == ContactStatus.ACTIVE.value,
            _SUPPRESSION.c.email_key.is_(None),
            domain.c.email_key.is_(None),
        )
        .group_by(group)
    )
    return {BounceRisk(name): count * step for name, count in connection.execute(rows)}
