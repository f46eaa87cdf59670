"""Retry messages in quarantine, which a newer sestui may be able to read."""

from dataclasses import dataclass, field

from sestui.core.clock import Clock
from sestui.feedback.puller import new_event
from sestui.feedback.unsubscribe_mail import UnsubscribeMails
from sestui.ses_api.events import EventFormatError, NotAnEventError
from sestui.ses_api.received_mail import ReceivedMail, parse_received
from sestui.store.db.database import Database
from sestui.store.events.apply import EventRules, NewEvent, apply_events
from sestui.store.events.breaker import Tripped
from sestui.store.events.quarantine import Quarantine

_BATCH = 200


@dataclass(slots=True)
class RetryResult:
    """The result of a retry."""

    applied: int = 0
    left: int = 0
    dropped: int = 0
    """Messages of AWS that turn out to report nothing."""
    tripped: list[Tripped] = field(default_factory=list)
    """Runs whose bounce or complaint rates have crossed a limit."""


def retry_quarantined(
    database: Database,
    clock: Clock,
    rules: EventRules,
    mails: UnsubscribeMails,
    message_id: int | None = None,
) -> RetryResult:
    """Apply what can be read now, of one message or of all, and take it out of quarantine.

    What turns out to be no event leaves it, too, as it would never have got there.

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
        received: list[tuple[int, ReceivedMail]] = []
        without_news: list[int] = []
        for each in found:
            body = each.body.decode("utf-8", "replace")
            try:
                mail = parse_received(body)
                if mail is None:
                    readable[each.id] = new_event(body)
                else:
                    received.append((each.id, mail))
            except NotAnEventError:
                without_news.append(each.id)
            except EventFormatError:
                result.left += 1
        applied = apply_events(database, list(readable.values()), clock.now(), rules)
        result.tripped += applied.tripped
        unread = mails.apply([mail for _, mail in received], clock.now()).unread
        still = {received[place][0] for place, _ in unread}
        done = [*readable, *(number for number, _ in received if number not in still)]
        quarantine.drop([*done, *without_news])
        result.left += len(still)
        result.dropped += len(without_news)
        result.applied += len(done)
        if message_id is not None:
            return result
