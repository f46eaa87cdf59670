"""Requests, answers and errors of SES's API v2 (requests are parsed by ``wire_parsing``)."""

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import orjson

from sestui.core.contact.mailboxes import Mailbox

Pairs = tuple[tuple[str, str], ...]
"""Names and values, in order."""
Json = dict[str, Any]


class ServiceError(Exception):
    """SES's refusal of a whole call."""

    def __init__(self, status: int, code: str, text: str) -> None:
        super().__init__(f"{code}: {text}")
        self.status = status
        self.code = code
        self.text = text


def rate_exceeded() -> ServiceError:
    """The account's rate is exceeded."""
    return ServiceError(429, "TooManyRequestsException", "Maximum sending rate exceeded.")


def quota_exceeded() -> ServiceError:
    """The account's 24-hour quota is exceeded."""
    return ServiceError(400, "LimitExceededException", "Daily message quota exceeded.")


def rejected(text: str) -> ServiceError:
    """The mail is refused for good."""
    return ServiceError(400, "MessageRejected", text)


def bad_request(text: str) -> ServiceError:
    """The request is invalid."""
    return ServiceError(400, "BadRequestException", text)


def not_found(text: str) -> ServiceError:
    """Something that the request names does not exist."""
    return ServiceError(404, "NotFoundException", text)


def sending_paused() -> ServiceError:
    """Sending is paused for the account."""
    return EntryResult(BulkStatus.ACCOUNT_SENDING_PAUSED).as_error()


class BulkStatus(StrEnum):
    """SendBulkEmail's status of one entry."""

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
    """The result of one entry of a bulk call."""

    status: BulkStatus
    message_id: str = ""
    error: str = ""
    """SES's sentence; '' on success."""

    def as_error(self) -> ServiceError:
        """The equivalent error of a single SendEmail."""
        status, code = _ERRORS[self.status]
        return ServiceError(status, code, self.error or _TEXTS.get(self.status, ""))

    @classmethod
    def of_error(cls, error: ServiceError) -> "EntryResult":
        """The equivalent of a single SendEmail's error."""
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
"""HTTP status and code of the equivalent SendEmail error."""

_TEXTS = {
    BulkStatus.ACCOUNT_THROTTLED: "Maximum sending rate exceeded.",
    BulkStatus.ACCOUNT_DAILY_QUOTA_EXCEEDED: "Daily message quota exceeded.",
    BulkStatus.ACCOUNT_SENDING_PAUSED: _PAUSED,
}
"""SES's messages that are always the same."""

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
    """Whether the error is about a configuration set, which version 2's codes don't tell."""
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
    """An attachment of a simple or templated mail."""

    name: str
    content_type: str
    content: bytes
    content_id: str = ""
    """Its id in the HTML; '' for none."""
    inline: bool = False
    """Whether it is shown in the HTML."""


@dataclass(frozen=True, slots=True)
class SimpleContent:
    """Subject and bodies without templates."""

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
    """Name or ARN of a stored template; '' if the content is inline."""
    subject: str
    html: str
    text: str
    data: Json
    headers: Pairs = ()
    attachments: tuple[WireAttachment, ...] = ()


Content = SimpleContent | RawContent | TemplateContent


@dataclass(frozen=True, slots=True)
class SendEmailRequest:
    """SendEmail: one mail to at most 50 recipients."""

    sender: Mailbox
    destination: Destination
    content: Content
    reply_to: tuple[Mailbox, ...] = ()
    tags: Pairs = ()
    configuration_set: str = ""
    subscription: tuple[str, str] | None = None
    """Contact list, and topic or '', whose unsubscribe links SES adds; None for none."""


@dataclass(frozen=True, slots=True)
class BulkEntry:
    """One entry of a bulk call: its differences from the defaults."""

    destination: Destination
    data: Json
    headers: Pairs = ()
    tags: Pairs = ()


@dataclass(frozen=True, slots=True)
class SendBulkEmailRequest:
    """SendBulkEmail: up to 50 mails of one template."""

    sender: Mailbox
    content: TemplateContent
    entries: tuple[BulkEntry, ...]
    reply_to: tuple[Mailbox, ...] = ()
    tags: Pairs = ()
    configuration_set: str = ""

    def single(self, index: int) -> SendEmailRequest:
        """The single call that would send the same mail as entry ``index``."""
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
    """The ``defaults`` that ``given`` does not override, followed by ``given``."""

    def key(name: str) -> str:
        return name.lower() if fold else name

    replaced = {key(name) for name, _ in given}
    return tuple(pair for pair in defaults if key(pair[0]) not in replaced) + given


def error_body(error: ServiceError) -> bytes:
    """The JSON body of an error; its code goes into the header ``x-amzn-errortype``."""
    return json.dumps({"message": error.text}).encode()


def send_email_body(message_id: str) -> bytes:
    """SendEmail's answer."""
    return orjson.dumps({"MessageId": message_id})


def send_bulk_email_body(results: tuple[EntryResult, ...]) -> bytes:
    """SendBulkEmail's answer, with entries in the order of the request."""
    entries = []
    for result in results:
        entry = {"Status": result.status.value}
        if result.message_id:
            entry["MessageId"] = result.message_id
        if result.error:
            entry["Error"] = result.error
        entries.append(entry)
    return json.dumps({"BulkEmailEntryResults": entries}).encode()
