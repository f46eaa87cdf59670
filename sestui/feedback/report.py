"""The result of a pull, as a sentence and as figures."""

from collections.abc import Iterable
from typing import Any

from sestui.core.delivery.breaker import Level
from sestui.feedback.puller import PullResult
from sestui.store.events.breaker import Tripped

NO_QUEUE = (
    "The settings name no queue of events; set events_queue to the URL of the SQS queue that "
    "SES's events come through."
)


def pull_sentence(result: PullResult) -> str:
    """``1,204 events: 1,180 Delivery, 20 Bounce, 4 Complaint; 24 suppressed or unsubscribed.``"""
    if not result.received:
        return "No events were waiting."
    kinds = ", ".join(f"{count:,} {kind}" for kind, count in sorted(result.kinds.items()))
    more = [
        (result.known, "applied before"),
        (result.unmatched, "of mail that is not in this database"),
        (result.settled, "no longer in doubt"),
        (result.refused, "suppressed or unsubscribed"),
        (result.quarantined, "unreadable (`sestui events quarantine list`)"),
    ]
    told = [f"{count:,} {what}" for count, what in more if count]
    events = "1 event" if result.applied == 1 else f"{result.applied:,} events"
    whole = f"{'; '.join([f'{events}: {kinds}' if kinds else 'No new events', *told])}."
    return " ".join([whole, *tripped_sentences(result.tripped)])


def tripped_sentences(tripped: Iterable[Tripped]) -> list[str]:
    """Sentences on what the breaker has done, and why."""
    return [
        f"{each.campaign} run {each.number} {_DONE[each.level]}: {each.sentence}"
        for each in tripped
    ]


_DONE = {Level.PAUSE: "has been paused", Level.WARNING: "goes on, with a warning"}


def pulled_figures(result: PullResult) -> dict[str, Any]:
    """The result of a pull for programs."""
    return {
        "received": result.received,
        "applied": result.applied,
        "known": result.known,
        "unmatched": result.unmatched,
        "settled": result.settled,
        "refused": result.refused,
        "quarantined": result.quarantined,
        "ignored": result.ignored,
        "tripped": [
            {
                "campaign": each.campaign,
                "run": each.number,
                "level": each.level.value,
                "reason": each.sentence,
            }
            for each in result.tripped
        ],
    }
