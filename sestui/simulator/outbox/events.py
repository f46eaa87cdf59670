"""The events that SES would publish of an accepted mail, and their JSON."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import unescape
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from zlib import crc32

from sestui.core.clock import Instant, iso
from sestui.ses_api.wire import RawContent, SendEmailRequest, TemplateContent
from sestui.simulator.account.rules import mailbox_simulator

MAILBOX_FULL = "mailbox full"
LEFT = "left the contact list"

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
    LEFT: (
        "Permanent",
        "UnsubscribedRecipient",
        "5.1.1",
        "Amazon SES did not send the message to this address because the recipient has "
        "unsubscribed from the contact list.",
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
    Open and Click: the agent; Received: the ``mailto:`` URL."""
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


def event_types(
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
    at = iso(mail.accepted_at + happening.after)
    if happening.kind == "Received":
        return _received(event_id, happening, at)
    feedback = {"feedbackId": f"{mail.message_id}-{event_id}", "timestamp": at}
    detail: dict[str, Any]
    match happening.kind:
        case "Send":
            key, detail = "send", {}
        case "Delivery":
            key, detail = "delivery", _delivery(happening, at)
        case "Bounce":
            key, detail = "bounce", feedback | _bounce(happening)
        case "Complaint":
            key, detail = "complaint", feedback | _complaint(happening, at)
        case "DeliveryDelay":
            key, detail = "deliveryDelay", _delay(happening, mail, at)
        case "Open":
            key, detail = "open", _opened(happening, at)
        case "Click":
            key, detail = "click", _opened(happening, at)
            detail["link"] = _link(html, mail.message_id)
        case "Subscription":
            key, detail = "subscription", _subscription(request, at)
        case _:
            key, detail = "failure", _failure(happening, request)
    return {"eventType": happening.kind, "mail": _mail_part(mail, request), key: detail}


def _received(event_id: int, event: EventType, at: str) -> dict[str, Any]:
    """A receipt rule's notification of the mail by which a recipient unsubscribes."""
    url = urlsplit(event.detail)
    to, [sender] = unquote(url.path), event.recipients
    subject = parse_qs(url.query).get("subject", [""])[0]
    message_id = f"simulated-mail-{event_id}"
    headers = {
        "Return-Path": f"<{sender}>",
        "From": sender,
        "To": to,
        "Subject": subject,
        "Message-ID": f"<{message_id}@{sender.rpartition('@')[2]}>",
    }
    written = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    verdicts = {f"{each}Verdict": {"status": "PASS"} for each in ("spam", "virus", "spf", "dkim")}
    action = {
        "type": "SNS",
        "topicArn": "arn:aws:sns:eu-west-1:000000000000:sestui-events-mail",
        "encoding": "UTF8",
    }
    return {
        "notificationType": "Received",
        "mail": {
            "timestamp": at,
            "source": sender,
            "messageId": message_id,
            "destination": [to],
            "headersTruncated": False,
            "headers": [{"name": name, "value": value} for name, value in headers.items()],
            "commonHeaders": {
                "returnPath": sender, "from": [sender], "to": [to], "subject": subject,
            },
        },
        "receipt": {
            "timestamp": at, "processingTimeMillis": 0, "recipients": [to], "action": action,
            **verdicts,
        },
        "content": f"{written}\r\n",
    }  # fmt: skip


def _subscription(request: SendEmailRequest, at: str) -> dict[str, Any]:
    """The recipient has left the mail's topic, or without one the whole contact list."""
    name, topic = request.subscription or ("", "")

    def preferences(status: str, *, left: bool) -> dict[str, Any]:
        topics = [{"topicName": topic, "subscriptionStatus": status}] if topic else []
        return {"unsubscribeAll": left and not topic, "topicSubscriptionStatus": topics}

    return {
        "contactList": name,
        "timestamp": at,
        "source": "UnsubscribeHeader",
        "newTopicPreferences": preferences("OptOut", left=True),
        "oldTopicPreferences": preferences("OptIn", left=False),
    }


def _delivery(event: EventType, at: str) -> dict[str, Any]:
    return {
        "timestamp": at,
        "processingTimeMillis": 0,
        "recipients": list(event.recipients),
        "smtpResponse": "250 2.6.0 Message received",
        "reportingMTA": "simulator.sestui.invalid",
    }


def _bounce(event: EventType) -> dict[str, Any]:
    bounce_type, sub_type, status, diagnostic = _BOUNCES[event.detail]
    why = {"action": "failed", "status": status, "diagnosticCode": diagnostic}
    return {
        "bounceType": bounce_type,
        "bounceSubType": sub_type,
        "bouncedRecipients": _each(event, why),
        "reportingMTA": "dns; simulator.sestui.invalid",
    }


def _complaint(event: EventType, at: str) -> dict[str, Any]:
    return {
        "complainedRecipients": _each(event),
        "complaintFeedbackType": "abuse",
        "arrivalDate": at,
    }


def _delay(event: EventType, mail: AcceptedMail, at: str) -> dict[str, Any]:
    why = {"status": "4.4.1", "diagnosticCode": "smtp; 421 4.4.1 try again later"}
    return {
        "timestamp": at,
        "delayType": "TransientCommunicationFailure",
        "expirationTime": iso(mail.accepted_at + _GIVES_UP_SECONDS),
        "delayedRecipients": _each(event, why),
    }


def _opened(event: EventType, at: str) -> dict[str, Any]:
    return {"timestamp": at, "userAgent": event.detail, "ipAddress": "192.0.2.1"}


def _failure(event: EventType, request: SendEmailRequest) -> dict[str, Any]:
    content = request.content
    name = content.name if isinstance(content, TemplateContent) else ""
    return {"templateName": name, "errorMessage": event.detail}


def _each(event: EventType, detail: Mapping[str, str] = {}) -> list[dict[str, str]]:
    """The recipients, each with ``detail``."""
    return [{"emailAddress": address, **detail} for address in event.recipients]


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
