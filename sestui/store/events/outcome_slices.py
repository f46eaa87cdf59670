"""A run's outcomes by the minute of acceptance: few rows, so that not all deliveries are read.

The rates that the breaker watches are sums of the newest of these. A bounce or complaint counts
with the mails that were sent beside it, however late it comes: rates of what is known, whose
numerator and denominator are of the same mails.
"""

from collections.abc import Collection, Mapping
from dataclasses import astuple, dataclass
from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Field, SQLModel

from sestui.core.clock import Instant
from sestui.core.delivery.breaker import (
    COMPLAINT_VOLUMES,
    MAILBOX_SIMULATOR,
    Sample,
    counts_as_bounce,
)
from sestui.core.delivery.outcomes import DeliveryOutcome
from sestui.store.db.database import Database
from sestui.store.ledger.statements import RUN

_SECONDS = 60
_MOST_ROWS = 20_000
"""The most slices in a sample; only a little mail a minute gives so many."""


class OutcomeSlice(SQLModel, table=True):
    """The outcomes of the mails that SES accepted within a minute."""

    __tablename__ = "outcome_slice"

    run_id: int = Field(foreign_key="run.id", primary_key=True)
    at: int = Field(primary_key=True, index=True)
    """The minute's start in seconds since the epoch."""
    known: int = Field(default=0)
    """Mails with any known outcome."""
    delivered: int = Field(default=0)
    """Of them: delivered, and not complained of."""
    bounced: int = Field(default=0)
    """As SES counts."""
    complained: int = Field(default=0)


_SLICE = OutcomeSlice.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass
_COUNTS = ("known", "delivered", "bounced", "complained")


@dataclass(frozen=True, slots=True)
class SliceCounts:
    """A slice's counts, or changes of them."""

    known: int = 0
    delivered: int = 0
    bounced: int = 0
    complained: int = 0

    def __add__(self, other: "SliceCounts") -> "SliceCounts":
        return SliceCounts(
            self.known + other.known,
            self.delivered + other.delivered,
            self.bounced + other.bounced,
            self.complained + other.complained,
        )

    def __sub__(self, other: "SliceCounts") -> "SliceCounts":
        return SliceCounts(
            self.known - other.known,
            self.delivered - other.delivered,
            self.bounced - other.bounced,
            self.complained - other.complained,
        )


NO_COUNTS = SliceCounts()
_NOT_KNOWN = frozenset({"", DeliveryOutcome.DELAYED.value})


def slice_of(at: Instant) -> int:
    """The slice of a mail that SES accepted at that instant."""
    return int(at // _SECONDS) * _SECONDS


def slice_counts(email: str, values: Mapping[str, Any]) -> SliceCounts:
    """What a delivery with these columns counts for in its slice."""
    outcome = values["outcome"]
    if outcome in _NOT_KNOWN or email.lower().endswith(MAILBOX_SIMULATOR):
        return NO_COUNTS
    return SliceCounts(
        known=1,
        delivered=int(outcome == DeliveryOutcome.DELIVERED),
        bounced=int(counts_as_bounce(outcome, values["outcome_code"])),
        complained=int(outcome == DeliveryOutcome.COMPLAINED),
    )


def add_to_slices(connection: Connection, changes: Mapping[tuple[int, int], SliceCounts]) -> None:
    """Add ``changes`` by run and slice, in the transaction that wrote the outcomes."""
    rows = [
        {"run_id": run_id, "at": at} | dict(zip(_COUNTS, astuple(counts), strict=True))
        # In one order for every process: no deadlocks on PostgreSQL.
        for (run_id, at), counts in sorted(changes.items())
        if counts != NO_COUNTS
    ]
    if not rows:
        return
    dialect: Any = postgresql if connection.dialect.name == "postgresql" else sqlite
    row = dialect.insert(_SLICE)
    more = {_SLICE.c[name]: _SLICE.c[name] + row.excluded[name] for name in _COUNTS}
    connection.execute(row.on_conflict_do_update(index_elements=["run_id", "at"], set_=more), rows)


def account_sample(database: Database, volume: int) -> Sample:
    """The newest mails with known outcomes, of all runs."""
    with database.read_connection() as connection:
        return sample_of(connection, volume)


def sample_of(
    connection: Connection,
    volume: int,
    *,
    since: Instant = 0.0,
    runs: Collection[int] | None = None,
) -> Sample:
    """The newest mails of ``runs`` whose outcome is known; None: of all runs.

    Those taken by SES before ``since`` are left out. Where SES reports no deliveries of a run (the
    feedback of an identity may be of bounces alone), all of its accepted mails count.
    """
    rows = select(_SLICE).where(_SLICE.c.at >= since).order_by(_SLICE.c.at.desc())
    if runs is not None:
        rows = rows.where(_SLICE.c.run_id.in_(sorted(runs)))
    small: dict[int, SliceCounts] = {}
    large: dict[int, SliceCounts] = {}
    known = 0
    found = connection.execute(rows.limit(_MOST_ROWS))
    for run_id, _, *counts in found:
        one = SliceCounts(*counts)
        if known < volume:
            small[run_id] = small.get(run_id, NO_COUNTS) + one
        large[run_id] = large.get(run_id, NO_COUNTS) + one
        known += one.known
        if known >= volume * COMPLAINT_VOLUMES:
            break
    found.close()
    silent = [run_id for run_id, counts in large.items() if not counts.delivered]
    accepted = dict.fromkeys(silent, 0)
    if silent:
        query = select(RUN.c.id, RUN.c.accepted).where(RUN.c.id.in_(silent))
        accepted |= {row.id: row.accepted for row in connection.execute(query)}

    def mails(sums: Mapping[int, SliceCounts]) -> int:
        return sum(max(each.known, accepted.get(run, 0)) for run, each in sums.items())

    return Sample(
        mails=mails(small),
        bounced=sum(each.bounced for each in small.values()),
        complaint_mails=mails(large),
        complained=sum(each.complained for each in large.values()),
    )
