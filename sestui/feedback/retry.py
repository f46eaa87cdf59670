"""Messages in quarantine, tried again: a newer sestui may read what an older one could not."""

from dataclasses import dataclass, field

from sestui.core.clock import Clock
from sestui.feedback.puller import new_event
from sestui.ses_api.events import EventFormatError
from sestui.store.db.database import Database
from sestui.store.events.apply import EventRules, NewEvent, apply_events
from sestui.store.events.breaker import Tripped
from sestui.store.events.quarantine import Quarantine

_BATCH = 200


@dataclass(slots=True)
class RetryResult:
    """What became of the messages that were tried again."""

    applied: int = 0
    left: int = 0
    tripped: list[Tripped] = field(default_factory=list)
    """Runs whose bounces or complaints have crossed a line by them."""


def retry_quarantined(
    database: Database, clock: Clock, rules: EventRules, message_id: int | None = None
) -> RetryResult:
    """Apply what can be read now, of one message or of all, and take it out of quarantine.

    Raises:
        NotFoundError: there is no message of that id.
    """
    quarantine = Quarantine(database)
    result = RetryResult()
    last = 0
    while True:
        if message_id is None:
            found = quarantine.list(after=last, most=_BATCH)
        else:
            found = [quarantine.get(message_id)]
        if not found:
            return result
        last = found[-1].id
        readable: dict[int, NewEvent] = {}
        for each in found:
            try:
                readable[each.id] = new_event(each.body.decode("utf-8", "replace"))
            except EventFormatError:
                result.left += 1
        applied = apply_events(database, list(readable.values()), clock.now(), rules)
        result.tripped += applied.tripped
        quarantine.drop(list(readable))
        result.applied += len(readable)
        if message_id is not None:
            return result
