"""The one object that hands mail to SES, and the reading of its answers (DESIGN §4.3)."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ProxyConnectionError,
    SSLError,
)

from sestui.core.delivery import AnswerKind, HoldBack
from sestui.core.mail import Mail
from sestui.ses.client import CREDENTIAL_CODES, Clients

if TYPE_CHECKING:
    from mypy_boto3_sesv2.type_defs import SendEmailRequestTypeDef
else:
    SendEmailRequestTypeDef = dict


@dataclass(frozen=True, slots=True)
class Reply:
    """What SES said to one mail, or what the lack of an answer means."""

    kind: AnswerKind
    message_id: str = ""
    code: str = ""
    reason: str = ""
    hold_back: HoldBack | None = None


class _WithdrawnError(Exception):
    """``leave`` said no: unwinds botocore before the first byte."""


class Gateway:
    """Hands mails to SES, one recipient each, one attempt each; used by many threads at once."""

    def __init__(self, clients: Clients) -> None:
        self._client = clients.sesv2
        self._call = threading.local()
        self._client.meta.events.register("before-send.sesv2.SendEmail", self._before_send)

    def send(self, mail: Mail, leave: Callable[[], bool]) -> Reply:
        """Send ``mail`` and say what became of it; never raises for what SES or the net does.

        ``leave`` is called in this thread when the request is serialised and signed and its first
        byte is about to go: it blocks until the mail's slot, and says whether it may leave. Until
        it has said yes, nothing can have reached SES.
        """
        self._call.leave = leave
        self._call.left = False
        try:
            said = self._client.send_email(**_request(mail))
        except _WithdrawnError:
            return Reply(
                AnswerKind.NOT_SENT,
                code="Withdrawn",
                reason="Taken back before it left.",
                hold_back=HoldBack.WITHDRAWN,
            )
        except Exception as error:  # noqa: BLE001 - whatever it is, the ledger must know
            return _reply_to(error, left=self._call.left)
        message_id = said.get("MessageId", "")
        if not message_id:
            return Reply(
                AnswerKind.UNKNOWN, code="NoMessageId", reason="SES's answer has no message id."
            )
        return Reply(AnswerKind.ACCEPTED, message_id=message_id)

    def _before_send(self, **_event: Any) -> None:
        if not self._call.leave():
            raise _WithdrawnError
        self._call.left = True


def _request(mail: Mail) -> SendEmailRequestTypeDef:
    body: dict[str, Any] = {}
    if mail.text:
        body["Text"] = {"Data": mail.text, "Charset": "UTF-8"}
    if mail.html:
        body["Html"] = {"Data": mail.html, "Charset": "UTF-8"}
    simple: dict[str, Any] = {
        "Subject": {"Data": mail.subject, "Charset": "UTF-8"},
        "Body": body,
    }
    if mail.headers:
        simple["Headers"] = [{"Name": name, "Value": value} for name, value in mail.headers]
    if mail.attachments:
        simple["Attachments"] = [
            {
                "FileName": attachment.name,
                "ContentType": attachment.content_type,
                "RawContent": attachment.content,
                "ContentDisposition": "ATTACHMENT",
            }
            for attachment in mail.attachments
        ]
    request: dict[str, Any] = {
        "FromEmailAddress": mail.from_address,
        "Destination": {"ToAddresses": [mail.to]},
        "Content": {"Simple": simple},
    }
    if mail.reply_to:
        request["ReplyToAddresses"] = list(mail.reply_to)
    if mail.tags:
        request["EmailTags"] = [{"Name": name, "Value": value} for name, value in mail.tags]
    if mail.configuration_set:
        request["ConfigurationSetName"] = mail.configuration_set
    return request  # type: ignore[return-value] # built key by key, checked against the simulator


_REFUSED = "SES refuses this."


def _reply_to(error: Exception, *, left: bool) -> Reply:
    if isinstance(error, ClientError):
        return _reply_to_answer(error)
    code = type(error).__name__
    if not left:
        hold_back = (
            HoldBack.PAUSED if isinstance(error, NoCredentialsError) else HoldBack.UNREACHABLE
        )
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
