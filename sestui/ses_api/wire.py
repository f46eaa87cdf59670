"""The SES v2 wire format as values: requests, answers and errors (parsed by ``wire_parsing``).

Whoever speaks SES's HTTP API from the server's side shares these.
"""

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import orjson

from sestui.core.contact.mailboxes import Mailbox

Pairs = tuple[tuple[str, str], ...]
"""Names and values in the order they were given."""
Json = dict[str, Any]


class ServiceError(Exception):
    """SES's refusal of a call: nothing of it was taken."""

    def __init__(self, status: int, code: str, text: str) -> None:
        super().__init__(f"{code}: {text}")
        self.status = status
        self.code = code
        self.text = text


def rate_exceeded() -> ServiceError:
    """More recipients a second than the account may have."""
    return ServiceError(429, "TooManyRequestsException", "Maximum sending rate exceeded.")


def quota_exceeded() -> ServiceError:
    """More recipients in 24 hours than the account may have."""
    return ServiceError(400, "LimitExceededException", "Daily message quota exceeded.")


def rejected(text: str) -> ServiceError:
    """This mail will never be taken as it is."""
    return ServiceError(400, "MessageRejected", text)


def bad_request(text: str) -> ServiceError:
    """The request has a wrong shape or a wrong value."""
    return ServiceError(400, "BadRequestException", text)


def not_found(text: str) -> ServiceError:
    """What the request names does not exist."""
    return ServiceError(404, "NotFoundException", text)


def sending_paused() -> ServiceError:
    """The account may not send at present."""
    return EntryResult(BulkStatus.ACCOUNT_SENDING_PAUSED).as_error()


class BulkStatus(StrEnum):
    """What SendBulkEmail says of one entry."""

    SUCCESS = "SUCCESS"
    MESSAGE_REJECTED = "MESSAGE_REJECTED"
    MAIL_FROM_DOMAIN_NOT_VERIFIED = "MAIL_FROM_DOMAIN_NOT_VERIFIED"
    CONFIGURATION_SET_NOT_FOUND = "CONFIGURATION_SET_NOT_FOUND"
    TEMPLATE_NOT_FOUND = "TEMPLATE_NOT_FOUND"
    ACCOUNT_SUSPENDED = "ACCOUNT_SUSPENDED"
    ACCOUNT_THROTTLED = "ACCOUNT_THROTTLED"
    ACCOUNT_DAILY_QUOTA_EXCEEDED = "ACCOUNT_DAILY_QUOTA_EXCEEDED"
    INVALID_SENDING_POOL_NAME = "INVALID_SENDING_POOL_NAME"
    ACCOUNT_SENDING_PAUSED = "ACCOUNT_SENDING_PAUSED"
    CONFIGURATION_SET_SENDING_PAUSED = "CONFIGURATION_SET_SENDING_PAUSED"
    INVALID_PARAMETER = "INVALID_PARAMETER"
    TRANSIENT_FAILURE = "TRANSIENT_FAILURE"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class EntryResult:
    """What became of one mail of a call."""

    status: BulkStatus
    message_id: str = ""
    error: str = ""
    """SES's sentence; '' on success."""

    def as_error(self) -> ServiceError:
        """The same refusal as a single SendEmail would get it."""
        status, code = _ERRORS[self.status]
        return ServiceError(status, code, self.error or _TEXTS.get(self.status, ""))

    @classmethod
    def of_error(cls, error: ServiceError) -> "EntryResult":
        """A single SendEmail's refusal as that of an entry."""
        return cls(_status_of(error), error=error.text)


_PAUSED = (
    "Sending paused for this account. For more information, please check the inbox of the "
    "email address associated with your AWS account."
)

_ERRORS: dict[BulkStatus, tuple[int, str]] = {
    BulkStatus.MESSAGE_REJECTED: (400, "MessageRejected"),
    BulkStatus.MAIL_FROM_DOMAIN_NOT_VERIFIED: (400, "MailFromDomainNotVerifiedException"),
    BulkStatus.CONFIGURATION_SET_NOT_FOUND: (404, "NotFoundException"),
    BulkStatus.TEMPLATE_NOT_FOUND: (404, "NotFoundException"),
    BulkStatus.ACCOUNT_SUSPENDED: (400, "AccountSuspendedException"),
    BulkStatus.ACCOUNT_THROTTLED: (429, "TooManyRequestsException"),
    BulkStatus.ACCOUNT_DAILY_QUOTA_EXCEEDED: (400, "LimitExceededException"),
    BulkStatus.INVALID_SENDING_POOL_NAME: (400, "BadRequestException"),
    BulkStatus.ACCOUNT_SENDING_PAUSED: (400, "SendingPausedException"),
    BulkStatus.CONFIGURATION_SET_SENDING_PAUSED: (400, "SendingPausedException"),
    BulkStatus.INVALID_PARAMETER: (400, "BadRequestException"),
    BulkStatus.TRANSIENT_FAILURE: (500, "InternalServiceErrorException"),
    BulkStatus.FAILED: (500, "InternalServiceErrorException"),
}
"""HTTP status and code with which a single SendEmail says the same."""

_TEXTS = {
    BulkStatus.ACCOUNT_THROTTLED: "Maximum sending rate exceeded.",
    BulkStatus.ACCOUNT_DAILY_QUOTA_EXCEEDED: "Daily message quota exceeded.",
    BulkStatus.ACCOUNT_SENDING_PAUSED: _PAUSED,
}
"""SES's sentences where they are always the same."""

