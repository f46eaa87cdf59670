"""Explain a delivery, or the lack of one, in a sentence or two."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sestui.core.clock import Instant
from sestui.core.delivery.bounces import bounce_reason
from sestui.core.delivery.states import (
    GOING_RUN_STATES,
    ContactStatus,
    DeliveryState,
    RunState,
    SkipReason,
)
from sestui.core.text import printable

Say = Callable[[Instant], str]
"""Formats an instant to follow a verb: ``at 10:37``, ``on 3 Nov at 10:37``."""


@dataclass(frozen=True, slots=True)
class Suppressed:
    """The address is suppressed."""

    since: Instant
    reason: str


@dataclass(frozen=True, slots=True)
class ExplainedContact:
    """The contact as it is now."""

    status: ContactStatus | None = None
    """None: the address is not a contact."""
    status_reason: str = ""
    suppressed: Suppressed | None = None
    joined: Mapping[str, Instant] = field(default_factory=dict)
    """When it joined each of its lists."""
    paused_until: Instant | None = None
    """The end of a pause that the recipient asked for and that is not over; None: there is none."""


@dataclass(frozen=True, slots=True)
class RunFacts:
    """The run as it is now."""

    state: RunState
    detail: str = ""
    """A sentence: why it is paused or waiting."""
    resume_at: Instant | None = None
    created_at: Instant = 0.0
    """When its audience was determined."""
    finished_at: Instant | None = None
    lists: tuple[str, ...] = ()
    segment: bool = False
    """Whether it was for those in a segment only."""
    transactional: bool = False
    at_most: str = ""
    """Its frequency limit, such as ``2 per week``; '' for none."""
    had_it: str = ""
    """The campaign's earlier run that mailed the contact, such as ``run 2``; '' for none."""


@dataclass(frozen=True, slots=True)
class DeliveryFacts:
    """The delivery as it is now."""

    state: DeliveryState
    code: str = ""
    reason: str = ""
    attempts: int = 0
    not_before: Instant = 0.0
    due_at: Instant | None = None
    """When it will be time by the recipient's own clock; None: it is, or that doesn't matter."""
    claimed_at: Instant | None = None
    sent_at: Instant | None = None
    outcome: str = ""
    outcome_at: Instant | None = None
    outcome_code: str = ""
    diagnostic: str = ""
    """What the receiving server, or SES, said of the outcome."""
    opened_at: Instant | None = None
    clicked_at: Instant | None = None


def explain(delivery: DeliveryFacts, run: RunFacts, recipient: ExplainedContact, say: Say) -> str:
    """Explain a delivery's state in whole sentences."""
    at = _AtMaybe(say)
    if delivery.state is DeliveryState.ACCEPTED:
        return _accepted(delivery, at)
    if delivery.state is DeliveryState.REJECTED:
        said = _said(delivery) or "no reason"
        return (
            f"SES refused it{at(delivery.claimed_at)}: {_ended(said)} A follow-up to those who "
            "failed tries again."
        )
    if delivery.state is DeliveryState.SKIPPED:
        return f"Skipped: {_skipped(delivery, run, recipient, at)}"
    if delivery.state is DeliveryState.IN_DOUBT:
        return (
            f"In doubt since it was handed to SES{at(delivery.claimed_at)}: "
            f"{_ended(delivery.reason or delivery.code or 'no answer came')} It may have arrived, "
            "so it is not sent again until you resolve it."
        )
    if delivery.state is DeliveryState.SENDING:
        return f"It was taken up{at(delivery.claimed_at)} and is on its way to SES; no answer yet."
    return _pending(delivery, run, recipient, at)


