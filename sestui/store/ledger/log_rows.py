"""Deliveries as the log shows them, and filters of the log."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    select,
)

from sestui.core.clock import Instant
from sestui.core.delivery.handover import RunCounts
from sestui.core.delivery.states import DeliveryState
from sestui.store.db.tables import Delivery

_DELIVERY = Delivery.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass


EVERY_STATE = frozenset(DeliveryState)


@dataclass(frozen=True, slots=True)
class LogFilter:
    """A filter of deliveries; defaults match everything."""

    campaign: str | None = None
    run_id: int | None = None
    states: frozenset[DeliveryState] = EVERY_STATE
    since: Instant | None = None
    """Queued at or after this instant."""
    find: str = ""
    """A part of the address, ignoring case; '' matches all."""
    code: str = ""
    """SES's code, or why it was skipped, or of its outcome; as ``find``, it is for searches."""
    outcome: str = ""
    """What became of it after SES took it; as ``code``."""

    @property
    def is_search(self) -> bool:
        """Whether the deliveries have to be looked through: no index leads to them."""
        return bool(self.find or self.code or self.outcome)


class DeliveryRow(NamedTuple):
    """A delivery, cheaper than the model for reading many."""

    id: int
    run_id: int
    contact_id: int | None
    email: str
    state: str
    message_id: str
    attempts: int
    code: str
    reason: str
    queued_at: Instant
    claimed_at: Instant | None
    sent_at: Instant | None
    outcome: str
    outcome_at: Instant | None
    outcome_code: str = ""
    opened_at: Instant | None = None
    clicked_at: Instant | None = None


_COLUMNS = tuple(_DELIVERY.c[name] for name in DeliveryRow._fields)


class LogRow(NamedTuple):
    """A delivery with its run."""

    campaign: str
    run: int
    """The run's number."""
    kind: str
    delivery: DeliveryRow
    diagnostic: str = ""
    """What the receiving server, or SES, said of its outcome; '' where nobody asked."""


_LOGGED = (
    *("run_id", "id", "email", "state", "message_id", "attempts", "code", "reason", "queued_at"),
    *("sent_at", "outcome", "outcome_at", "outcome_code", "opened_at", "clicked_at"),
    "variant",
)
_COLUMN = 300
_LOG_COLUMNS = tuple(_DELIVERY.c[name] for name in _LOGGED)


@dataclass(frozen=True, slots=True)
class LogBatch:
    """Deliveries of the log by column: a million of them are read in seconds that way."""

    columns: Mapping[str, Sequence[Any]]
    """Equally long, by the delivery's fields; the first rows are the oldest."""
    parts: Mapping[int, "RunSlice"]
    """The runs by id."""

    def __len__(self) -> int:
        return len(self.columns["id"])


@dataclass(frozen=True, slots=True)
class RunSlice:
    """The deliveries of a run that match a filter, regardless of ``find``."""

    run_id: int
    campaign: str
    number: int
    kind: str
    counts: RunCounts
    count: int
    """Deliveries in the wanted states."""
    lowest: int | None = None
    """The first matching id, if earlier deliveries of the run don't match."""
    winner: str = ""
    """The variant of deliveries that have none of their own."""

    def row(self, delivery: DeliveryRow) -> LogRow:
        """The log row of a delivery of this run."""
        return LogRow(self.campaign, self.number, self.kind, delivery)


def rows_of(connection: Connection, *conditions: ColumnElement[bool]) -> Iterator[DeliveryRow]:
    """The deliveries under these conditions, unordered."""
    return map(DeliveryRow._make, connection.execute(select(*_COLUMNS).where(*conditions)))


def columns_of(
    connection: Connection,
    conditions: Sequence[ColumnElement[bool]],
    order: Sequence[ColumnElement[int]],
) -> Iterator[Mapping[str, Sequence[Any]]]:
    """What the log has of the deliveries under these conditions, in order.

    In columns of a few hundred: so many rows are gone again before the collector of garbage would
    look through them.
    """
    ordered = select(*_LOG_COLUMNS).where(*conditions).order_by(*order)
    cursor = connection.execute(ordered).cursor  # the driver's own tuples: half the cost of Rows
    while rows := cursor.fetchmany(_COLUMN):
        yield dict(zip(_LOGGED, zip(*rows, strict=True), strict=True))


def rows_by_id(connection: Connection, ids: Sequence[int]) -> dict[int, DeliveryRow]:
    """The deliveries by id."""
    if not ids:
        return {}
    return {row.id: row for row in rows_of(connection, _DELIVERY.c.id.in_(ids))}
