"""The one object that hands mail to SES."""

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
"""Temporary credentials are asked for again this often; botocore renews them before they end."""


class Operation(Enum):
    """The calls, by their paths in SES's API v2."""

    SEND_EMAIL = "/v2/email/outbound-emails"
    SEND_BULK_EMAIL = "/v2/email/outbound-bulk-emails"


@dataclass(frozen=True, slots=True)
class SesCall:
    """A call that is serialised and not signed yet."""

    operation: Operation
    body: bytes
    mails: int


def _replies(operation: Operation, mails: int, outcome: Outcome) -> Sequence[Reply]:
    """What came of a call, for each of its ``mails``."""
    if isinstance(outcome, Reply):
        return [outcome] * mails
    if operation is Operation.SEND_EMAIL:
        return [single_reply(outcome)]
    return bulk_replies(outcome, mails)


class Gateway:
    """Hands mails to SES, one attempt each; driven by one thread, which it never blocks.

    Whoever sends first says how many connections it :meth:`want`\\ s, and calls :meth:`poll` again
    and again: that is where connections open, answers are read and time runs out.
    """

    def __init__(self, clients: Clients, clock: Clock, *, most: int) -> None:
        """``most`` connections may be open."""
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
        """Make a :meth:`poll` that waits return; any thread may call it."""

    @property
    def ready(self) -> int:
        """How many calls could leave at this moment."""
        return self._connections.ready if self._credentials is not None else 0

    @property
    def trouble(self) -> Reply | None:
        """Why nothing can leave, as the reply to whatever would; None when all is well."""
        error = self._connections.trouble
        if error is None:
            return None
        hold = HoldBack.PAUSED if isinstance(error, _NoCredentialsError) else HoldBack.UNREACHABLE
        return Reply(AnswerKind.NOT_SENT, code=error.code, reason=str(error), hold_back=hold)

    def want(self, calls: int) -> None:
        """Have connections for so many calls at once, from now on."""
        self._connections.want(calls)

    def call(self, mails: Sequence[Mail]) -> SesCall:
        """One call for ``mails``: of up to 50 mails of one message if there are several.

        Raises:
            TypeError, ValueError: what they hold can't be written as JSON.
        """
        if len(mails) == 1:
            return SesCall(Operation.SEND_EMAIL, _json(single_request(mails[0])), 1)
        return SesCall(Operation.SEND_BULK_EMAIL, _json(bulk_request(mails)), len(mails))

    def send(self, call: SesCall, done: Callable[[Sequence[Reply]], None]) -> bool:
        """Sign ``call`` and let it leave; False: it could not, and no byte of it has.

        ``done`` is called once, in a later :meth:`poll`, with a reply for each mail in their order.
        """
        if self._credentials is None:
            return False
        head = self._signers[call.operation].head(self._credentials, call.body)
        operation, mails = call.operation, call.mails  # not the body: it may be megabytes
        return self._connections.send(
            head + call.body, lambda outcome: done(_replies(operation, mails, outcome))
        )

    def poll(self, seconds: float) -> None:
        """Wait up to ``seconds`` for answers and connections, and deal with what comes."""
        if self._clock.monotonic() - self._fetched_at > _FRESH_SECONDS and self._credentials:
            self._refresh()
        self._connections.poll(seconds)

    def close(self) -> None:
        """Close all connections; calls without an answer never get one."""
        self._connections.close()

    # credentials and connections: whatever may block is done in threads of its own

    def _attempt(self) -> "_Attempt":
        return _Attempt(self._fetch, self._clients.connector.attempt())

    def _refresh(self) -> None:
        """Fetch the credentials anew beside everything else, if they are of the kind that ends."""
        self._fetched_at = self._clock.monotonic()
        if self._clients.signs_at_once:
            return
        try:
            threading.Thread(
                target=self._fetch_again, name="sestui-credentials", daemon=True
            ).start()
        except RuntimeError:
            return  # no thread to be had: the ones we have are good for a while yet

    def _fetch_again(self) -> None:
        try:
            self._fetch()
        except ConnectError:
            return  # those that are there are used until SES refuses them, which says more

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
            if found != self._credentials:  # the signer knows them by their identity
                self._credentials = found


class _NoCredentialsError(ConnectError):
    """There are none: a person has to act."""


class _Attempt:
    """Credentials first, then a connection: a mail needs both to leave."""

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
    except orjson.JSONEncodeError:  # half a character: JSON has it as an escape only
        written = json.dumps(request, default=_text_of).encode()
    return written


def _text_of(blob: Any) -> str:
    """How the API writes bytes in JSON."""
    if not isinstance(blob, bytes | bytearray):
        raise TypeError(f"{type(blob).__name__} can't stand in a request")
    return base64.b64encode(blob).decode("ascii")