def explain_absence(run: RunFacts, recipient: ExplainedContact, say: Say) -> str:
    """Explain why the run has no delivery to a contact."""
    since = {name: recipient.joined[name] for name in run.lists if name in recipient.joined}
    if not since and not (run.segment and not run.lists):
        lists = ", ".join(run.lists)
        on = f"its list {lists}" if len(run.lists) == 1 else f"any of its lists ({lists})"
        return f"Not in the audience: they are not on {on if lists else 'any list of it'}."
    name, joined = min(since.items(), key=lambda item: item[1], default=("", 0.0))
    if joined > run.created_at:
        return (
            f"Not in the audience: they joined {name} {say(joined)}, after the run had started "
            f"{say(run.created_at)}. A follow-up to those who joined since reaches them."
        )
    if run.had_it:
        return f"Not in the audience: it was a follow-up, and {run.had_it} had mailed them already."
    if run.segment:
        return (
            "Not in the audience: they were not in the campaign's segment when the run started "
            f"{say(run.created_at)}."
        )
    return (
        f"Not in the audience, though they joined {name} {say(joined)}: the run was for a part of "
        "the list, or the campaign had other lists then."
    )


class _AtMaybe:
    """Formats an instant with a leading space; '' for none."""

    def __init__(self, say: Say) -> None:
        self._say = say

    def __call__(self, instant: Instant | None) -> str:
        return f" {self._say(instant)}" if instant else ""


def _said(delivery: DeliveryFacts) -> str:
    return ": ".join(part for part in (delivery.code, delivery.reason) if part)


def _ended(sentence: str) -> str:
    """The sentence with a full stop."""
    return sentence if sentence.endswith((".", "!", "?")) else f"{sentence}."


_OUTCOMES = {
    "delivered": "their mail server took it{at}. If they don't find it, it may be in "
    "their spam folder",
    "delayed": "their mail server put it off{at}; SES goes on trying",
    "bounced": "it bounced{at}: their mail server sent it back",
    "complained": "the recipient reported it as spam{at}",
    "rejected": "found a virus in it{at}: it was not sent",
    "not_rendered": "could not fill in its template{at}: it was not sent",
}

_LONGEST = 300


def _accepted(delivery: DeliveryFacts, at: _AtMaybe) -> str:
    if delivery.code == "AssumedSent":
        return (
            f"It was handed to SES{at(delivery.claimed_at)} and no answer came; it was treated as "
            "sent. It may not have arrived."
        )
    accepted = f"SES accepted it{at(delivery.sent_at)}"
    if not delivery.outcome:
        return (
            f"{accepted}; nothing more was reported. If they don't find it, they should look in "
            "their spam folder."
        )
    known = bounce_reason(delivery.outcome_code) if delivery.outcome == "bounced" else ""
    if known:
        told = f"it bounced{at(delivery.outcome_at)}: {known} ({delivery.outcome_code})"
    else:
        told = _OUTCOMES.get(delivery.outcome, f"{delivery.outcome}{{at}}")
        told = told.format(at=at(delivery.outcome_at))
        if delivery.outcome in _BY_CODE and delivery.outcome_code:
            told = f"{told} ({delivery.outcome_code})"
    parts = [f"{accepted}, and {told}.", *_heard(delivery, at)]
    return " ".join(parts)


_BY_CODE = frozenset({"bounced", "complained", "delayed"})


def _heard(delivery: DeliveryFacts, at: _AtMaybe) -> list[str]:
    """What was said, and what they did, in sentences."""
    said = []
    if delivery.diagnostic and delivery.outcome not in {"delivered", "complained"}:
        shown = printable(delivery.diagnostic)
        shown = shown if len(shown) <= _LONGEST else f"{shown[: _LONGEST - 1]}…"
        said.append(f"The answer was: “{shown}”.")
    if delivery.clicked_at:
        said.append(f"They followed a link in it{at(delivery.clicked_at)}.")
    elif delivery.opened_at:
        said.append(f"They opened it{at(delivery.opened_at)}.")
    return said


def _obstacle(recipient: ExplainedContact, run: RunFacts, at: _AtMaybe) -> str:
    """Why the contact can't be mailed now, as the end of a sentence; '' if it can."""
    if recipient.suppressed is not None:
        return _suppressed(recipient.suppressed, at)
    if recipient.status is not ContactStatus.INVALID and run.transactional:
        return ""
    if recipient.status is ContactStatus.ACTIVE and recipient.paused_until is not None:
        return f"they have paused their mail, which resumes{at(recipient.paused_until)}."
    return _not_active(recipient)


