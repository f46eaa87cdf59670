"""The gateway, through which all mail goes to SES."""

import base64
import json
import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

import orjson
from botocore.exceptions import BotoCoreError, NoCredentialsError

from sestui.core.clock import Clock
from sestui.core.delivery.handover import AnswerKind, HoldBack, Reply
from sestui.core.delivery.mail import Mail
from sestui.ses.client import USER_AGENT, Clients
from sestui.ses.connections import Connections
from sestui.ses.connector import ConnectError
from sestui.ses.outcome import Outcome
from sestui.ses.replies import bulk_replies, single_reply
from sestui.ses.requests import bulk_request, single_request
from sestui.ses.signer import Credentials, Signer

_log = logging.getLogger(__name__)

_FRESH_SECONDS = 60.0
"""How often temporary credentials are fetched; botocore renews them before they expire."""


class Operation(Enum):
    """The sending calls, by their paths in API v2."""

    SEND_EMAIL = "/v2/email/outbound-emails"
    SEND_BULK_EMAIL = "/v2/email/outbound-bulk-emails"


@dataclass(frozen=True, slots=True)
class SesCall:
    """A serialised call, not signed yet."""

    operation: Operation
    body: bytes
    mails: int


def _replies(operation: Operation, mails: int, outcome: Outcome) -> Sequence[Reply]:
    """The replies to each of a call's ``mails``."""
    if isinstance(outcome, Reply):
        return [outcome] * mails
    if operation is Operation.SEND_EMAIL:
        return [single_reply(outcome)]
    return bulk_replies(outcome, mails)


class Gateway:
    """Hands mails to SES, with a single attempt for each; driven by one thread, without blocking.

    The caller says how many connections it :meth:`want`\\ s and then calls :meth:`poll` in a loop,
    which opens connections, reads answers and handles timeouts.
    """

    def __init__(self, clients: Clients, clock: Clock, *, most: int) -> None:
        """``most`` is the largest number of connections."""
        self._clients = clients
        self._clock = clock
        base = clients.endpoint_url.rstrip("/")
        self._signers = {
            operation: _signer(clients, base + operation.value) for operation in Operation
        }
        self._credentials: Credentials | None = None
        self._fetched_at = float("-inf")
        self._fetching = threading.Lock()
        self._connections = Connections(self._attempt, clock, most=most)
        self.wake = self._connections.wake
        """Wakes a waiting :meth:`poll`; thread-safe."""

    @property
    def ready(self) -> int:
        """Number of calls that could be sent now."""
        return self._connections.ready if self._credentials is not None else 0

    @property
    def trouble(self) -> Reply | None:
        """Why nothing can be sent, as a reply; None if all is well."""
        error = self._connections.trouble
        if error is None:
            return None
        hold = HoldBack.PAUSED if isinstance(error, _NoCredentialsError) else HoldBack.UNREACHABLE
        return Reply(AnswerKind.NOT_SENT, code=error.code, reason=str(error), hold_back=hold)

    def want(self, calls: int) -> None:
        """Keep connections for this many concurrent calls from now on."""
        self._connections.want(calls)

    def call(self, mails: Sequence[Mail]) -> SesCall:
        """Serialise a call for one mail, or for up to 50 mails of one message.

        Raises:
            TypeError, ValueError: they can't be written as JSON.
        """
        if len(mails) == 1:
            return SesCall(Operation.SEND_EMAIL, _json(single_request(mails[0])), 1)
        return SesCall(Operation.SEND_BULK_EMAIL, _json(bulk_request(mails)), len(mails))

    def send(self, call: SesCall, done: Callable[[Sequence[Reply]], None]) -> bool:
        """Sign and send ``call``; False if no byte of it could be sent.

        A later :meth:`poll` calls ``done`` once, with the replies to all mails in order.
        """
        if self._credentials is None:
            return False
        head = self._signers[call.operation].head(self._credentials, call.body)
        operation, mails = call.operation, call.mails  # not the body: it may be megabytes
        return self._connections.send(
            head + call.body, lambda outcome: done(_replies(operation, mails, outcome))
        )

    def poll(self, seconds: float) -> None:
        """Wait up to ``seconds`` for answers and connections, and handle them."""
        if self._clock.monotonic() - self._fetched_at > _FRESH_SECONDS and self._credentials:
            self._refresh()
        self._connections.poll(seconds)

    def close(self) -> None:
        """Close all connections; unanswered calls never get an answer."""
        self._connections.close()

    # credentials and connections: blocking work is done in separate threads

    def _attempt(self) -> "_Attempt":
        return _Attempt(self._fetch, self._clients.connector.attempt())

    def _refresh(self) -> None:
        """Fetch temporary credentials again in the background."""
        self._fetched_at = self._clock.monotonic()
        if self._clients.signs_at_once:
            return
        try:
            threading.Thread(
                target=self._fetch_again, name="sestui-credentials", daemon=True
            ).start()
        except RuntimeError:
            return  # no thread available: the current credentials are valid for a while yet

    def _fetch_again(self) -> None:
        try:
            self._fetch()
        except ConnectError:
            return  # keep the current ones until SES refuses them, which tells more

    def _fetch(self) -> None:
        with self._fetching:
            now = self._clock.monotonic()
            if self._credentials is not None and now - self._fetched_at < _FRESH_SECONDS / 2:
                return
            try:
                found = self._clients.credentials()
            except NoCredentialsError as error:
                raise _NoCredentialsError("NoCredentialsError", str(error)) from error
            except BotoCoreError as error:
                _log.warning("AWS credentials can't be fetched.", exc_info=True)
                raise ConnectError(type(error).__name__, f"No AWS credentials: {error}") from error
            self._fetched_at = now
            if found != self._credentials:  # the signer compares them by identity
                self._credentials = found


class _NoCredentialsError(ConnectError):
    """There are no credentials: a person has to act."""


class _Attempt:
    """Fetches credentials first, then connects: a mail needs both."""

    def __init__(self, fetch: Callable[[], None], attempt: Any) -> None:
        self._fetch = fetch
        self._attempt = attempt

    def connect(self) -> Any:
        self._fetch()
        return self._attempt.connect()

    def abort(self) -> None:
        self._attempt.abort()


def _signer(clients: Clients, url: str) -> Signer:
    route = clients.connector.route
    target = url if route.whole_url else url.partition("//")[2].partition("/")[2]
    return Signer(
        url,
        clients.region,
        target=target if route.whole_url else f"/{target}",
        headers={"User-Agent": USER_AGENT, "Accept-Encoding": "identity", **route.headers},
    )


def _json(request: Any) -> bytes:
    try:
        written: bytes = orjson.dumps(request, default=_text_of)
    except orjson.JSONEncodeError:  # a lone surrogate, which JSON holds only as an escape
        written = json.dumps(request, default=_text_of).encode()
    return written


def _text_of(blob: Any) -> str:
    """Bytes as base64, as the API writes them in JSON."""
    if not isinstance(blob, bytes | bytearray):
        raise TypeError(f"{type(blob).__name__} can't stand in a request")
    return base64.b64encode(blob).decode("ascii")