_STATUSES = {code: status for status, (_, code) in reversed(_ERRORS.items())} | {
    "BadRequestException": BulkStatus.INVALID_PARAMETER,
    "SerializationException": BulkStatus.INVALID_PARAMETER,
}


def _status_of(error: ServiceError) -> BulkStatus:
    if error.code == "NotFoundException":
        of_set = names_configuration_set(error)
        return BulkStatus.CONFIGURATION_SET_NOT_FOUND if of_set else BulkStatus.TEMPLATE_NOT_FOUND
    if error.code == "SendingPausedException" and names_configuration_set(error):
        return BulkStatus.CONFIGURATION_SET_SENDING_PAUSED
    if error.code == "BadRequestException" and "sending pool" in error.text.lower():
        return BulkStatus.INVALID_SENDING_POOL_NAME
    usual = BulkStatus.TRANSIENT_FAILURE if error.status >= 500 else BulkStatus.MESSAGE_REJECTED
    return _STATUSES.get(error.code, usual)


def names_configuration_set(error: ServiceError) -> bool:
    """Whether the error is one of a configuration set: codes of version 2 don't say of what."""
    return "configuration set" in error.text.lower() or "configurationset" in error.text.lower()


@dataclass(frozen=True, slots=True)
class Destination:
    """The recipients of one mail."""

    to: tuple[Mailbox, ...] = ()
    cc: tuple[Mailbox, ...] = ()
    bcc: tuple[Mailbox, ...] = ()

    @property
    def recipients(self) -> tuple[str, ...]:
        """Bare addresses of To, Cc and Bcc, in that order."""
        return tuple(each.address for each in (*self.to, *self.cc, *self.bcc))


@dataclass(frozen=True, slots=True)
class WireAttachment:
    """A file of a simple or templated mail."""

    name: str
    content_type: str
    content: bytes
    content_id: str = ""
    """What the HTML names it by; '' if it says none."""
    inline: bool = False
    """Whether it is to be shown in the HTML rather than saved."""


@dataclass(frozen=True, slots=True)
class SimpleContent:
    """Subject and bodies, ready to be sent."""

    subject: str
    html: str
    text: str
    headers: Pairs = ()
    attachments: tuple[WireAttachment, ...] = ()


@dataclass(frozen=True, slots=True)
class RawContent:
    """A whole MIME message."""

    data: bytes
    subject: str


@dataclass(frozen=True, slots=True)
class TemplateContent:
    """An inline template with its data, or the name of a stored one."""

    name: str
    """Name or ARN of a stored template; '' when the content is inline."""
    subject: str
    html: str
    text: str
    data: Json
    headers: Pairs = ()
    attachments: tuple[WireAttachment, ...] = ()


Content = SimpleContent | RawContent | TemplateContent


@dataclass(frozen=True, slots=True)
class SendEmailRequest:
    """One mail to at most fifty recipients."""

    sender: Mailbox
    destination: Destination
    content: Content
    reply_to: tuple[Mailbox, ...] = ()
    tags: Pairs = ()
    configuration_set: str = ""


@dataclass(frozen=True, slots=True)
class BulkEntry:
    """One mail of a bulk call: what differs from the call's defaults."""

    destination: Destination
    data: Json
    headers: Pairs = ()
    tags: Pairs = ()


@dataclass(frozen=True, slots=True)
class SendBulkEmailRequest:
    """Up to fifty mails of one template."""

    sender: Mailbox
    content: TemplateContent
    entries: tuple[BulkEntry, ...]
    reply_to: tuple[Mailbox, ...] = ()
    tags: Pairs = ()
    configuration_set: str = ""

    def single(self, index: int) -> SendEmailRequest:
        """Entry ``index`` as the single call that would send the same mail."""
        entry = self.entries[index]
        content = TemplateContent(
            name=self.content.name,
            subject=self.content.subject,
            html=self.content.html,
            text=self.content.text,
            data={**self.content.data, **entry.data},
            headers=_overridden(self.content.headers, entry.headers, fold=True),
            attachments=self.content.attachments,
        )
        return SendEmailRequest(
            sender=self.sender,
            destination=entry.destination,
            content=content,
            reply_to=self.reply_to,
            tags=_overridden(self.tags, entry.tags, fold=False),
            configuration_set=self.configuration_set,
        )


def _overridden(defaults: Pairs, given: Pairs, *, fold: bool) -> Pairs:
    """``given`` after those ``defaults`` whose names it does not repeat."""

    def key(name: str) -> str:
        return name.lower() if fold else name

    replaced = {key(name) for name, _ in given}
    return tuple(pair for pair in defaults if key(pair[0]) not in replaced) + given


def error_body(error: ServiceError) -> bytes:
    """The JSON body of a refusal; its code travels in the header ``x-amzn-errortype``."""
    return json.dumps({"message": error.text}).encode()


def send_email_body(message_id: str) -> bytes:
    """The answer of SendEmail."""
    return orjson.dumps({"MessageId": message_id})


def send_bulk_email_body(results: tuple[EntryResult, ...]) -> bytes:
    """The answer of SendBulkEmail, an entry each in the order of the request."""
    entries = []
    for result in results:
        entry = {"Status": result.status.value}
        if result.message_id:
            entry["MessageId"] = result.message_id
        if result.error:
            entry["Error"] = result.error
        entries.append(entry)
    return json.dumps({"BulkEmailEntryResults": entries}).encode()
