"""What did not go well in a run, by its reason; and its recipients by domain. Bounded reads."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    bindparam,
    case,
    func,
    literal,
    select,
    text,
    union_all,
)

from sestui.core.clock import Instant
from sestui.core.delivery.outcomes import DeliveryOutcome
from sestui.core.delivery.states import DeliveryState
from sestui.store.db.database import Database
from sestui.store.db.tables import Delivery
from sestui.store.ledger.chunks import LogChunk, chunks_of
from sestui.store.ledger.log_rows import LogFilter
from sestui.store.ledger.run_slices import slices_of

_DELIVERY = Delivery.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass

MOST_ROWS = 5_000
"""So many of each state are looked at, the newest: a run may have a million of them."""
_STEP = 20_000
_MOST_DOMAINS = 20_000
"""Domains that are kept while they are counted; of more, those with the fewest are dropped."""

BOUNCED = DeliveryOutcome.BOUNCED.value
OUTCOMES = (DeliveryOutcome.BOUNCED, DeliveryOutcome.COMPLAINED)
"""Of accepted mails, those that are no success."""

_STATES = (DeliveryState.REJECTED, DeliveryState.IN_DOUBT, DeliveryState.SKIPPED)


@dataclass(frozen=True, slots=True)
class Trouble:
    """Recipients of a run with the same failure."""

    state: str
    """Of the delivery; where it was accepted, and came back or was complained of, its outcome."""
    code: str
    reason: str
    count: int


class TroubleAt(NamedTuple):
    """What happened to one recipient, and when their mail was handed over."""

    at: Instant
    state: str
    code: str
    reason: str


def _newest(state: DeliveryState, *columns: ColumnElement[Any]) -> Select[Any]:
    rows = (
        select(*columns)
        .where(_DELIVERY.c.run_id == bindparam("run_id"), _DELIVERY.c.state == state.value)
        .order_by(_DELIVERY.c.id.desc())
        .limit(MOST_ROWS)
        .subquery()
    )
    return select(*rows.c)


def _came_back() -> Select[Any]:
    rows = (
        select(_DELIVERY.c.outcome, _DELIVERY.c.outcome_code, literal("").label("reason"))
        # In the index's own words, or it isn't used.
        .where(
            _DELIVERY.c.run_id == bindparam("run_id"),
            text("delivery.outcome IN ('bounced', 'complained')"),
        )
        .order_by(_DELIVERY.c.id.desc())
        .limit(MOST_ROWS)
        .subquery()
    )
    return select(*rows.c)


def _grouped() -> Select[Any]:
    columns = (_DELIVERY.c.state, _DELIVERY.c.code, _DELIVERY.c.reason)
    rows = union_all(*(_newest(state, *columns) for state in _STATES), _came_back()).subquery()
    keys = (rows.c.state, rows.c.code, rows.c.reason)
    count = func.count()
    return select(*keys, count).group_by(*keys).order_by(count.desc(), *keys)


_GROUPED = _grouped()
_TIMELINE = union_all(
    *(
        _newest(
            state,
            _DELIVERY.c.claimed_at,
            _DELIVERY.c.state,
            _DELIVERY.c.code,
            _DELIVERY.c.reason,
        )
        for state in _STATES[:2]
    )
)


@dataclass(frozen=True, slots=True)
class DomainCounts:
    """What became of a run's recipients in one domain."""

    domain: str
    recipients: int
    failed: int
    """Rejected or bounced."""


class Troubles:
    """Reads what did not go well."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of_run(self, run_id: int) -> tuple[Trouble, ...]:
        """What came back, was rejected, is in doubt or skipped, by reason: one statement."""
        with self._database.read_connection() as connection:
            rows = connection.execute(_GROUPED, {"run_id": run_id})
            return tuple(Trouble(row[0], row[1], row[2], int(row[3])) for row in rows)

    def timeline(self, run_id: int) -> tuple[TroubleAt, ...]:
        """Who was rejected or is in doubt, in the order in which it happened."""
        with self._database.read_connection() as connection:
            rows = connection.execute(_TIMELINE, {"run_id": run_id})
            return tuple(sorted(TroubleAt(row[0] or 0.0, *row[1:]) for row in rows))

    def domains(self, run_id: int, most: int) -> Iterator[tuple[DomainCounts, ...] | None]:
        """Count the run's recipients by domain, a bounded step at a time.

        None after each step but the last, which gives ``most`` domains, the largest first.
        """
        wanted = LogFilter(run_id=run_id)
        connect, is_sqlite = self._database.read_connection, self._database.is_sqlite
        with connect() as connection:
            parts = slices_of(connection, wanted)
        found: dict[str, tuple[int, int]] = {}
        for chunk in chunks_of(connect, parts, wanted.states, size=_STEP, newest_first=True):
            with connect() as connection:
                rows = connection.execute(_by_domain(chunk, wanted, is_sqlite=is_sqlite)).all()
            for domain, recipients, failed in rows:
                before = found.get(domain, (0, 0))
                found[domain] = (before[0] + recipients, before[1] + failed)
            if len(found) > 2 * _MOST_DOMAINS:
                found = dict(_largest(found, _MOST_DOMAINS))
            yield None
        yield tuple(DomainCounts(name, *counts) for name, counts in _largest(found, most))


def _largest(found: dict[str, tuple[int, int]], most: int) -> Sequence[tuple[str, tuple[int, int]]]:
    return sorted(found.items(), key=lambda each: (-each[1][0], each[0]))[:most]


def _by_domain(chunk: LogChunk, wanted: LogFilter, *, is_sqlite: bool) -> Select[Any]:
    email = _DELIVERY.c.email
    place = func.instr(email, "@") if is_sqlite else func.strpos(email, "@")
    domain = func.lower(func.substr(email, place + 1)).label("domain")
    failed = case(
        (_DELIVERY.c.state == DeliveryState.REJECTED.value, 1),
        (_DELIVERY.c.outcome == BOUNCED, 1),
        else_=0,
    )
    return (
        select(domain, func.count(), func.sum(failed))
        .where(and_(*chunk.conditions(wanted, sqlite=is_sqlite)))
        .group_by(domain)
    )
