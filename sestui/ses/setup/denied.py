"""What AWS says to a call of the set-up, as a sentence; one that is denied names the permission."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError

from sestui.core.text import printable
from sestui.errors import AccountError, AccountUnreachableError
from sestui.ses.client import CREDENTIAL_CODES, plain_errors

_DENIED = frozenset(
    {"AccessDenied", "AccessDeniedException", "AuthorizationError", "NotAuthorized"}
)
_MISSING = frozenset(
    {
        "AWS.SimpleQueueService.NonExistentQueue",
        "QueueDoesNotExist",
        "NotFound",
        "NotFoundException",
        "ConfigurationSetDoesNotExist",
    }
)
_DELETED_RECENTLY = frozenset(
    {"AWS.SimpleQueueService.QueueDeletedRecently", "QueueDeletedRecently"}
)
_ACTION = re.compile(r"not authorized to perform: ([a-z0-9-]+:[A-Za-z]+)")
_LONGEST = 300


class PermissionDeniedError(AccountError):
    """The credentials may not make a call of AWS; the text names the permission."""


def is_missing(error: ClientError) -> bool:
    """Whether AWS says that there is no such thing."""
    return error.response.get("Error", {}).get("Code", "") in _MISSING


@contextmanager
def plain_errors_of(service: str) -> Iterator[None]:
    """Turn botocore's exceptions of calls to ``service`` (``ses``, as IAM names it) into sentences.

    Raises:
        PermissionDeniedError: the call is not allowed.
        AccountError: everything else.
    """
    try:
        yield
    except ClientError as error:
        raise _refusal(service, error) from error
    except BotoCoreError:
        with plain_errors():
            raise


def _refusal(service: str, error: ClientError) -> AccountError:
    said = error.response.get("Error", {})
    code, message = said.get("Code", ""), printable(said.get("Message", ""))[:_LONGEST]
    if code in _DENIED:
        named = _ACTION.search(message)
        permission = named[1] if named else f"{service}:{error.operation_name}"
        return PermissionDeniedError(f"These credentials need the permission {permission}.")
    if code in _DELETED_RECENTLY:
        return AccountUnreachableError(
            "A queue of this name was deleted less than a minute ago; SQS wants that minute before "
            "it creates the name again."
        )
    if code in CREDENTIAL_CODES:
        return AccountError(
            f"AWS refuses the credentials ({code}): check AWS_PROFILE or the access key."
        )
    return AccountError(f"{service.upper()} answered {code} to {error.operation_name}: {message}")
