"""Reading what SES said, or what the lack of an answer means (DESIGN §4.3)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ProxyConnectionError,
    SSLError,
)

from sestui.core.delivery import AnswerKind, HoldBack
from sestui.ses.client import CREDENTIAL_CODES


@dataclass(frozen=True, slots=True)
class Reply:
    """What SES said to one mail."""

    kind: AnswerKind
    message_id: str = ""
    code: str = ""
    reason: str = ""
    hold_back: HoldBack | None = None


WITHDRAWN = Reply(
    AnswerKind.NOT_SENT,
    code="Withdrawn",
    reason="Taken back before it left.",
    hold_back=HoldBack.WITHDRAWN,
)


def reply_of(said: Mapping[str, Any]) -> Reply:
    """The reply in a SendEmail answer; one that could not be read has no id."""
    message_id = said.get("MessageId")
    if message_id and isinstance(message_id, str):
        return Reply(AnswerKind.ACCEPTED, message_id=message_id)
    return Reply(AnswerKind.UNKNOWN, code="NoMessageId", reason="SES's answer has no message id.")


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
"""A bulk entry's status (SES.md) as the code that a single call gets for the same, so that one
thing has one name in the ledger; and what it holds back, None for a refusal for good."""


def replies_of_bulk(said: Mapping[str, Any], count: int) -> list[Reply]:
    """The replies in a SendBulkEmail answer to ``count`` entries, in their order.

    HTTP 200 hides failures: each entry has a status of its own. An answer that doesn't have one
    for every entry can't be matched to them, and leaves all in doubt.
    """
    results: Any = said.get("BulkEmailEntryResults")
    readable = isinstance(results, list) and all(isinstance(each, dict) for each in results)
    if not readable or len(results) != count:
        lost = Reply(
            AnswerKind.UNKNOWN,
            code="NoEntryResults",
            reason="SES's answer doesn't say what became of each entry.",
        )
        return [lost] * count
    return [_reply_of_entry(result) for result in results]


def _reply_of_entry(result: Mapping[str, Any]) -> Reply:
    status = str(result.get("Status", ""))
    if status == "SUCCESS":
        return reply_of(result)
    reason = _clean(str(result.get("Error", ""))) or status
    if status not in _STATUSES:
        return Reply(AnswerKind.UNKNOWN, code=status or "NoStatus", reason=reason)
    code, hold_back = _STATUSES[status]
    kind = AnswerKind.REFUSED if hold_back is None else AnswerKind.NOT_SENT
    return Reply(kind, code=code, reason=reason, hold_back=hold_back)


_REFUSED = "SES refuses this."


def reply_to(error: Exception, *, left: bool) -> Reply:
    """What an exception of botocore's means; ``left``: bytes may have reached SES."""
    if isinstance(error, ClientError):
        return _reply_to_answer(error)
    code = type(error).__name__
    if not left:
        # Nothing has left: the account's trouble, or this mail's, which is tried only so often.
        hold_back = HoldBack.PAUSED if isinstance(error, NoCredentialsError) else HoldBack.FAULT
        return Reply(AnswerKind.NOT_SENT, code=code, reason=_plain(error), hold_back=hold_back)
    if _never_connected(error):
        return Reply(
            AnswerKind.NOT_SENT,
            code=code,
            reason="No connection to SES could be made.",
            hold_back=HoldBack.UNREACHABLE,
        )
    return Reply(
        AnswerKind.UNKNOWN, code=code, reason="The mail was handed over and no answer came back."
    )


def _never_connected(error: Exception) -> bool:
    if isinstance(error, EndpointConnectionError | ConnectTimeoutError | ProxyConnectionError):
        return True
    # A handshake that fails has carried no mail; any other TLS error may come after one.
    return isinstance(error, SSLError) and "CERTIFICATE_VERIFY_FAILED" in str(error)


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


def _reply_to_answer(error: ClientError) -> Reply:
    """Read an error that came over HTTP; which codes mean what is SES.md's table."""
    said = error.response.get("Error", {})
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    code, reason = str(said.get("Code", "")), _clean(str(said.get("Message", "")))
    if code in _THROTTLE_CODES or status == 429:
        hold_back = HoldBack.QUOTA if "daily" in reason.lower() else HoldBack.RATE
        return Reply(AnswerKind.NOT_SENT, code=code, reason=reason, hold_back=hold_back)
    if code in _ACCOUNT_CODES or code in CREDENTIAL_CODES:
        return Reply(AnswerKind.NOT_SENT, code=code, reason=reason, hold_back=HoldBack.PAUSED)
    # botocore puts the bare status where the body named no code: not SES's own words.
    from_ses = bool(code) and not code.isdigit()
    if status < 500:
        if from_ses:
            return Reply(AnswerKind.REFUSED, code=code, reason=reason or _REFUSED)
        return Reply(AnswerKind.NOT_SENT, code=str(status), reason=reason, hold_back=HoldBack.FAULT)
    if from_ses and status not in {502, 504}:
        return Reply(AnswerKind.NOT_SENT, code=code, reason=reason, hold_back=HoldBack.FAULT)
    return Reply(
        AnswerKind.UNKNOWN,
        code=code or str(status),
        reason=f"A gateway answered {status} in SES's place.",
    )


def _plain(error: Exception) -> str:
    return _clean(str(error)) or type(error).__name__


def _clean(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text)[:500]
