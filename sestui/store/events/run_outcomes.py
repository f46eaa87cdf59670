"""A run's outcomes for its report, read by indexes and sums, whatever its size.

Counters of the run and of its hours are at hand. Only what came back, what was clicked and what
machines did is looked up row by row, each by an index of nothing else.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Subquery, case, func, select, text, union_all

from sestui.core.clock import Instant
from sestui.core.delivery.machine_opens import SECONDS_OF_SCANNERS
from sestui.core.delivery.outcomes import DeliveryOutcome
from sestui.core.delivery.states import DeliveryState
from sestui.store.contacts.address_sql import of_domain
from sestui.store.db.database import Database
from sestui.store.events.event_tables import EventRow
from sestui.store.events.outcome_hours import HOUR, HOURS, NAMES
from sestui.store.ledger.statements import DELIVERY
from sestui.store.ledger.tables import AnsweredSlice

_EVENT = EventRow.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass
_SLICE = AnsweredSlice.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass

MOST_LINKS = 20
MOST_BOUNCES = 20
MOST_HOURS = 48


@dataclass(frozen=True, slots=True)
class BouncedGroup:
    """Bounced mails of one domain and reason."""

    domain: str
    code: str
    """``Permanent/NoEmail``."""
    count: int


@dataclass(frozen=True, slots=True)
class LinkClicks:
    """Clicks on one link, by people."""

    link: str
    people: int
    clicks: int


@dataclass(frozen=True, slots=True)
class OtherLinks:
    """The links that are not listed one by one."""

    links: int
    clicks: int
    """By people, all together."""


@dataclass(frozen=True, slots=True)
class HourCounts:
    """The outcomes of a run within an hour."""

    at: Instant
    accepted: int
    delivered: int
    bounced: int
    complained: int
    opened: int
    clicked: int


@dataclass(frozen=True, slots=True)
class RunOutcomes:
    """The figures of a run's report besides its counters."""

    bounces: Sequence[BouncedGroup]
    """The largest first, at most :data:`MOST_BOUNCES`."""
    complaints: Sequence[tuple[str, int]]
    """By domain, as ``bounces``."""
    links: Sequence[LinkClicks]
    """As ``bounces``, at most :data:`MOST_LINKS`."""
    other_links: OtherLinks
    machine_opens: int
    machine_clicks: int
    """Clicks by machines, which aren't counted."""
    hours: Sequence[HourCounts]
    """The first :data:`MOST_HOURS` in which anything happened."""


def run_outcomes(database: Database, run_id: int) -> RunOutcomes:
    """Read them, in one snapshot."""
    with database.snapshot(), database.read_connection() as connection:
        ids = _ids(connection, run_id)
        links, other_links, machine_clicks = _links(connection, run_id, ids)
        return RunOutcomes(
            bounces=_bounces(connection, run_id),
            complaints=_complaints(connection, run_id),
            links=links,
            other_links=other_links,
            machine_opens=_machine_opens(connection, run_id, ids),
            machine_clicks=machine_clicks,
            hours=_hours(connection, run_id),
        )


_CAME_BACK = text("delivery.outcome IN ('bounced', 'complained')")
"""Written as in the index, which would not be used with parameters."""
_DOMAIN = of_domain(func.lower(DELIVERY.c.email)).label("domain")


def _bounces(connection: Connection, run_id: int) -> list[BouncedGroup]:
    count = func.count().label("number")
    rows = connection.execute(
        select(_DOMAIN, DELIVERY.c.outcome_code, count)
        .where(
            DELIVERY.c.run_id == run_id,
            _CAME_BACK,
            DELIVERY.c.outcome == DeliveryOutcome.BOUNCED.value,
        )
        .group_by(_DOMAIN, DELIVERY.c.outcome_code)
        .order_by(count.desc(), _DOMAIN, DELIVERY.c.outcome_code)
        .limit(MOST_BOUNCES)
    )
    return [BouncedGroup(row.domain[1:], row.outcome_code, row.number) for row in rows]


def _complaints(connection: Connection, run_id: int) -> list[tuple[str, int]]:
    count = func.count().label("number")
    rows = connection.execute(
        select(_DOMAIN, count)
        .where(
            DELIVERY.c.run_id == run_id,
            _CAME_BACK,
            DELIVERY.c.outcome == DeliveryOutcome.COMPLAINED.value,
        )
        .group_by(_DOMAIN)
        .order_by(count.desc(), _DOMAIN)
        .limit(MOST_BOUNCES)
    )
    return [(row.domain[1:], row.number) for row in rows]


