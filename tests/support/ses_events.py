"""Events as SES writes them, for tests: whole JSON, of any kind, in any wrapper."""

import json
from pathlib import Path
from typing import Any

from sestui.core.clock import iso
from sestui.feedback.unsubscribe_mail import UnsubscribeMails
from sestui.store.db.database import Database
from sestui.store.web.link_keys import LinkKeys

TOPIC = "arn:aws:sns:eu-west-1:123456789012:sestui-events"


def ses_event(
    kind: str,
    to: str = "ada@example.com",
    *,
    message_id: str = "m1",
    mailed_at: float = 1_790_000_000.0,
    after: float = 1.0,
    run: int | None = None,
    delivery: int | None = None,
    **detail: Any,
) -> dict[str, Any]:
    """An event of event publishing; ``detail`` goes over what the kind has by itself."""
    tags = {"ses:from-domain": ["example.com"]}
    if run is not None:
        tags["sestui-run"] = [str(run)]
    if delivery is not None:
        tags["sestui-delivery"] = [str(delivery)]
    name, own = _detail(kind, to, iso(mailed_at + after))
    return {
        "eventType": kind,
        "mail": {
            "timestamp": iso(mailed_at),
            "source": "News <news@example.com>",
            "messageId": message_id,
            "destination": [to],
            "headersTruncated": False,
            "headers": [{"name": "Subject", "value": "News"}],
            "commonHeaders": {"from": ["news@example.com"], "to": [to], "subject": "News"},
            "tags": tags,
        },
        name: own | detail,
    }


def _detail(kind: str, to: str, at: str) -> tuple[str, dict[str, Any]]:
    if kind == "Delivery":
        return "delivery", {
            "timestamp": at,
            "processingTimeMillis": 900,
            "recipients": [to],
            "smtpResponse": "250 2.6.0 Message received",
            "reportingMTA": "a8-70.smtp-out.amazonses.com",
        }
    if kind == "Bounce":
        return "bounce", {
            "bounceType": "Permanent",
            "bounceSubType": "NoEmail",
            "bouncedRecipients": [
                {
                    "emailAddress": to,
                    "action": "failed",
                    "status": "5.1.1",
                    "diagnosticCode": "smtp; 550 5.1.1 user unknown",
                }
            ],
            "timestamp": at,
            "feedbackId": f"feedback-{at}",
        }
    if kind == "Complaint":
        return "complaint", {
            "complainedRecipients": [{"emailAddress": to}],
            "complaintFeedbackType": "abuse",
            "complaintSubType": None,
            "arrivalDate": at,
            "timestamp": at,
            "feedbackId": f"feedback-{at}",
        }
    if kind == "DeliveryDelay":
        return "deliveryDelay", {
            "delayType": "MailboxFull",
            "delayedRecipients": [{"emailAddress": to, "status": "4.2.2", "diagnosticCode": "452"}],
            "timestamp": at,
        }
    if kind == "Rendering Failure":
        return "failure", {"templateName": "news", "errorMessage": "Attribute 'name' is missing"}
    if kind == "Reject":
        return "reject", {"reason": "Bad content"}
    if kind == "Subscription":
        return "subscription", {
            "contactList": "News",
            "timestamp": at,
            "source": "UnsubscribeHeader",
            "newTopicPreferences": {"unsubscribeAll": True, "topicSubscriptionStatus": []},
        }
    agent = {"ipAddress": "192.0.2.7", "timestamp": at, "userAgent": PERSON}
    if kind == "Open":
        return "open", agent
    if kind == "Click":
        return "click", agent | {"link": "https://shop.example.com/", "linkTags": None}
    return "send", {}


PERSON = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Thunderbird/128.4.0"


def feedback(event: dict[str, Any]) -> dict[str, Any]:
    """The same as feedback of an identity: another name, and no tags."""
    mail = {name: value for name, value in event["mail"].items() if name != "tags"}
    rest = {name: value for name, value in event.items() if name not in {"eventType", "mail"}}
    return {"notificationType": event["eventType"], "mail": mail} | rest


def through_sns(event: dict[str, Any], *, as_object: bool = False) -> dict[str, Any]:
    """SNS's wrapper around it; some stand-ins put an object where SNS has a text."""
    return {
        "Type": "Notification",
        "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
        "TopicArn": TOPIC,
        "Message": event if as_object else json.dumps(event),
        "Timestamp": "2026-11-28T02:00:00.000Z",
    }


def through_event_bridge(event: dict[str, Any]) -> dict[str, Any]:
    """EventBridge's wrapper around it."""
    return {
        "version": "0",
        "detail-type": "Email Bounced",
        "source": "aws.ses",
        "account": "123456789012",
        "detail": event,
    }


def received(
    to: str,
    sender: str = "ada@example.com",
    *,
    message_id: str = "r1",
    at: float = 1_790_000_100.0,
    subject: str = "unsubscribe",
    return_path: str | None = None,
    spam: str = "PASS",
    content: str | None = "Subject: unsubscribe\r\n\r\n",
    **headers: str,
) -> dict[str, Any]:
    """A receipt rule's notification of a mail; ``auto_submitted=`` and the like are headers.

    Without ``content`` it is an S3 action's.
    """
    path = sender if return_path is None else return_path
    given = {"Return-Path": f"<{path}>", "From": f"Ada <{sender}>", "To": to, "Subject": subject}
    given |= {name.replace("_", "-"): value for name, value in headers.items()}
    action = {"type": "S3", "bucketName": "mail", "objectKey": message_id}
    if content is not None:
        action = {"type": "SNS", "topicArn": TOPIC, "encoding": "UTF8"}
    found: dict[str, Any] = {
        "notificationType": "Received",
        "mail": {
            "timestamp": iso(at),
            "source": path,
            "messageId": message_id,
            "destination": [to],
            "headersTruncated": False,
            "headers": [{"name": name, "value": value} for name, value in given.items()],
            "commonHeaders": {"returnPath": path, "from": [sender], "subject": subject},
        },
        "receipt": {
            "timestamp": iso(at),
            "processingTimeMillis": 200,
            "recipients": [to],
            "spamVerdict": {"status": spam},
            "virusVerdict": {"status": "PASS"},
            "action": action,
        },
    }
    return found | ({} if content is None else {"content": content})


def unsubscribe_mails(database: Database, folder: Path = Path("/nonexistent")) -> UnsubscribeMails:
    """What carries out mail to unsubscribe, with the keys in ``folder``."""
    return UnsubscribeMails(database, LinkKeys(database, folder))
