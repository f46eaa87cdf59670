"""Lists of runs across all campaigns."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Float, Select, bindparam, func, or_
from sqlalchemy import select as sa_select
from sqlmodel import col, select

from sestui.core.clock import Instant
from sestui.core.delivery.states import AUDIENCES, ENDED_RUN_STATES, NAMED_BY_CAMPAIGN
from sestui.store.db.database import Database
from sestui.store.db.tables import Campaign, Run
from sestui.store.ledger.sent_since import count_sent

NamedRun = tuple[Run, str]
"""A run and the name of its campaign."""

_MOST_OPEN = 100
_ENDED = sorted(state.value for state in ENDED_RUN_STATES)
_SINCE = bindparam("since", type_=Float)
_SENT_SINCE = select(
    select(func.coalesce(func.sum(col(Run.accepted) + col(Run.sending) + col(Run.in_doubt)), 0))
    .where(col(Run.started_at) >= _SINCE)
    .scalar_subquery()
    + count_sent(
        col(Run.started_at) < _SINCE,
        or_(col(Run.finished_at).is_(None), col(Run.finished_at) >= _SINCE),
    ).scalar_subquery()
)


class RecentRuns:
    """Reads runs of all campaigns by their counters, without the ledger."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def unsettled(self) -> Sequence[NamedRun]:
        """Runs that have not ended, or have deliveries in doubt to resolve, newest first."""
        return self.shown(0)[0]

    def shown(self, ended: int) -> tuple[Sequence[NamedRun], Sequence[NamedRun]]:
        """Unsettled runs, and the last ``ended`` ones without tests; both newest first.

        One statement along indexes.
        """
        has_ended = col(Run.state).in_(_ENDED)
        named, counts = (col(Run.kind).in_(kinds) for kinds in (NAMED_BY_CAMPAIGN, AUDIENCES))
        open_ids = _newest(or_(~has_ended, (col(Run.in_doubt) > 0) & named), limit=_MOST_OPEN)
        ended_ids = _newest(has_ended, counts, limit=ended)
        query = (
            select(Run, Campaign.name, col(Run.id).in_(open_ids), col(Run.id).in_(ended_ids))
            .join(Campaign, col(Campaign.id) == col(Run.campaign_id))
            .where(or_(col(Run.id).in_(open_ids), col(Run.id).in_(ended_ids)))
            .order_by(col(Run.id).desc())
        )
        with self._database.read() as session:
            rows = session.execute(query).all()
        return [(run, name) for run, name, is_open, _ in rows if is_open], [
            (run, name) for run, name, _, was in rows if was
        ]

    def pending(self) -> int:
        """The number of unsent recipients of all runs that have not ended."""
        waiting = func.coalesce(func.sum(col(Run.pending) + col(Run.sending)), 0)
        with self._database.read() as session:
            return int(session.exec(select(waiting).where(col(Run.state).not_in(_ENDED))).one())

    def in_flight(self) -> int:
        """Mails that some process has handed over, or is about to, and that are unanswered."""
        with self._database.read() as session:
            return int(session.exec(select(func.coalesce(func.sum(col(Run.sending)), 0))).one())

    def totals(self) -> tuple[int, int]:
        """The number of runs that have not ended, and of all deliveries."""
        states = (Run.pending, Run.sending, Run.accepted, Run.rejected, Run.in_doubt, Run.skipped)
        going = func.count().filter(col(Run.state).not_in(_ENDED))
        recipients = sum(func.coalesce(func.sum(state), 0) for state in states)
        with self._database.read() as session:
            row = session.execute(select(going, recipients).select_from(Run)).one()
        return int(row[0]), int(row[1])

    def handed_over_since(self, since: Instant) -> int:
        """The number of mails that SES may have got from this database since ``since``.

        Later runs count by their counters; in earlier ones deliveries accepted since are counted.
        """
        with self._database.read() as session:
            return int(session.scalar(_SENT_SINCE, {"since": since}) or 0)


def _newest(*wanted: ColumnElement[bool], limit: int) -> Select[Any]:
    return sa_select(col(Run.id)).where(*wanted).order_by(col(Run.id).desc()).limit(limit)
