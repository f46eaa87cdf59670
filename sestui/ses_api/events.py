"""Events of SES as they arrive: event publishing and identity feedback, however they are wrapped.

SES reports what became of a mail as JSON with an ``eventType`` (event publishing by a configuration
set) or a ``notificationType`` (feedback of an identity, which carries no tags). SNS wraps it in
``Message`` unless raw delivery is on, EventBridge in ``detail``. Sources: "Contents of event data
that Amazon SES publishes to Amazon SNS" and "Amazon SNS notification contents for Amazon SES" in
the SES developer guide.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sestui.core.clock import Instant
from sestui.core.delivery.events import EventKind
from sestui.core.delivery.mail import TOPIC_TAG

PROBE_TAG = "sestui-probe"
"""Tag of the mails by which `sestui setup` proves the way of events: they are nobody's."""

_LONGEST_TEXT = 1000
"""Characters of a diagnostic or a reason that are read; servers have sent whole mails in them."""
_LONGEST_LINK = 2000
_MOST_RECIPIENTS = 100
"""SES takes 50 recipients a mail; a complaint may name everybody at a domain."""
_MOST_WRAPPERS = 3
"""EventBridge to SNS to SQS is two."""
_BYTE_ORDER_MARK = "\ufeff"
"""Programs that pass events on have put one before them."""
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_LATEST = datetime(3000, 1, 1, tzinfo=UTC)
_LEFT = "optout"
"""The status of a topic that a contact has left, in lower case."""


_ACCOUNT_NEWS = frozenset(
    {
        "Advisor Recommendation Status Open",
        "Advisor Recommendation Status Resolved",
        "Sending Status Enabled",
        "Sending Status Disabled",
    }
)
"""What SES sends through EventBridge besides events of mails; a rule on its source takes them all.
`sestui doctor` asks SES for both. Source: "Monitoring SES events using EventBridge" there."""


def _plain(word: str) -> str:
    return "".join(filter(str.isalnum, word)).lower()


_WORDS = {
    _plain(word): word
    for word in (
        # Types of bounces, and their sub-types.
        *("Undetermined", "Permanent", "Transient", "General", "NoEmail", "Suppressed"),
        *("OnAccountSuppressionList", "OnTenantSuppressionList", "EmailValidationSuppressed"),
        *("UnsubscribedRecipient", "MailboxFull", "MessageTooLarge", "ContentRejected"),
        *("AttachmentRejected", "CustomTimeoutExceeded"),
        # Types of complaints.
        *("abuse", "auth-failure", "fraud", "not-spam", "other", "virus"),
    )
}
"""Whether somebody is suppressed must not hang on capitals or a blank: others have met a tab after
OnAccountSuppressionList, and SES's API v2 writes PERMANENT."""

_KINDS = {kind.value.replace(" ", "").lower(): kind for kind in EventKind}
_DETAILS = {
    EventKind.DELAY: "deliveryDelay",
    EventKind.RENDERING_FAILURE: "failure",
}
"""Names of the objects that don't follow from the kind."""


@dataclass(frozen=True, slots=True)
class QueueMessage:
    """One message of a queue of events."""

    body: str
    receipt: str
    """What the queue wants to hear to delete it."""


class EventFormatError(ValueError):
    """The text is not an event of SES; the message is a sentence that says why."""


class NotAnEventError(EventFormatError):
    """It comes from AWS but reports nothing: the greeting of a new topic, a subscription."""


@dataclass(frozen=True, slots=True)
class EventRecipient:
    """One address that an event is about."""

    address: str
    """As SES wrote it, without a name; compare in lower case."""
    status: str = ""
    """The enhanced status code of a bounce or delay, such as 5.1.1."""
    diagnostic: str = ""
    """What the receiving server said."""


@dataclass(frozen=True, slots=True)
class SesEvent:
    """One event. Texts are clipped, free of NUL and half characters, and otherwise untrusted."""

    kind: EventKind
    message_id: str
    mailed_at: Instant
    """When SES accepted the mail."""
    occurred_at: Instant
    destination: tuple[str, ...]
    """Every recipient of the mail."""
    recipients: tuple[EventRecipient, ...]
    """Those that the event is about; the whole destination where it names none."""
    tags: Mapping[str, str] = field(default_factory=dict)
    """The mail's tags by name; empty in feedback of an identity."""
    type: str = ""
    """Bounce: Permanent, Transient or Undetermined; complaint: its feedback type; delay: its
    type."""
    sub_type: str = ""
    """Bounce and complaint."""
    feedback_id: str = ""
    """SES's own id of a bounce or complaint."""
    reason: str = ""
    """Reject and rendering failure: why."""
    link: str = ""
    """Click: the URL."""
    user_agent: str = ""
    """Open and click."""
    ip_address: str = ""
    """Open and click."""
    unsubscribes: bool = False
    """Subscription: they want no more mail of the contact list, or of the mail's topic of it."""

    @property
    def identity(self) -> str:
        """Equal for two reports of the same thing, by whichever way and however often they come."""
        what = self.feedback_id or f"{self.occurred_at:.3f}"
        whose = sorted(each.address.lower() for each in self.recipients)
        return "\n".join((self.message_id, self.kind, what, self.link, self.ip_address, *whose))


