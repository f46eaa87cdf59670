"""What SES would report of an accepted mail: which events, and their JSON."""

from dataclasses import dataclass
from typing import Any

from sestui.core.clock import Instant, iso
from sestui.ses_api.wire import RawContent, SendEmailRequest, TemplateContent
from sestui.simulator.account.rules import mailbox_simulator

_BOUNCES = {
    "bounce": ("General", "5.1.1", "smtp; 550 5.1.1 user unknown"),
    "suppressionlist": (
        "General",
        "5.1.1",
        "Amazon SES has suppressed sending to this address because it has a recent history of "
        "bouncing as an invalid address.",
    ),
    "account suppression": (
        "OnAccountSuppressionList",
        "5.1.1",
        "Amazon SES did not send the message to this address because it is on the suppression list "
        "for your account.",
    ),
}
"""Sub-type, status and diagnostic code by a bounce's detail."""
_ON_LIST = "account suppression"


@dataclass(frozen=True, slots=True)
class EventType:
    """One event to come: its ``eventType``, whom it concerns, and what more its kind needs."""

    kind: str
    recipients: tuple[str, ...]
    detail: str = ""
    """Bounce: the mailbox simulator's name, or what suppressed it; Rendering Failure: the error."""


@dataclass(frozen=True, slots=True)
class AcceptedMail:
    """The envelope of the mail an event is about."""

    message_id: str
    accepted_at: Instant
    sender: str
    recipients: tuple[str, ...]
    subject: str
    tags: tuple[tuple[str, str], ...]


def happenings(
    recipients: tuple[str, ...], rendering_failure: str, suppressed: frozenset[str] = frozenset()
) -> list[EventType]:
    """The events of one accepted mail, in the order in which SES publishes them.

    ``suppressed`` are addresses on the account's list, in lower case.
    """
    if rendering_failure:
        return [EventType("Rendering Failure", recipients, rendering_failure)]
    roles = [mailbox_simulator(address) for address in recipients]
    if suppressed:
        roles = [
            _ON_LIST if address.lower() in suppressed else role
            for address, role in zip(recipients, roles, strict=True)
        ]
    if not any(roles):  # nearly always
        return [EventType("Send", recipients), EventType("Delivery", recipients)]
    pairs = list(zip(recipients, roles, strict=True))
    delivered = tuple(address for address, role in pairs if role not in _BOUNCES)
    complaining = tuple(address for address, role in pairs if role == "complaint")
    events = [EventType("Send", recipients)]
    if delivered:
        events.append(EventType("Delivery", delivered))
    for name in _BOUNCES:
        bounced = tuple(address for address, role in pairs if role == name)
        if bounced:
            events.append(EventType("Bounce", bounced, name))
    if complaining:
        events.append(EventType("Complaint", complaining))
    return events


def payload(
    event_id: int, happening: EventType, mail: AcceptedMail, request: SendEmailRequest
) -> dict[str, Any]:
    """The event as SES's JSON; its ``timestamp`` is the acceptance."""
    body: dict[str, Any] = {
        "eventType": happening.kind,
        "mail": _mail_part(mail, request),
    }
    at = iso(mail.accepted_at)
    feedback_id = f"{mail.message_id}-{event_id}"
    people = [{"emailAddress": address} for address in happening.recipients]
    if happening.kind == "Send":
        body["send"] = {}
    elif happening.kind == "Delivery":
        body["delivery"] = {
            "timestamp": at,
            "processingTimeMillis": 0,
            "recipients": list(happening.recipients),
            "smtpResponse": "250 2.6.0 Message received",
            "reportingMTA": "simulator.sestui.invalid",
        }
    elif happening.kind == "Bounce":
        sub_type, status, diagnostic = _BOUNCES[happening.detail]
        body["bounce"] = {
            "feedbackId": feedback_id,
            "bounceType": "Permanent",
            "bounceSubType": sub_type,
            "bouncedRecipients": [
                {**person, "action": "failed", "status": status, "diagnosticCode": diagnostic}
                for person in people
            ],
            "timestamp": at,
            "reportingMTA": "dns; simulator.sestui.invalid",
        }
    elif happening.kind == "Complaint":
        body["complaint"] = {
            "feedbackId": feedback_id,
            "complainedRecipients": people,
            "timestamp": at,
            "complaintFeedbackType": "abuse",
            "arrivalDate": at,
        }
    else:
        content = request.content
        name = content.name if isinstance(content, TemplateContent) else ""
        body["failure"] = {"templateName": name, "errorMessage": happening.detail}
    return body


def _mail_part(mail: AcceptedMail, request: SendEmailRequest) -> dict[str, Any]:
    given = [
        ("From", (request.sender,)),
        ("Reply-To", request.reply_to),
        ("To", request.destination.to),
        ("Cc", request.destination.cc),
    ]
    headers = [
        {"name": name, "value": ", ".join(each.written for each in people)}
        for name, people in given
        if people
    ]
    headers.append({"name": "Subject", "value": mail.subject})
    if not isinstance(request.content, RawContent):
        headers += [{"name": name, "value": value} for name, value in request.content.headers]
    tags = {name: [value] for name, value in mail.tags}
    tags["ses:from-domain"] = [mail.sender.rpartition("@")[2]]
    if request.configuration_set:
        tags["ses:configuration-set"] = [request.configuration_set]
    return {
        "timestamp": iso(mail.accepted_at),
        "source": request.sender.written,
        "messageId": mail.message_id,
        "destination": list(mail.recipients),
        "headersTruncated": False,
        "headers": headers,
        "commonHeaders": {
            "from": [request.sender.written],
            "to": [each.written for each in request.destination.to],
            "messageId": mail.message_id,
            "subject": mail.subject,
        },
        "tags": tags,
    }
