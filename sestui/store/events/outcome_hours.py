"""A run's outcomes hour by hour: one row an hour, so that not all deliveries are read."""

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Field, SQLModel

from sestui.core.clock import Instant
from sestui.core.delivery.outcomes import DeliveryOutcome

HOUR = 3600
NAMES = ("delivered", "bounced", "complained", "opened", "clicked")


class OutcomeHour(SQLModel, table=True):
    """The events of a run's mails within an hour, by the time of the event."""

    __tablename__ = "outcome_hour"

    run_id: int = Field(foreign_key="run.id", primary_key=True)
    at: int = Field(primary_key=True)
    """The hour's start in seconds since the epoch."""
    delivered: int = Field(default=0)
    """Without those who complained later."""
    bounced: int = Field(default=0)
    complained: int = Field(default=0)
    opened: int = Field(default=0)
    """For the first time, by a person; as ``clicked``."""
    clicked: int = Field(default=0)


HOURS = OutcomeHour.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass

_NAMED = {
    DeliveryOutcome.DELIVERED.value: "delivered",
    DeliveryOutcome.BOUNCED.value: "bounced",
    DeliveryOutcome.COMPLAINED.value: "complained",
}


def hour_of(at: Instant) -> int:
    """The start of the hour of an instant."""
    return int(at // HOUR) * HOUR


def hourly(values: Mapping[str, Any]) -> Iterator[tuple[int, str]]:
    """The hours and counters that include a delivery with these columns."""
    name = _NAMED.get(values["outcome"])
    if name is not None and values["outcome_at"] is not None:
        yield hour_of(values["outcome_at"]), name
    for column, name in (("opened_at", "opened"), ("clicked_at", "clicked")):
        if values[column] is not None:
            yield hour_of(values[column]), name


def add_to_hours(connection: Connection, changes: Mapping[tuple[int, int, str], int]) -> None:
    """Add ``changes`` by run, hour and counter, in the transaction that wrote the outcomes."""
    rows: dict[tuple[int, int], dict[str, int]] = {}
    for (run_id, at, name), count in changes.items():
        if count:
            empty = {"run_id": run_id, "at": at} | dict.fromkeys(NAMES, 0)
            rows.setdefault((run_id, at), empty)[name] += count
    if not rows:
        return
    dialect: Any = postgresql if connection.dialect.name == "postgresql" else sqlite
    row = dialect.insert(HOURS)
    more = {HOURS.c[name]: HOURS.c[name] + row.excluded[name] for name in NAMES}
    connection.execute(
        row.on_conflict_do_update(index_elements=["run_id", "at"], set_=more),
        [rows[key] for key in sorted(rows)],  # one order for every process: no deadlocks
    )
