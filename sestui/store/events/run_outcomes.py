"""A run's outcomes for its report, read by indexes and sums, whatever its size.

Counters of the run and of its hours are at hand. Only what came back, what was clicked and what
machines did is looked up row by row, each by an index of nothing else.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, case, func, select, text, union_all

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
    link, person, clicks, people = (
        _EVENT.c.detail, _person(), func.count(), func.count(DELIVERY.c.id.distinct()),
    )  # fmt: skip
    made = _clicks(run_id, ids)
    rows = connection.execute(
        made.with_only_columns(link, clicks.label("clicks"), people.label("people"))
        .where(person == 1)
        .group_by(link)
        .order_by(people.desc(), clicks.desc(), link)
        .limit(MOST_LINKS)
    ).all()
    links = [LinkClicks(row.detail, row.people, row.clicks) for row in rows]
    counted = made.with_only_columns(person, clicks).group_by(person)
    total = {bool(by): int(count) for by, count in connection.execute(counted)}
    all_links = len(links)
    if all_links == MOST_LINKS:
        distinct = func.count(link.distinct())
        all_links = connection.execute(
            made.with_only_columns(distinct).where(person == 1)
        ).scalar_one()
    shown = sum(each.clicks for each in links)
    other = OtherLinks(all_links - len(links), total.get(True, 0) - shown)
    return links, other, total.get(False, 0)


def _person() -> ColumnElement[int]:
    """1 for a click that a person made, as core.delivery.machine_opens judges them, else 0."""
    delivered = DELIVERY.c.outcome == DeliveryOutcome.DELIVERED.value
    since = case((delivered, DELIVERY.c.outcome_at), else_=_EVENT.c.mailed_at)
    # Not a program, and not too soon.
    is_person = _EVENT.c.by_machine.is_(False) & (
        _EVENT.c.occurred_at - since >= SECONDS_OF_SCANNERS
    )
    return case((is_person, 1), else_=0)


def _clicks(run_id: int, ids: tuple[int, int]) -> Select[Any]:
    return (
        select(_EVENT.c.detail)
        .join(DELIVERY, DELIVERY.c.id == _EVENT.c.delivery_id)
        .where(
            text("ses_event.kind = 'Click'"),
            _EVENT.c.delivery_id.between(*ids),
            DELIVERY.c.run_id == run_id,
        )
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