def parse_event(text: str | bytes) -> SesEvent:
    """The event in a queue's or SNS's message, whatever wraps it.

    Raises:
        NotAnEventError: the message is AWS's, and no event.
        EventFormatError: it can't be read.
    """
    body = notification(text)
    kind = _kind(body)
    mail = _object(body, "mail")
    detail = _detail(body, kind)
    message_id = _text(mail, "messageId")
    if not message_id:
        raise EventFormatError("The event names no message id.")
    mailed_at = instant_of(mail.get("timestamp"), "mail.timestamp")
    given = detail.get("timestamp", detail.get("arrivalDate"))
    destination = _addresses(mail.get("destination"))
    user_agent = _text(detail, "userAgent", most=_LONGEST_LINK)
    tags = _tags(mail.get("tags"))
    return SesEvent(
        kind=kind,
        message_id=message_id,
        mailed_at=mailed_at,
        occurred_at=mailed_at if given is None else instant_of(given, "timestamp"),
        destination=destination,
        recipients=_recipients(detail, destination),
        tags=tags,
        type=_word(detail, "bounceType", "complaintFeedbackType", "delayType"),
        sub_type=_word(detail, "bounceSubType", "complaintSubType"),
        feedback_id=_text(detail, "feedbackId"),
        reason=_first(detail, "reason", "errorMessage"),
        link=_text(detail, "link", most=_LONGEST_LINK),
        user_agent=user_agent,
        ip_address=_text(detail, "ipAddress"),
        unsubscribes=_unsubscribes(detail, tags.get(TOPIC_TAG, "")),
    )


def notification(text: str | bytes) -> dict[str, Any]:
    """The JSON of a notification of SES, whatever wraps it.

    Raises:
        NotAnEventError, EventFormatError: as :func:`parse_event`.
    """
    return _unwrapped(_json(text))


def _json(text: str | bytes) -> Any:
    try:
        return json.loads(text.removeprefix(_BYTE_ORDER_MARK) if isinstance(text, str) else text)
    except RecursionError:
        raise EventFormatError("The message is nested too deeply.") from None
    except ValueError:  # not JSON, not UTF-8, or a number of thousands of digits
        start = text[:100] if isinstance(text, str) else text[:100].decode("utf-8", "replace")
        if start.startswith("Successfully validated SNS topic"):
            raise NotAnEventError("SES has tried the topic out.") from None
        raise EventFormatError("The message is not JSON.") from None


def _unwrapped(body: Any) -> dict[str, Any]:
    for _ in range(_MOST_WRAPPERS):
        if not isinstance(body, dict):
            raise EventFormatError("The message is not a JSON object.")
        if "eventType" in body or "notificationType" in body:
            return body
        if "Message" in body:
            if body.get("Type") in {"SubscriptionConfirmation", "UnsubscribeConfirmation"}:
                raise NotAnEventError("SNS asks whether a subscription is wanted.")
            inner = body["Message"]
            body = _json(inner) if isinstance(inner, str) else inner
        elif "detail" in body:
            is_news = body.get("source") == "aws.ses" and body.get("detail-type") in _ACCOUNT_NEWS
            if is_news:
                raise NotAnEventError("EventBridge reports on the account, not on a mail.")
            body = body["detail"]
        else:
            break
    raise EventFormatError("The message has neither an eventType nor a notificationType.")


def _kind(body: Mapping[str, Any]) -> EventKind:
    written = body.get("eventType", body.get("notificationType"))
    if isinstance(written, str):
        kind = _KINDS.get(written.replace(" ", "").lower())
        if kind is not None:
            return kind
        if written == "AmazonSnsSubscriptionSucceeded":
            raise NotAnEventError("SES has tried the topic out.")
    # Stand-ins write all kinds into the type; what is told beside the mail says which it is.
    present = [kind for kind in EventKind if isinstance(body.get(_detail_name(kind)), dict)]
    if len(present) == 1:
        return present[0]
    raise EventFormatError(f"There is no event type {_clean(str(written), 60)!r}.")


