"""Whom a run's holdout keeps from its mail, and how they compare with those who got it."""

from collections.abc import Sequence, Set
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, case, func, or_, select

from sestui.core.clock import Instant
from sestui.core.delivery.holdout import holdout_share, is_held_out
from sestui.core.delivery.outcomes import DeliveryOutcome
from sestui.core.delivery.states import ContactStatus, DeliveryState, SkipReason
from sestui.store.db.database import Database
from sestui.store.db.tables import Run
from sestui.store.ledger.statements import CONTACT, DELIVERY, LIMITED, RUN, as_real_as

_MAILED = (
    DeliveryState.SENDING,
    DeliveryState.ACCEPTED,
    DeliveryState.IN_DOUBT,
    DeliveryState.REJECTED,
)
_CAME_BACK = (
    DeliveryOutcome.BOUNCED.value,
    DeliveryOutcome.REJECTED.value,
    DeliveryOutcome.NOT_RENDERED.value,
)


def held_out(run: Any, rows: Sequence[Row[Any]]) -> Set[int | None]:
    """The contacts of ``rows``, which are claimable, who are held out of the run's campaign."""
    share = holdout_share(run.holdout)
    ids = (row.contact_id for row in rows if row.contact_id is not None)
    return {each for each in ids if is_held_out(run.campaign_id, each, share)}


@dataclass(frozen=True, slots=True)
class ComparedGroup:
    """What became, since a run's start, of those whom it mailed or of those whom it held out."""

    contacts: int = 0
    unsubscribed: int = 0
    """They are unsubscribed now, and weren't when their turn came."""
    received: int = 0
    """They got mail of another campaign since; as ``opened`` and ``clicked``."""
    opened: int = 0
    clicked: int = 0


@dataclass(frozen=True, slots=True)
class HoldoutComparison:
    """The two groups of a run, which differ by chance and by its mail alone."""

    share: str
    """``5%``."""
    mailed: ComparedGroup
    """Whoever's mail was handed to SES, whatever it answered."""
    held_out: ComparedGroup


def compare_held_out(database: Database, run: Run) -> HoldoutComparison | None:
    """Compare whom the run mailed with whom it held out; None if it has no holdout.

    Takes seconds for a million recipients.
    """
    if not run.holdout:
        return None
    statement = _compared(run, run.started_at or run.created_at)
    with database.read_connection() as connection:
        rows = connection.execute(statement)
        groups = {
            bool(row[0]): ComparedGroup(*(int(each or 0) for each in row[1:])) for row in rows
        }
    none = ComparedGroup()
    return HoldoutComparison(run.holdout, groups.get(False, none), groups.get(True, none))


def _compared(run: Run, since: Instant) -> Select[Any]:
    others = _other_mail(run, since).subquery()
    is_out = case((DELIVERY.c.state == DeliveryState.SKIPPED.value, 1), else_=0)
    left = case((CONTACT.c.status == ContactStatus.UNSUBSCRIBED.value, 1), else_=0)
    figures = (left, others.c.received, others.c.opened, others.c.clicked)
    return (
        select(is_out, func.count(), *(func.sum(each) for each in figures))
        .select_from(DELIVERY)
        .join(CONTACT, CONTACT.c.id == DELIVERY.c.contact_id)
        .outerjoin(others, others.c.contact_id == DELIVERY.c.contact_id)
        .where(
            DELIVERY.c.run_id == run.id,
            or_(
                DELIVERY.c.state.in_([state.value for state in _MAILED]),
                (DELIVERY.c.state == DeliveryState.SKIPPED.value)
                & (DELIVERY.c.code == SkipReason.HOLDOUT.value),
            ),
        )
        .group_by(is_out)
    )


def _other_mail(run: Run, since: Instant) -> Select[Any]:
    """Of each contact: whether they got, opened and clicked mail of other campaigns, 1 or 0."""

    def any_with(condition: ColumnElement[bool]) -> ColumnElement[int]:
        return func.max(case((condition, 1), else_=0))

    return (
        select(
            DELIVERY.c.contact_id,
            any_with(DELIVERY.c.outcome.not_in(_CAME_BACK)).label("received"),
            any_with(DELIVERY.c.opened_at >= since).label("opened"),
            any_with(DELIVERY.c.clicked_at >= since).label("clicked"),
        )
        .join(RUN, RUN.c.id == DELIVERY.c.run_id)
        .where(
            LIMITED,
            as_real_as(run.account),
            RUN.c.campaign_id != run.campaign_id,
            or_(RUN.c.finished_at.is_(None), RUN.c.finished_at > since),
            DELIVERY.c.state == DeliveryState.ACCEPTED.value,
            DELIVERY.c.claimed_at > since,
        )
        .group_by(DELIVERY.c.contact_id)
    )
