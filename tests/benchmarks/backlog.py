"""Applies events without end: ``python -m tests.benchmarks.backlog DATABASE RUN``."""

import itertools
import json
import sys
from collections.abc import Iterator

from sqlalchemy import func, select

from sestui.core.clock import SystemClock
from sestui.feedback.puller import BATCH, EventPuller, PullResult
from sestui.ses_api.events import QueueMessage
from sestui.store.db.database import Database
from sestui.store.db.tables import Delivery
from sestui.store.events.apply import EventRules
from tests.benchmarks.workload import address_of
from tests.support.ses_events import ses_event, unsubscribe_mails

KINDS = ("Send", "Delivery", "Open", "Click")
_DELIVERY = Delivery.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass


class NoQueue:
    """A queue for events that come from memory."""

    def receive(self, wait_seconds: float) -> list[QueueMessage]:
        return []

    def delete(self, messages: object) -> None:
        """Nothing to delete."""


def messages_of(deliveries: int, run: int, *, later: float = 0.0) -> Iterator[QueueMessage]:
    """Each kind of event about deliveries 1 to ``deliveries``, ``later`` by so many seconds."""
    for number in range(1, deliveries + 1):
        for after, kind in enumerate(KINDS, 1):
            event = ses_event(
                kind,
                address_of(number),
                message_id=f"m{number}",
                after=20.0 * after + later,
                run=run,
                delivery=number,
            )
            yield QueueMessage(json.dumps(event), "")


def puller_of(database: Database) -> EventPuller:
    """What applies them."""
    mails = unsubscribe_mails(database)
    return EventPuller(database, NoQueue(), SystemClock(), EventRules(), mails)


def _apply_without_end(path: str, run: int) -> None:
    database = Database(f"sqlite:///{path}")
    puller, result = puller_of(database), PullResult()
    with database.read_connection() as connection:
        own = _DELIVERY.c.run_id == run
        deliveries = connection.execute(select(func.count()).where(own)).scalar_one()
    for lap in itertools.count():
        messages = messages_of(deliveries, run, later=lap)
        while batch := list(itertools.islice(messages, BATCH)):
            puller.apply(batch, result)


if __name__ == "__main__":
    _apply_without_end(sys.argv[1], int(sys.argv[2]))
