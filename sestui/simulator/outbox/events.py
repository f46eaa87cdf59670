"""The events that SES would publish of an accepted mail, and their JSON."""

import re
from dataclasses import dataclass
from html import unescape
from typing import Any
from zlib import crc32

from sestui.core.clock import Instant, iso
from sestui.ses_api.wire import RawContent, SendEmailRequest, TemplateContent
from sestui.simulator.account.rules import mailbox_simulator

MAILBOX_FULL = "mailbox full"

_BOUNCES = {
    "bounce": ("Permanent", "General", "5.1.1", "smtp; 550 5.1.1 user unknown"),
    "suppressionlist": (
        "Permanent",
        "General",
        "5.1.1",
        "Amazon SES has suppressed sending to this address because it has a recent history of "
        "bouncing as an invalid address.",
    ),
    "account suppression": (
        "Permanent",
        "OnAccountSuppressionList",
        "5.1.1",
        "Amazon SES did not send the message to this address because it is on the suppression list "
        "for your account.",
    ),
    MAILBOX_FULL: ("Transient", "MailboxFull", "4.2.2", "smtp; 452 4.2.2 mailbox full"),
}
"""Type, sub-type, status and diagnostic code by a bounce's detail."""
_ON_LIST = "account suppression"
_GIVES_UP_SECONDS = 14 * 3600.0
_LINKS = re.compile(r"""href=["'](https?://[^"'\s<>]+)""")


@dataclass(frozen=True, slots=True)
class EventType:
    """The ``eventType`` of an event, its recipients and its detail."""

    kind: str
    recipients: tuple[str, ...]
    detail: str = ""
    """Bounce: the mailbox simulator's name, or what suppressed it; Rendering Failure: the error;
    Open and Click: the agent."""
    after: float = 0.0
    """Seconds after the acceptance."""


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
    """The events of one accepted mail, in SES's order.

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
    event_id: int,
    happening: EventType,
    mail: AcceptedMail,
    request: SendEmailRequest,
    html: str = "",
) -> dict[str, Any]:
    """The event as SES's JSON; ``html`` is the mail's, whose links are clicked."""
    body: dict[str, Any] = {
        "eventType": happening.kind,
        "mail": _mail_part(mail, request),
    }
    at = iso(mail.accepted_at + happening.after)
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
        bounce_type, sub_type, status, diagnostic = _BOUNCES[happening.detail]
        body["bounce"] = {
            "feedbackId": feedback_id,
            "bounceType": bounce_type,
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
    elif happening.kind == "DeliveryDelay":
        body["deliveryDelay"] = {
            "timestamp": at,
            "delayType": "TransientCommunicationFailure",
            "expirationTime": iso(mail.accepted_at + _GIVES_UP_SECONDS),
            "delayedRecipients": [
                {**person, "status": "4.4.1", "diagnosticCode": "smtp; 421 4.4.1 try again later"}
                for person in people
            ],
        }
    elif happening.kind in {"Open", "Click"}:
        seen = {"timestamp": at, "userAgent": happening.detail, "ipAddress": "192.0.2.1"}
        body[happening.kind.lower()] = seen
        if happening.kind == "Click":
            seen["link"] = _link(html, mail.message_id)
    else:
        content = request.content
        name = content.name if isinstance(content, TemplateContent) else ""
        body["failure"] = {"templateName": name, "errorMessage": happening.detail}
    return body


def _link(html: str, message_id: str) -> str:
    """One of the mail's links, always the same; a page of its own where it has none."""
    links = [unescape(each) for each in _LINKS.findall(html) if "unsubscribe" not in each]
    return links[crc32(message_id.encode()) % len(links)] if links else "https://example.com/"


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
