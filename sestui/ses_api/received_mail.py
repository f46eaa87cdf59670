"""Mail that SES has received for us, as a receipt rule reports it.

A rule's SNS action publishes a notification with the whole mail (up to 150 KB); its S3 action one
without, while the mail goes to a bucket. Both have the headers, and those tell all that is asked
here. Sources: "Contents of notifications for Amazon SES email receiving" in the SES developer
guide; RFC 3834 for what answers by itself.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import getaddresses
from typing import Any

from sestui.core.clock import Instant
from sestui.ses_api.events import EventFormatError, instant_of, notification

_RECEIVED = "Received"
_MOST = 100
"""Recipients, headers and senders that are read."""
_LONGEST = 1000
_RESPONDERS = frozenset({"x-loop", "x-autoreply", "x-autorespond"})
_REFERRING = frozenset({"in-reply-to", "references"})
_SEPARATORS = re.compile(r"[\s<>,;\"]+")


@dataclass(frozen=True, slots=True)
class ReceivedMail:
    """One mail; its texts are anybody's."""

    message_id: str
    """SES's own."""
    received_at: Instant
    recipients: tuple[str, ...] = field(repr=False)
    """Those that the receipt rule has matched."""
    senders: tuple[str, ...] = field(repr=False)
    """Addresses in From, Sender and Return-Path."""
    subject: str = field(repr=False)
    answers_itself: bool
    """It is a bounce, an absence note or the like, and nobody's wish."""
    is_spam: bool
    """SES takes it for spam or a virus."""
    report: str = field(repr=False)
    """The notification as JSON, without the mail's content."""

    @property
    def subject_words(self) -> tuple[str, ...]:
        """What could be tokens in the subject."""
        return tuple(word for word in _SEPARATORS.split(self.subject) if word)[:20]


def parse_received(text: str) -> ReceivedMail | None:
    """The received mail that a message of the queue reports; None if it reports something else.

    Raises:
        EventFormatError: it is the report of a mail, but can't be read.
    """
    if _RECEIVED not in text:  # nearly always: events needn't be read twice
        return None
    try:
        body = notification(text)
    except EventFormatError:
        return None  # the reader of events says why
    if body.get("notificationType") != _RECEIVED:
        return None
    mail, receipt = _object(body, "mail"), _object(body, "receipt")
    message_id = _text(mail.get("messageId"))
    if not message_id:
        raise EventFormatError("The received mail has no message id.")
    headers = _headers(mail)
    common = mail.get("commonHeaders")
    given = common if isinstance(common, dict) else {}
    paths = mail.get("source"), given.get("returnPath"), headers.get("return-path")
    return_path = next((text for text in map(_text, paths) if text), "")
    from_headers = [headers.get(name, "") for name in ("from", "sender")]
    return ReceivedMail(
        message_id=message_id,
        received_at=instant_of(mail.get("timestamp", receipt.get("timestamp")), "timestamp"),
        recipients=_texts(receipt.get("recipients")) or _texts(mail.get("destination")),
        senders=_addresses([return_path, *from_headers, *_texts(given.get("from"))]),
        subject=headers.get("subject") or _text(given.get("subject")),
        answers_itself=_answers_itself(headers, return_path),
        is_spam=any(_failed(receipt, name) for name in ("spamVerdict", "virusVerdict")),
        report=json.dumps({name: value for name, value in body.items() if name != "content"}),
    )


def _answers_itself(headers: Mapping[str, str], return_path: str) -> bool:
    """Whether a program has sent it by itself, and not for its user.

    Mail programs unsubscribe by mail that they write themselves, and some say so: what is
    ``auto-generated`` counts unless it answers a mail.
    """
    if return_path.strip() in {"", "<>"} or headers.keys() & _RESPONDERS:
        return True
    if headers.get("content-type", "").lower().startswith("multipart/report"):
        return True
    submitted = headers.get("auto-submitted", "no").partition(";")[0].strip().lower()
    if submitted == "auto-generated":
        return bool(headers.keys() & _REFERRING)
    return submitted != "no"


def _headers(mail: Mapping[str, Any]) -> dict[str, str]:
    """The first value of each header by its name in lower case."""
    found: dict[str, str] = {}
    given = mail.get("headers")
    for each in given if isinstance(given, list) else ():
        if isinstance(each, dict):
            name = _text(each.get("name")).lower()
            found.setdefault(name, _text(each.get("value")))
    return found


def _addresses(headers: list[str]) -> tuple[str, ...]:
    found = [address for _, address in getaddresses(headers[:_MOST]) if "@" in address]
    return tuple(dict.fromkeys(found))[:_MOST]


def _failed(receipt: Mapping[str, Any], verdict: str) -> bool:
    found = receipt.get(verdict)
    return isinstance(found, dict) and found.get("status") == "FAIL"


def _object(body: Mapping[str, Any], name: str) -> dict[str, Any]:
    found = body.get(name)
    if not isinstance(found, dict):
        raise EventFormatError(f"The received mail has no {name}.")
    return found


def _texts(given: object) -> tuple[str, ...]:
    if not isinstance(given, list):
        return ()
    return tuple(each[:_LONGEST] for each in given[:_MOST] if isinstance(each, str))


def _text(given: object) -> str:
    return given[:_LONGEST] if isinstance(given, str) else ""
