"""The simulator's HTTP server: SES's API over the simulated account, for clients with its key."""

import asyncio
import json
import random
import time
from dataclasses import dataclass, replace
from urllib.parse import parse_qs, urlencode
from uuid import uuid4

from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Receive, Scope, Send

from sestui.errors import StorageError
from sestui.ses_api.wire import (
    ServiceError,
    bad_request,
    error_body,
    send_bulk_email_body,
    send_email_body,
)
from sestui.ses_api.wire_parsing import parse_send_bulk_email, parse_send_email
from sestui.simulator.account import contact_lists, identities, suppression
from sestui.simulator.account.account import CallDecision, call_of
from sestui.simulator.account.state import SimulatorState
from sestui.simulator.api import connection, old_api, old_calls
from sestui.simulator.api.access import Authenticator, caller
from sestui.simulator.api.control import create_control_app
from sestui.simulator.api.faults import FaultKind, ScriptedFault
from sestui.simulator.api.queue import TARGET, answer_queue, queue_error_body
from sestui.simulator.outbox import exports
from sestui.simulator.templates import templates

MAX_REQUEST_BYTES = 41 * 1024 * 1024
"""SES accepts 40 MB after base64; the rest is room for the JSON around it."""

_FOREIGN = (
    "Only programs and browsers on this machine may ask, by the name 127.0.0.1 or localhost; pages "
    "of other sites may not."
)
_KEYLESS = "The simulator takes its own access key only, which `sestui simulator key` prints."
_XML = b"text/xml"
_GATEWAY_PAGE = b"<html><head><title>502 Bad Gateway</title></head><body>502</body></html>"


@dataclass(frozen=True, slots=True)
class SimulatorAnswer:
    """An HTTP answer, and the fault in it."""

    status: int
    body: bytes
    error_code: str = ""
    disruption: ScriptedFault | None = None
    content_type: bytes = b"application/json"


@dataclass(frozen=True, slots=True)
class SimulatorRequest:
    """A whole HTTP request."""

    method: str
    path: str
    query: dict[str, list[str]]
    region: str
    """As SES writes it in its texts: ``EU-WEST-1``."""
    body: bytes
    arrived_at: float
    host: str = ""
    """Name and port by which it was asked for."""


def create_app(
    state: SimulatorState,
    key: str,
    *,
    latency: float = 0.0,
    jitter: float = 0.0,
    seed: int | None = None,
) -> ASGIApp:
    """The whole HTTP application: SES's ``/v2/``, ``/_simulator/`` and ``/outbox``.

    All need ``key`` (see ``access``). Every answer of ``/v2/`` takes ``latency`` seconds, plus or
    minus up to ``jitter`` (uniform). The account decides when the call arrives and the wait comes
    after, so that a sender's rate is measured as its calls leave. Must be served over
    ``connection.BreakableProtocol``.
    """
    chance = random.Random(seed)  # noqa: S311 - a delay
    return _SimulatorApp(state, Authenticator(key), latency, jitter, chance)


