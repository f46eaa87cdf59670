"""Convert SES's answers to replies, with the meanings of docs/decisions/0001-ledger-states.md."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import orjson

from sestui.core.delivery.handover import AnswerKind, HoldBack, Reply
from sestui.ses.client import CREDENTIAL_CODES
from sestui.ses.http_answer import HttpAnswer


def single_reply(answer: HttpAnswer) -> Reply:
    """The reply to a SendEmail call; unknown without a message id."""
    if answer.status >= 300:
        return _refusal(answer)
    return _reply_of(_object(answer.body)) or _in_ses_place(answer)


def bulk_replies(answer: HttpAnswer, count: int) -> Sequence[Reply]:
    """The replies to the ``count`` entries of a SendBulkEmail call, in order.

    Each entry has its own status, even with HTTP 200. If their number differs, all are in doubt.
    """
    if answer.status >= 300:
        reply = _refusal(answer)
        if reply.hold_back is HoldBack.RATE:
            # SES limits the bulk call; the account's rate would show in the entries.
            reply = replace(reply, hold_back=HoldBack.BULK)
        return [reply] * count
    results: Any = _object(answer.body).get("BulkEmailEntryResults")
    readable = isinstance(results, list) and all(isinstance(each, dict) for each in results)
    if not readable or len(results) != count:
        return [_in_ses_place(answer)] * count
    return [_reply_of_entry(result) for result in results]


def _refusal(answer: HttpAnswer) -> Reply:
    """The reply to an error; code and message are where botocore's REST-JSON parser finds them.

    A ``code`` in the body counts only with SES's request id, as gateways have such errors too.
    """
    said = _object(answer.body)
    aws = "x-amzn-requestid" in answer.headers
    code = answer.headers.get("x-amzn-errortype")
    code = code or (aws and (said.get("code") or said.get("Code"))) or said.get("__type") or ""
    code = _clean(str(code).partition(":")[0].rpartition("#")[2], _LONGEST_CODE)
    message = said.get("message") or said.get("Message") or ""
    return _reply_to_error(answer.status, code, _clean(str(message)))


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        said = orjson.loads(body)
    except orjson.JSONDecodeError:  # cut off, or not SES's
        return {}
    return said if isinstance(said, dict) else {}


def _reply_of(said: Mapping[str, Any]) -> Reply | None:
    """ACCEPTED with the message id; None if there is none."""
    message_id = said.get("MessageId")
    if isinstance(message_id, str) and (message_id := _clean(message_id, _LONGEST_ID).strip()):
        return Reply(AnswerKind.ACCEPTED, message_id=message_id)
    return None


def _in_ses_place(answer: HttpAnswer) -> Reply:
    """UNKNOWN, for an answer that doesn't tell what happened to the mail."""
    kind = _clean(answer.headers.get("content-type", "")) or "no content type"
    return Reply(
        AnswerKind.UNKNOWN,
        code="Unreadable",
        reason=f"What came for SES's answer ({answer.status}, {kind}) doesn't say what became of "
        "the mail.",
    )


_NOT_FOUND = ("NotFoundException", None)

_STATUSES: dict[str, tuple[str, HoldBack | None]] = {
    "MESSAGE_REJECTED": ("MessageRejected", None),
    "MAIL_FROM_DOMAIN_NOT_VERIFIED": ("MailFromDomainNotVerifiedException", None),
    "CONFIGURATION_SET_NOT_FOUND": _NOT_FOUND,
    "CONFIGURATION_SET_DOES_NOT_EXIST": _NOT_FOUND,
    "TEMPLATE_NOT_FOUND": _NOT_FOUND,
    "TEMPLATE_DOES_NOT_EXIST": _NOT_FOUND,
    "INVALID_SENDING_POOL_NAME": ("BadRequestException", None),
    "INVALID_PARAMETER": ("BadRequestException", None),
    "INVALID_PARAMETER_VALUE": ("BadRequestException", None),
    "ACCOUNT_THROTTLED": ("TooManyRequestsException", HoldBack.RATE),
    "ACCOUNT_DAILY_QUOTA_EXCEEDED": ("LimitExceededException", HoldBack.QUOTA),
    "ACCOUNT_SUSPENDED": ("AccountSuspendedException", HoldBack.PAUSED),
    "ACCOUNT_SENDING_PAUSED": ("SendingPausedException", HoldBack.PAUSED),
    "CONFIGURATION_SET_SENDING_PAUSED": ("SendingPausedException", HoldBack.PAUSED),
    "TRANSIENT_FAILURE": ("InternalServiceErrorException", HoldBack.FAULT),
    "FAILED": ("InternalServiceErrorException", HoldBack.FAULT),
}
"""Bulk statuses (docs/ses.md) with the equivalent code of a single call, and what they hold back;
None for a final refusal."""