def _ids(connection: Connection, run_id: int) -> tuple[int, int]:
    """The first and last id of the run's deliveries, by an index step for each state."""
    arms = [
        # One of both at a time: SQLite takes an index step for a minimum alone only.
        select(pick(DELIVERY.c.id).label("id")).where(
            DELIVERY.c.run_id == run_id, DELIVERY.c.state == state.value
        )
        for state in DeliveryState
        for pick in (func.min, func.max)
    ]
    found = union_all(*arms).subquery()
    low, high = connection.execute(select(func.min(found.c.id), func.max(found.c.id))).one()
    return low or 0, high or 0


def _links(
    connection: Connection, run_id: int, ids: tuple[int, int]
) -> tuple[list[LinkClicks], OtherLinks, int]:
    """The links that people followed most, what is left of them, and the clicks by machines.

    The database ranks and sums: where each recipient has links of their own, there are as many.
    """
    grouped = _clicks(run_id, ids)
    within: Any = {"partition_by": grouped.c.person}
    order = (grouped.c.people.desc(), grouped.c.clicks.desc(), grouped.c.link)
    ranked = select(
        grouped,
        func.row_number().over(**within, order_by=order).label("place"),
        func.count().over(**within).label("all_links"),
        func.sum(grouped.c.clicks).over(**within).label("all_clicks"),
    ).subquery()
    rows = connection.execute(
        select(ranked).where(ranked.c.place <= MOST_LINKS).order_by(ranked.c.place)
    ).all()
    people = [row for row in rows if row.person]
    links = [LinkClicks(row.link, row.people, row.clicks) for row in people]
    other = OtherLinks(
        links=people[0].all_links - len(links) if people else 0,
        clicks=int(people[0].all_clicks) - sum(each.clicks for each in links) if people else 0,
    )
    return links, other, next((int(row.all_clicks) for row in rows if not row.person), 0)


def _clicks(run_id: int, ids: tuple[int, int]) -> Subquery:
    """The clicks by ``link`` and whether a ``person`` made them: how many, and of how many."""
    delivered = DELIVERY.c.outcome == DeliveryOutcome.DELIVERED.value
    since = case((delivered, DELIVERY.c.outcome_at), else_=_EVENT.c.mailed_at)
    # As core.delivery.machine_opens judges them: not a program, and not too soon.
    is_person = _EVENT.c.by_machine.is_(False) & (
        _EVENT.c.occurred_at - since >= SECONDS_OF_SCANNERS
    )
    person = case((is_person, 1), else_=0).label("person")
    return (
        select(
            _EVENT.c.detail.label("link"),
            person,
            func.count().label("clicks"),
            func.count(DELIVERY.c.id.distinct()).label("people"),
        )
        .join(DELIVERY, DELIVERY.c.id == _EVENT.c.delivery_id)
        .where(
            text("ses_event.kind = 'Click'"),
            _EVENT.c.delivery_id.between(*ids),
            DELIVERY.c.run_id == run_id,
        )
        .group_by(_EVENT.c.detail, person)
        .subquery()
    )


def _machine_opens(connection: Connection, run_id: int, ids: tuple[int, int]) -> int:
    count = connection.execute(
        select(func.count())
        .select_from(_EVENT)
        .join(DELIVERY, DELIVERY.c.id == _EVENT.c.delivery_id)
        .where(
            text("ses_event.by_machine"),
            _EVENT.c.delivery_id.between(*ids),
            text("ses_event.kind = 'Open'"),
            DELIVERY.c.run_id == run_id,
        )
    ).scalar_one()
    return int(count)


def _hours(connection: Connection, run_id: int) -> list[HourCounts]:
    hour: Any = (_SLICE.c.at // HOUR * HOUR).label("hour")
    accepted = {
        int(at): int(count)
        for at, count in connection.execute(
            select(hour, func.sum(_SLICE.c.accepted))
            .where(_SLICE.c.run_id == run_id)
            .group_by(hour)
        )
        if count
    }
    columns = [HOURS.c[name] for name in NAMES]
    rows = connection.execute(
        select(HOURS.c.at, *columns).where(HOURS.c.run_id == run_id).order_by(HOURS.c.at)
    )
    reported = {int(at): tuple(map(int, counts)) for at, *counts in rows if any(counts)}
    chosen = sorted({*accepted, *reported})[:MOST_HOURS]
    nothing = (0,) * len(NAMES)
    return [HourCounts(float(at), accepted.get(at, 0), *reported.get(at, nothing)) for at in chosen]