class _SimulatorApp:
    """A bare ASGI application, as a router's time would slow a sender under test."""

    def __init__(
        self,
        state: SimulatorState,
        authenticator: Authenticator,
        latency: float,
        jitter: float,
        chance: random.Random,
    ) -> None:
        self._state = state
        self._authenticator = authenticator
        self._latency = latency
        self._jitter = jitter
        self._chance = chance
        self._control = create_control_app(state)
        self._pages: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        old = path == "/" and scope["method"] == "POST"
        foreign, authorization = caller(scope["headers"])
        if target := _target(scope):
            is_let_in = not foreign and self._authenticator.holds_key(authorization)
            await self._queue(target, receive, send, let_in=is_let_in)
            return
        if not old and not path.startswith("/v2/"):
            if foreign or not self._is_open(path, authorization):
                await _turn_away(send, foreign=foreign)
            else:
                await self._face(path)(scope, receive, send)
            return
        if foreign or not self._authenticator.holds_key(authorization, scope["query_string"]):
            await _drain(receive)
            await _send(send, _shut_out(foreign=foreign, old=old))
            return
        arrived_at, started = self._state.clock.now(), time.monotonic()
        try:
            body = await _read(receive)
        except ServiceError as error:
            answer = _refusal(error)
        else:
            if body is None:
                return
            answer = await self._answer(_request(scope, authorization, body, arrived_at))
        seconds = self._latency + self._chance.uniform(-self._jitter, self._jitter)
        remaining = seconds - (time.monotonic() - started)
        if remaining > 0:
            await asyncio.sleep(remaining)
        if answer.disruption is None:
            await _send(send, answer)
        else:
            await _disrupt(answer, answer.disruption, scope, receive, send)

    async def _queue(self, target: str, receive: Receive, send: Send, *, let_in: bool) -> None:
        """Answer a call of SQS's API, without the latency of SES."""
        try:
            body = await _read(receive)
            if body is None:
                return
            answer = SimulatorAnswer(
                200, await answer_queue(self._state, target, body, let_in=let_in)
            )
        except ServiceError as error:
            answer = SimulatorAnswer(error.status, queue_error_body(error), error.code)
        except StorageError as error:
            unavailable = ServiceError(503, "ServiceUnavailable", str(error))
            answer = SimulatorAnswer(503, queue_error_body(unavailable), unavailable.code)
        await _send(send, answer)

    def _face(self, path: str) -> ASGIApp:
        if path != "/" and not path.startswith("/outbox"):
            return self._control
        if self._pages is None:
            # The pages are rarely opened, and their libraries slow the start.
            from sestui.simulator.outbox.outbox_reader import OutboxReader  # noqa: PLC0415
            from sestui.simulator.pages.app import create_pages  # noqa: PLC0415

            self._pages = create_pages(
                OutboxReader(self._state.path), self._authenticator, self._state.clock
            )
        return self._pages

    def _is_open(self, path: str, authorization: bytes) -> bool:
        """Whether a request outside SES's API may go on; the pages check access themselves."""
        return (
            path == "/healthz"
            or self._face(path) is self._pages
            or self._authenticator.holds_key(authorization)
        )

    async def _answer(self, request: SimulatorRequest) -> SimulatorAnswer:
        try:
            answer = await self._dispatched(request)
        except ServiceError as error:
            return _refusal(error)
        except UnicodeEncodeError:
            return _refusal(bad_request("The request holds half a character in a name."))
        except StorageError as error:
            # Nothing was recorded, so nothing was accepted.
            return _refusal(ServiceError(503, "ServiceUnavailable", str(error)))
        return answer

    async def _dispatched(self, request: SimulatorRequest) -> SimulatorAnswer:
        if request.path == "/":
            return await self._old(request)
        if request.path == "/v2/email/outbound-emails" and request.method == "POST":
            return self._send_email(request)
        if request.path == "/v2/email/outbound-bulk-emails" and request.method == "POST":
            return self._send_bulk_email(request)
        # In a thread, so that sends go on meanwhile.
        return SimulatorAnswer(200, await run_in_threadpool(self._other, request))

    def _other(self, request: SimulatorRequest) -> bytes:
        """The answer to a call of version 2 other than a send."""
        what = self._state, request.method, request.path, request.query, request.body
        for answered in (
            *(identities.answered, suppression.answered),
            *(templates.answered, contact_lists.answered),
        ):
            body = answered(*what)
            if body is not None:
                return body
        url = f"http://{request.host}", f"?{self._authenticator.signed_query}"
        body = exports.answered(self._state, request.method, request.path, request.body, url)
        if body is not None:
            return body
        raise ServiceError(
            404,
            "UnknownOperationException",
            f"The simulator has no operation {request.method} {request.path}.",
        )

    async def _old(self, request: SimulatorRequest) -> SimulatorAnswer:
        """The answer to a call of the old API."""
        action = ""
        try:
            query = urlencode(request.query, True)
            action, parameters, given, bulk = old_api.parsed(query, request.body)
            if given is None:
                body = await run_in_threadpool(old_calls.answered, self._state, action, parameters)
                return SimulatorAnswer(200, body, content_type=_XML)
            send = self._send_bulk_email if bulk else self._send_email
            answer = send(replace(request, body=json.dumps(given).encode()))
        except ServiceError as error:
            answer = _refusal(error)
        except StorageError as error:
            answer = _refusal(ServiceError(503, "ServiceUnavailable", str(error)))
        return _as_old(action, answer)

    def _send_email(self, request: SimulatorRequest) -> SimulatorAnswer:
        body = templates.filled(self._state, request.body)
        call = call_of(parse_send_email(body), request.region)
        verdict = self._state.send(call, body, request.arrived_at)
        if not verdict.results:
            return _whole(verdict)
        result = verdict.results[0]
        if not result.message_id:
            return _refusal(result.as_error())
        return SimulatorAnswer(
            200, send_email_body(result.message_id), disruption=verdict.disruption
        )

    def _send_bulk_email(self, request: SimulatorRequest) -> SimulatorAnswer:
        body = templates.filled(self._state, request.body)
        call = call_of(parse_send_bulk_email(body), request.region)
        verdict = self._state.send(call, body, request.arrived_at)
        if not verdict.results:
            return _whole(verdict)
        return SimulatorAnswer(
            200, send_bulk_email_body(verdict.results), disruption=verdict.disruption
        )


