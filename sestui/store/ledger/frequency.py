"""Frequency limits: who has had as much mail of campaigns as one allows.

What was handed over counts by the time of its claim: accepted, in flight or in doubt, of campaigns
that aren't transactional. Tests and relayed mail don't. Mail of the simulator, which nobody got,
counts for the simulator alone.
"""

from collections.abc import Sequence, Set
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, bindparam, case, func, or_, select

from sestui.core.campaign.audience import Audience
from sestui.core.clock import Instant
from sestui.core.delivery.account_key import SIMULATOR
from sestui.core.delivery.frequency import FrequencyLimit, OverLimit, parse_frequency
from sestui.core.delivery.states import HANDED_OVER_STATES
from sestui.store.contacts.audience_sql import resolved
from sestui.store.contacts.audiences import mailable
from sestui.store.contacts.unchecked import unchecked_of
from sestui.store.db.tables import Campaign, Run
from sestui.store.ledger.bulk_statements import ids_of, values_text
from sestui.store.ledger.statements import CONTACT, DELIVERY, LIMITED, RUN, as_real_as
from sestui.store.ledger.transitions import pending_of

_TURN = 0x5E5704  # any constant: one claim of a limited run at a time, whatever its account

_STATEMENTS: dict[tuple[str, bool], Select[Any]] = {}
"""By engine, and whether for the simulator; built once, as building costs more than running it."""

_HANDED_OVER = DELIVERY.c.state.in_(sorted(state.value for state in HANDED_OVER_STATES))


_TAKE_TURN = select(func.pg_advisory_xact_lock(_TURN)).where(
    RUN.c.id == bindparam("run_id"), LIMITED, RUN.c.at_most != ""
)


def take_turn(connection: Connection, run_id: int) -> None:
    """If the run is limited, wait until no other transaction claims for one; holds until this ends.

    Runs of one account take turns by its governor's row, those of different accounts by this. What
    :func:`who_had` then reads is what the others have committed.
    """
    if connection.dialect.name == "postgresql":  # SQLite has one writer at a time anyway
        connection.execute(_TAKE_TURN, {"run_id": run_id})


def who_had(
    connection: Connection,
    limit: FrequencyLimit,
    rows: Sequence[Row[Any]],
    now: Instant,
    account: str,
) -> Set[int | None]:
    """The contacts of ``rows``, which are claimable, who have had as much as ``limit`` allows.

    ``account`` is the one that claims them.
    """
    ids = [row.contact_id for row in rows if row.contact_id is not None]
    if not ids:
        return frozenset()
    given = {"b_ids": values_text(ids), "b_since": limit.since(now), "b_mails": limit.mails}
    return set(connection.execute(_of_contacts(connection, account), given).scalars())


def _of_contacts(connection: Connection, account: str) -> Select[Any]:
    which = (connection.dialect.name, account == SIMULATOR)
    if which not in _STATEMENTS:
        _STATEMENTS[which] = _built(connection, account)
    return _STATEMENTS[which]


def _built(connection: Connection, account: str) -> Select[Any]:
    # Within CASE, so that a planner can't begin with the runs and read all that they sent.
    counted = case((and_(LIMITED, as_real_as(account)), 1), else_=0)
    counts = select(counted).where(RUN.c.id == DELIVERY.c.run_id)
    return (
        select(DELIVERY.c.contact_id)
        .where(
            DELIVERY.c.contact_id.in_(ids_of(connection)),
            _HANDED_OVER,
            DELIVERY.c.claimed_at > bindparam("b_since"),
            counts.scalar_subquery() == 1,
        )
        .group_by(DELIVERY.c.contact_id)
        .having(func.count() >= bindparam("b_mails"))
    )


def count_over(
    connection: Connection, campaign: Campaign, run: Run | None, now: Instant, account: str
) -> OverLimit:
    """How many who would be mailed now have had as much as the campaign's limit allows.

    ``account`` is the one that would send it. Of ``run``, which has not ended: how many of those
    pending.

    Raises:
        NotFoundError, SegmentError: its segment, or something that this names, doesn't exist.
    """
    at_most = (run or campaign).at_most
    if not at_most or campaign.transactional:
        return OverLimit()
    if run is None:
        whom = resolved(connection, Audience.of(campaign), now).conditions(connection)
    else:
        pending = CONTACT.c.id.in_(select(DELIVERY.c.contact_id).where(*pending_of(run.id)))
        whom = [or_(pending, CONTACT.c.id.in_(unchecked_of(connection, run.id)))]
    had = CONTACT.c.id.in_(_everybody_who_had(parse_frequency(at_most), now, account))
    counted = select(func.count()).select_from(CONTACT)
    counted = counted.where(had, *whom, *mailable(campaign.id))
    return OverLimit(int(connection.execute(counted).scalar_one()), at_most)


def _everybody_who_had(limit: FrequencyLimit, now: Instant, account: str) -> Select[Any]:
    """The ids of all contacts who have, by the runs of the limit's time."""
    since = limit.since(now)
    return (
        select(DELIVERY.c.contact_id)
        .join(RUN, RUN.c.id == DELIVERY.c.run_id)
        .where(
            LIMITED,
            as_real_as(account),
            or_(RUN.c.finished_at.is_(None), RUN.c.finished_at > since),
            _HANDED_OVER,
            DELIVERY.c.claimed_at > since,
        )
        .group_by(DELIVERY.c.contact_id)
        .having(func.count() >= limit.mails)
    )