def _suppressed(suppressed: Suppressed, at: _AtMaybe) -> str:
    return _because(f"the address was suppressed{at(suppressed.since)}", suppressed.reason)


def _not_active(recipient: ExplainedContact) -> str:
    if recipient.status is ContactStatus.INVALID:
        return _because("the address is invalid", recipient.status_reason)
    if recipient.status is ContactStatus.UNSUBSCRIBED:
        return _because("they have unsubscribed", recipient.status_reason)
    return ""


def _because(what: str, reason: str) -> str:
    return f"{what} ({reason})." if reason else f"{what}."


_THEN = {
    SkipReason.SUPPRESSED: "the address was suppressed when their turn came; it no longer is.",
    SkipReason.UNSUBSCRIBED: "they had unsubscribed when their turn came; they no longer have.",
    SkipReason.PAUSED: "they had paused their mail, by the unsubscribe page.",
    SkipReason.LEFT_LIST: "they left the campaign's lists before their turn came.",
    SkipReason.LEFT_SEGMENT: "they were no longer in the campaign's segment when their turn came.",
    SkipReason.AT_MOST: "they had already been sent as much as the campaign's at_most ({at_most}) "
    "allows.",
    SkipReason.HOLDOUT: "they are held out: the campaign keeps a random share of its recipients "
    "without mail, to compare with.",
    SkipReason.INVALID: "the address was marked invalid when their turn came; it no longer is.",
    SkipReason.ERASED: "everything about them was erased on request.",
}


def _skipped(
    delivery: DeliveryFacts, run: RunFacts, recipient: ExplainedContact, at: _AtMaybe
) -> str:
    if delivery.code == SkipReason.CANCELLED:
        return f"the run was cancelled{at(run.finished_at)}, before their turn came."
    if delivery.code == SkipReason.SUPPRESSED and recipient.suppressed is not None:
        return _suppressed(recipient.suppressed, at)
    if recipient.status is not None and delivery.code == recipient.status.value:
        return _not_active(recipient)
    if delivery.code == SkipReason.UNRENDERABLE:
        return f"the mail could not be rendered for them. {_ended(delivery.reason)}".strip()
    if delivery.code in _THEN:
        return _THEN[SkipReason(delivery.code)].format(at_most=run.at_most or "changed since")
    return _ended(_said(delivery) or "no reason given")


def _pending(
    delivery: DeliveryFacts, run: RunFacts, recipient: ExplainedContact, at: _AtMaybe
) -> str:
    obstacle = _obstacle(recipient, run, at)
    if obstacle:
        return f"Still pending, and will be skipped when its turn comes: {obstacle}"
    if run.state is RunState.PAUSED:
        return f"Still pending: the run is paused.{_detail(run)}"
    if delivery.due_at is not None and not delivery.attempts and run.state in GOING_RUN_STATES:
        return (
            f"Still pending: due{at(delivery.due_at)}, by the recipient's own clock.{_detail(run)}"
        )
    if run.state is RunState.WAITING:
        goes_on = f" It continues{at(run.resume_at)}." if run.resume_at else ""
        return f"Still pending: the run waits.{_detail(run) or goes_on}"
    if delivery.attempts:
        said = _said(delivery)
        last = f": the last answer was {_ended(said)}" if said else "."
        comes = at(delivery.not_before) or " with their turn"
        return f"Still pending: SES has not taken it yet{last} The next try comes{comes}."
    if run.state is RunState.SCHEDULED:
        why = "the run has not started"
    else:
        why = "the run is sending, and their turn has not come yet"
    return f"Still pending: {why}."


def _detail(run: RunFacts) -> str:
    return f" {_ended(run.detail)}" if run.detail else ""
