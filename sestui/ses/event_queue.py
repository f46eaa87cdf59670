"""The SQS queue that SES's events wait in, by boto3: AWS's, a stand-in's or the simulator's."""

from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError, ClientError

from sestui.core.text import printable
from sestui.errors import AccountError, SestuiError, SettingsError
from sestui.ses.client import CREDENTIAL_CODES, Clients, plain_errors
from sestui.ses_api.events import QueueMessage

if TYPE_CHECKING:
    from mypy_boto3_sqs.type_defs import DeleteMessageBatchRequestEntryTypeDef

_MOST = 10
"""Messages that SQS gives and deletes in one call."""
_LONGEST_WAIT = 20.0
"""Seconds for which SQS lets a caller wait."""

_MISSING = frozenset(
    {"AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist", "InvalidAddress"}
)


class SqsQueue:
    """One queue; for one thread at a time."""

    def __init__(
        self,
        clients: Clients,
        url: str,
        *,
        endpoint_url: str | None = None,
        setting: str = "events_queue",
    ) -> None:
        """``url`` is the queue's, which ``setting`` names; ``endpoint_url`` is SQS's where AWS's
        own chain doesn't know it.

        Raises:
            SettingsError: the URL is no queue's.
        """
        host = _host(url)
        if not host:
            raise SettingsError(
                f"{setting} is not the URL of a queue ({printable(url)}); it looks like "
                "https://sqs.eu-west-1.amazonaws.com/123456789012/sestui-events."
            )
        self._url = url
        self._setting = setting
        # The queue may be in another region than the account: its URL tells.
        labels = host.split(".")
        is_aws = labels[0] == "sqs" and ".amazonaws.com" in host
        with plain_errors():
            self._client = clients.sqs(labels[1] if is_aws else None, endpoint_url)

    def receive(self, wait_seconds: float) -> Sequence[QueueMessage]:
        """See :meth:`sestui.feedback.puller.EventQueue.receive`.

        Raises:
            AccountError: the queue is not there, may not be read, or can't be reached.
        """
        try:
            answer = self._client.receive_message(
                QueueUrl=self._url,
                MaxNumberOfMessages=_MOST,
                WaitTimeSeconds=int(min(wait_seconds, _LONGEST_WAIT)),
            )
        except (ClientError, BotoCoreError) as error:
            raise self._failure(error) from error
        return [
            QueueMessage(each.get("Body", ""), each.get("ReceiptHandle", ""))
            for each in answer.get("Messages", [])
        ]

    def delete(self, messages: Sequence[QueueMessage]) -> None:
        """See :meth:`sestui.feedback.puller.EventQueue.delete`.

        One that can't be deleted comes again, and is known then.

        Raises:
            AccountError: as for :meth:`receive`.
        """
        for start in range(0, len(messages), _MOST):
            entries: list[DeleteMessageBatchRequestEntryTypeDef] = [
                {"Id": str(number), "ReceiptHandle": each.receipt}
                for number, each in enumerate(messages[start : start + _MOST])
            ]
            try:
                self._client.delete_message_batch(
                    QueueUrl=self._url,
                    Entries=entries,
                )
            except (ClientError, BotoCoreError) as error:
                raise self._failure(error) from error

    def waiting(self) -> int:
        """About how many messages are in the queue, without receiving any.

        Raises:
            AccountError: as for :meth:`receive`.
        """
        try:
            answer = self._client.get_queue_attributes(
                QueueUrl=self._url, AttributeNames=["ApproximateNumberOfMessages"]
            )
        except (ClientError, BotoCoreError) as error:
            raise self._failure(error) from error
        return int(answer.get("Attributes", {}).get("ApproximateNumberOfMessages", 0))

    def _failure(self, error: ClientError | BotoCoreError) -> SestuiError:
        code = ""
        if isinstance(error, ClientError):
            code = error.response.get("Error", {}).get("Code", "")
        if code in _MISSING:
            return AccountError(
                f"There is no queue {self._url}; check the setting {self._setting} and its region."
            )
        if code in CREDENTIAL_CODES:
            return AccountError(
                f"AWS doesn't let these credentials read the queue {self._url} ({code}); they need "
                "sqs:ReceiveMessage and sqs:DeleteMessage."
            )
        try:
            with plain_errors():
                raise error
        except SestuiError as said:
            return said


def _host(url: str) -> str:
    """The host of a queue's URL; '' if it isn't one."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port  # a port that is no number raises, too
    except ValueError:
        return ""
    is_queue = parts.scheme in {"http", "https"} and len(parts.path) > 1 and port != 0
    return host if is_queue else ""
