"""Runs whose mails SES has accepted and reported on, written straight into a database."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from sestui.core.clock import Clock
from sestui.core.delivery.breaker import BreakerRule
from sestui.core.delivery.handover import Claim, ClaimRequest
from sestui.feedback.puller import EventPuller, PullResult
from sestui.ses_api.events import QueueMessage
from sestui.store.db.database import Database
from sestui.store.db.tables import Run
from sestui.store.events.apply import EventRules
from sestui.store.ledger.ledger import Ledger
from tests.support.seeding import accepted
from tests.support.ses_events import ses_event, unsubscribe_mails


class MemoryQueue:
    """A queue in memory; what is received comes again until it is deleted."""

    def __init__(self, events: Iterable[dict[str, Any]] = ()) -> None:
        self.waiting = [
            QueueMessage(json.dumps(each), str(number)) for number, each in enumerate(events)
        ]
        self._given = 0

    def receive(self, wait_seconds: float) -> Sequence[QueueMessage]:
        batch = self.waiting[self._given : self._given + 10]
        self._given += len(batch)
        return batch

    def delete(self, messages: Sequence[QueueMessage]) -> None:
        gone = {each.receipt for each in messages}
        self.waiting = [each for each in self.waiting if each.receipt not in gone]
        self._given = 0


def pull(
    database: Database,
    clock: Clock,
    events: Iterable[dict[str, Any]],
    breaker: BreakerRule = BreakerRule(),  # noqa: B008 - frozen
) -> PullResult:
    """Apply events as `sestui events pull` does."""
    queue = MemoryQueue(events)
    result = EventPuller(
        database, queue, clock, EventRules(breaker=breaker), unsubscribe_mails(database)
    ).pull()
    assert not queue.waiting
    return result


def mail(ledger: Ledger, run: Run, count: int) -> list[Claim]:
    """Have SES accept the next ``count`` mails of a run."""
    claims = list(ledger.exchange([], ClaimRequest(run.id, count)).claims)
    ledger.exchange([accepted(each) for each in claims], None)
    return claims


def about(claim: Claim, kind: str, *, run: int, **more: Any) -> dict[str, Any]:
    """An event of a mail, with its tags."""
    given = {"run": run, "delivery": claim.delivery_id, "message_id": f"m{claim.delivery_id}"}
    return ses_event(kind, claim.email, **(given | more))
