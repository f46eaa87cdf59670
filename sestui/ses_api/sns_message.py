"""Messages that SNS posts to an HTTPS endpoint: their fields, and what their signature covers.

Source: "Verifying the signatures of Amazon SNS messages" in the SNS developer guide.
"""

import json
import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from urllib.parse import urlsplit

from sestui.core.clock import Instant

MOST_BYTES = 1024 * 1024
"""SNS carries 256 KB, which escaping may make longer."""

_TOPIC = re.compile(r"arn:aws(?:-cn|-us-gov)?:sns:([a-z0-9-]{1,40}):\d{12}:[A-Za-z0-9_.-]{1,256}")
_HOST = re.compile(r"sns\.([a-z0-9-]{1,40})\.amazonaws\.com(?:\.cn)?")


class SnsType(StrEnum):
    """The kinds of messages."""

    NOTIFICATION = "Notification"
    SUBSCRIBE = "SubscriptionConfirmation"
    UNSUBSCRIBE = "UnsubscribeConfirmation"


class SnsFormatError(ValueError):
    """It is not a message of SNS; the text says why, and quotes nothing of it."""


@dataclass(frozen=True, slots=True)
class SnsMessage:
    """A message whose signature has not been checked yet."""

    type: SnsType
    message_id: str
    topic: str
    """Its ARN."""
    message: str
    at: Instant
    signature_version: str
    signature: str
    """In base64."""
    certificate_url: str
    """Of the topic's region's own SNS, by https, ending in .pem."""
    subscribe_url: str
    """'' in a notification; as ``certificate_url``."""
    signed: bytes
    """What the signature covers."""


def parse_sns(body: bytes) -> SnsMessage:
    """Read a message.

    Raises:
        SnsFormatError: it isn't one, or names hosts that are not SNS.
    """
    try:
        given = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise SnsFormatError("It is not JSON.") from error
    if not isinstance(given, dict):
        raise SnsFormatError("It is not an object.")
    fields = {name: value for name, value in given.items() if isinstance(value, str)}
    needed = ("Type", "MessageId", "TopicArn", "Message", "Timestamp", "Signature")
    if missing := [name for name in needed if not fields.get(name)]:
        raise SnsFormatError(f"It has no {missing[0]}.")
    if fields["Type"] not in set(SnsType):
        raise SnsFormatError("Its type is unknown.")
    kind = SnsType(fields["Type"])
    topic = _TOPIC.fullmatch(fields["TopicArn"])
    if topic is None:
        raise SnsFormatError("Its topic is not an ARN of SNS.")
    certificate_url = fields.get("SigningCertURL", "")
    of_sns = _is_sns(certificate_url, topic[1])
    if not of_sns or not urlsplit(certificate_url).path.endswith(".pem"):
        raise SnsFormatError("Its certificate is not from SNS.")
    subscribe_url = "" if kind is SnsType.NOTIFICATION else fields.get("SubscribeURL", "")
    if kind is SnsType.SUBSCRIBE and not _is_sns(subscribe_url, topic[1]):
        raise SnsFormatError("Its SubscribeURL is not SNS's.")
    return SnsMessage(
        type=kind,
        message_id=fields["MessageId"],
        topic=fields["TopicArn"],
        message=fields["Message"],
        at=_instant(fields["Timestamp"]),
        signature_version=fields.get("SignatureVersion", ""),
        signature=fields["Signature"],
        certificate_url=certificate_url,
        subscribe_url=subscribe_url,
        signed=_signed(kind, fields),
    )


def is_topic(text: str) -> bool:
    """Whether it is the ARN of a topic."""
    return _TOPIC.fullmatch(text) is not None


def _signed(kind: SnsType, fields: dict[str, str]) -> bytes:
    names: tuple[str, ...]
    if kind is SnsType.NOTIFICATION:
        names = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
    else:
        names = (
            "Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type",
        )  # fmt: skip
    lines = [f"{name}\n{fields[name]}\n" for name in names if name in fields]
    return "".join(lines).encode("utf-8", "replace")


def _is_sns(url: str, region: str) -> bool:
    if not url.isascii() or not url.isprintable() or "\\" in url:
        return False
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    host = _HOST.fullmatch(parts.netloc)
    return parts.scheme == "https" and port is None and host is not None and host[1] == region


def _instant(text: str) -> Instant:
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise SnsFormatError("Its time can't be read.") from error
    if at.tzinfo is None:
        raise SnsFormatError("Its time has no zone.")
    try:
        return at.timestamp()
    except (OverflowError, OSError) as error:
        raise SnsFormatError("Its time can't be read.") from error