def _whole(verdict: CallDecision) -> SimulatorAnswer:
    """The answer to a call that was refused or disrupted as a whole."""
    if verdict.error is not None:
        return _refusal(verdict.error)
    return SimulatorAnswer(200, b"", disruption=verdict.disruption)


def _refusal(error: ServiceError) -> SimulatorAnswer:
    return SimulatorAnswer(error.status, error_body(error), error.code)


def _as_old(action: str, answer: SimulatorAnswer) -> SimulatorAnswer:
    status, body = old_api.as_xml(action, answer.status, answer.body, answer.error_code)
    return SimulatorAnswer(status, body, disruption=answer.disruption, content_type=_XML)


def _shut_out(*, foreign: bool, old: bool) -> SimulatorAnswer:
    """The answer to a call without the key or from elsewhere."""
    if foreign:
        error = ServiceError(403, "AccessDeniedException", _FOREIGN)
    else:
        text = f"The security token included in the request is invalid. {_KEYLESS}"
        error = ServiceError(403, "UnrecognizedClientException", text)
    return _as_old("", _refusal(error)) if old else _refusal(error)


async def _turn_away(send: Send, *, foreign: bool) -> None:
    """Refuse a request outside SES's API."""
    body = json.dumps({"error": _FOREIGN if foreign else _KEYLESS}).encode()
    await _send(send, SimulatorAnswer(403, body))


def _request(
    scope: Scope, authorization: bytes, body: bytes, arrived_at: float
) -> SimulatorRequest:
    query = scope["query_string"]
    return SimulatorRequest(
        method=scope["method"],
        path=scope["path"],
        query=parse_qs(query.decode("latin-1")) if query else {},
        region=_region(authorization),
        body=body,
        arrived_at=arrived_at,
        host=next((value for name, value in scope["headers"] if name == b"host"), b"").decode(
            "latin-1"
        ),
    )


def _region(authorization: bytes) -> str:
    """The region as SES writes it in its texts: ``EU-WEST-1``."""
    scope = authorization[:200].split(b"/", 3)  # key, day, region, the rest
    region = scope[2].decode("latin-1") if len(scope) > 3 else ""
    return region.upper() if region.replace("-", "").isalnum() else "EU-WEST-1"


def _target(scope: Scope) -> str:
    """The operation of SQS that is called; '' for SES, whose calls name none in a header."""
    if scope["method"] != "POST":
        return ""
    found = next((value for name, value in scope["headers"] if name == TARGET), b"")
    return found.decode("latin-1")


async def _drain(receive: Receive) -> None:
    """Read and drop the rest of the request; else its answer would be cut off."""
    message = await receive()
    while message.get("more_body", False):
        message = await receive()


async def _read(receive: Receive) -> bytes | None:
    """The request's body; None if the client left before its end.

    Raises:
        ServiceError: it is longer than SES accepts; it has been read to its end.
    """
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        chunk = message.get("body", b"")
        size += len(chunk)
        if size <= MAX_REQUEST_BYTES:
            chunks.append(chunk)
        else:
            chunks.clear()
        if not message.get("more_body", False):
            break
    if size > MAX_REQUEST_BYTES:
        raise ServiceError(
            400,
            "MessageRejected",
            f"Message length is more than {MAX_REQUEST_BYTES} bytes long: '{size}'.",
        )
    return b"".join(chunks)


async def _send(send: Send, answer: SimulatorAnswer) -> None:
    headers = [
        (b"content-type", answer.content_type),
        (b"content-length", str(len(answer.body)).encode()),
        (b"x-amzn-requestid", str(uuid4()).encode()),
    ]
    if answer.error_code:
        headers.append((b"x-amzn-errortype", answer.error_code.encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})


async def _disrupt(
    answer: SimulatorAnswer, fault: ScriptedFault, scope: Scope, receive: Receive, send: Send
) -> None:
    if fault.kind in {FaultKind.RESET_BEFORE, FaultKind.RESET_AFTER}:
        await connection.reset(scope, receive)
    elif fault.kind is FaultKind.HANG_AFTER:
        await connection.hang(scope, receive, fault.seconds)
    elif fault.kind is FaultKind.TRUNCATED:
        await connection.truncate(scope, receive, answer.body)
    elif fault.kind is FaultKind.GATEWAY_502:
        await _send(send, SimulatorAnswer(502, _GATEWAY_PAGE, content_type=b"text/html"))
    else:
        await asyncio.sleep(fault.seconds)
        await _send(send, answer)