def _reply_of_entry(result: Mapping[str, Any]) -> Reply:
    status = _clean(str(result.get("Status") or ""), _LONGEST_CODE)
    if status == "SUCCESS":
        return _reply_of(result) or Reply(
            AnswerKind.UNKNOWN, code="NoMessageId", reason="SES's answer has no message id."
        )
    reason = _clean(str(result.get("Error", ""))) or status
    if status not in _STATUSES:
        return Reply(AnswerKind.UNKNOWN, code=status or "NoStatus", reason=reason or "No status.")
    code, hold_back = _STATUSES[status]
    kind = AnswerKind.REFUSED if hold_back is None else AnswerKind.NOT_SENT
    return Reply(kind, code=code, reason=reason, hold_back=hold_back)


_LONGEST_CODE = 100
_LONGEST_ID = 200
"""Characters; SES's ids have 60."""

_REFUSED = "SES refuses this."


_ACCOUNT_CODES = frozenset(
    {
        "SendingPausedException",
        "AccountSendingPaused",
        "AccountSendingPausedException",
        "AccountSuspendedException",
        "ConfigurationSetSendingPausedException",
    }
)

_THROTTLE_CODES = frozenset(
    {
        "TooManyRequestsException",
        "Throttling",
        "ThrottlingException",
        "LimitExceededException",
        "RequestLimitExceeded",
    }
)


_BROKEN_OFF_CODES = frozenset(
    {"RequestAbortedException", "RequestTimeout", "RequestTimeoutException"}
)
"""SES did not receive the whole request."""


_PROXY_WANTS_A_PASSWORD, _TOO_MANY = 407, 429
"""Statuses that are conclusive even without SES's error code."""


def _reply_to_error(status: int, code: str, reason: str) -> Reply:
    """The reply to an HTTP error, by the table in docs/ses.md#errors.

    ``code`` is SES's; '' if the answer has none, and so isn't SES's.
    """
    if status == _PROXY_WANTS_A_PASSWORD and not code:
        reason = (
            f"The proxy wants a password: {reason}" if reason else "The proxy wants a password."
        )
        return Reply(
            AnswerKind.NOT_SENT, code=str(status), reason=reason, hold_back=HoldBack.UNREACHABLE
        )
    if status in {502, 504} or not (code or status == _TOO_MANY) or status < 400:
        # A gateway gave up waiting for SES, or answered in its place. SES may have accepted the
        # mail.
        return Reply(
            AnswerKind.UNKNOWN,
            code=code or str(status),
            reason=f"Something other than SES answered {status}{f': {reason}' if reason else '.'}",
        )
    if code in _THROTTLE_CODES or status == _TOO_MANY:
        hold_back = HoldBack.QUOTA if "daily" in reason.lower() else HoldBack.RATE
        return Reply(
            AnswerKind.NOT_SENT, code=code or str(status), reason=reason, hold_back=hold_back
        )
    if code in _ACCOUNT_CODES or code in CREDENTIAL_CODES:
        return Reply(AnswerKind.NOT_SENT, code=code, reason=reason, hold_back=HoldBack.PAUSED)
    if status >= 500 or code in _BROKEN_OFF_CODES:
        return Reply(AnswerKind.NOT_SENT, code=code, reason=reason, hold_back=HoldBack.FAULT)
    return Reply(AnswerKind.REFUSED, code=code, reason=reason or _REFUSED)


def _clean(text: str, longest: int = 500) -> str:
    """``text`` from the network, printable and limited in length."""
    return "".join(c if c.isprintable() else " " for c in text[:longest])