def _detail(body: Mapping[str, Any], kind: EventKind) -> Mapping[str, Any]:
    """What is told beside the mail; nothing where SES leaves it out."""
    name = _detail_name(kind)
    found = body.get(name)
    if found is None and kind in {EventKind.BOUNCE, EventKind.COMPLAINT}:
        raise EventFormatError(f"The event has no {name}.")
    return found if isinstance(found, dict) else {}


def _detail_name(kind: EventKind) -> str:
    return _DETAILS.get(kind, kind.value.lower())


def _recipients(
    detail: Mapping[str, Any], destination: Sequence[str]
) -> tuple[EventRecipient, ...]:
    for name in ("bouncedRecipients", "complainedRecipients", "delayedRecipients"):
        named = detail.get(name)
        if isinstance(named, list):
            return tuple(
                EventRecipient(
                    _bare(_text(each, "emailAddress")),
                    _text(each, "status"),
                    _text(each, "diagnosticCode"),
                )
                for each in named[:_MOST_RECIPIENTS]
                if isinstance(each, dict)
            )
    delivered = _addresses(detail.get("recipients"))
    return tuple(EventRecipient(address) for address in delivered or destination)


def _addresses(given: Any) -> tuple[str, ...]:
    texts = given if isinstance(given, list) else []
    return tuple(
        _bare(_clean(each, _LONGEST_TEXT))
        for each in texts[:_MOST_RECIPIENTS]
        if isinstance(each, str)
    )


def _bare(written: str) -> str:
    """The address in ``Ada <ada@example.com>``: SES repeats what the mail's sender gave it."""
    before, _, rest = written.rpartition("<")
    address = rest.rstrip().removesuffix(">").strip()
    is_named = rest.rstrip().endswith(">") and "@" in address
    return address if is_named and before.count('"') % 2 == 0 else written


def _unsubscribes(detail: Mapping[str, Any], topic: str) -> bool:
    """Whether new preferences refuse the whole list, or the mail's own ``topic``."""
    preferences = detail.get("newTopicPreferences")
    if not isinstance(preferences, dict):
        return False
    topics = preferences.get("topicSubscriptionStatus")
    left = {
        _text(each, "topicName")
        for each in (topics if isinstance(topics, list) else ())
        if isinstance(each, dict) and str(each.get("subscriptionStatus")).lower() == _LEFT
    }
    return preferences.get("unsubscribeAll") is True or (topic != "" and topic in left)


def _tags(given: Any) -> dict[str, str]:
    """Each tag's first value: SES writes a list of one."""
    if not isinstance(given, dict):
        return {}
    found = {}
    for name, values in given.items():
        first = values[0] if isinstance(values, list) and values else values
        if isinstance(first, str):
            found[name] = _clean(first, _LONGEST_TEXT)
    return found


def _object(body: Mapping[str, Any], name: str) -> dict[str, Any]:
    found = body.get(name)
    if not isinstance(found, dict):
        raise EventFormatError(f"The event has no {name}.")
    return found


def _first(detail: Mapping[str, Any], *names: str) -> str:
    return next((text for name in names if (text := _text(detail, name))), "")


def _word(detail: Mapping[str, Any], *names: str) -> str:
    """One of SES's words as the guide spells it, however it is written; another as it is."""
    written = _first(detail, *names).strip()
    return _WORDS.get(_plain(written), written)


def _text(detail: Mapping[str, Any], name: str, most: int = _LONGEST_TEXT) -> str:
    """A text by its name; '' where there is none, or something that is no text."""
    found = detail.get(name)
    return _clean(found, most) if isinstance(found, str) else ""


def _clean(text: str, most: int) -> str:
    """``text`` as a database can keep it: PostgreSQL takes no NUL and no half character."""
    clipped = text[:most]
    if clipped.isascii() and "\0" not in clipped:
        return clipped
    return clipped.replace("\0", "�").encode("utf-8", "replace").decode()


def instant_of(given: Any, name: str) -> Instant:
    """An ISO 8601 time of SES; one without a zone is UTC.

    Raises:
        EventFormatError: it is none; ``name`` says which of the event's.
    """
    if isinstance(given, str):
        try:
            found = datetime.fromisoformat(given.replace(" +", "+"))  # SES has written 05:45 +0000
        except ValueError:
            pass
        else:
            aware = found if found.tzinfo else found.replace(tzinfo=UTC)
            if _EARLIEST <= aware < _LATEST:
                return aware.timestamp()
    raise EventFormatError(f"The event's {name} is not a time.")
