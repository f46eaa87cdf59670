"""SES's HTTP API in front of the simulated account: version 2, and of version 1 what sends."""

import asyncio
import json
import random
import re
import time
from dataclasses import dataclass, replace
from urllib.parse import parse_qs, urlencode
from uuid import uuid4

from starlette.types import ASGIApp, Receive, Scope, Send

from sestui.errors import StorageError
from sestui.ses_api.wire import (
    ServiceError,
    error_body,
    send_bulk_email_body,
    send_email_body,
)
from sestui.ses_api.wire_parsing import parse_send_bulk_email, parse_send_email
from sestui.simulator import connection, identities, old_api, templates
from sestui.simulator.account import Verdict, call_of
from sestui.simulator.control import create_control_app
from sestui.simulator.faults import Fault, FaultKind
from sestui.simulator.state import SimulatorState

MAX_REQUEST_BYTES = 41 * 1024 * 1024
"""SES takes 40 MB after base64; the rest is room for the JSON around it."""

_REGION = re.compile(rb"Credential=[^/]*/\d+/([a-z0-9-]{1,32})/ses/")
_XML = b"text/xml"
_GATEWAY_PAGE = b"<html><head><title>502 Bad Gateway</title></head><body>502</body></html>"


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer, and what is to go wrong with it."""

    status: int
    body: bytes
    error_code: str = ""
    disruption: Fault | None = None
    content_type: bytes = b"application/json"


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request, read to its end."""

    method: str
    path: str
    query: dict[str, list[str]]
    region: str
    """As SES writes it in its texts: ``EU-WEST-1``."""
    body: bytes
    arrived_at: float


def create_app(
    state: SimulatorState, *, latency: float = 0.0, jitter: float = 0.0, seed: int | None = None
) -> ASGIApp:
    """The whole HTTP face: ``/v2/`` as SES, ``/_simulator/`` for programs to look inside and to set
    things up, ``/outbox`` for a browser.

    Every answer of ``/v2/`` takes ``latency`` seconds, give or take up to ``jitter``, drawn
    evenly. The account decides when the call arrives and the wait comes after, so that a sender's
    pace is judged as its calls leave. Must be served over ``connection.BreakableProtocol``.
    """
    return _SimulatorApp(state, latency, jitter, random.Random(seed))  # noqa: S311 - a delay


class _SimulatorApp:
    """Written against bare ASGI: what a router costs, a sender under test would pay."""

    def __init__(
        self, state: SimulatorState, latency: float, jitter: float, chance: random.Random
    ) -> None:
        self._state = state
        self._latency = latency
        self._jitter = jitter
        self._chance = chance
        self._control = create_control_app(state)
        self._pages: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        old = scope["path"] == "/" and scope["method"] == "POST"
        if not old and not scope["path"].startswith("/v2/"):
            await self._face(scope["path"])(scope, receive, send)
            return
        arrived_at, started = self._state.clock.now(), time.monotonic()
        try:
            body = await _read(receive)
        except ServiceError as error:
            answer = _refusal(error)
        else:
            if body is None:
                return
            answer = self._answer(_request(scope, body, arrived_at))
        seconds = self._latency + self._chance.uniform(-self._jitter, self._jitter)
        remaining = seconds - (time.monotonic() - started)
        if remaining > 0:
            await asyncio.sleep(remaining)
        if answer.disruption is None:
            await _send(send, answer)
        else:
            await _disrupt(answer, answer.disruption, scope, receive, send)

    def _face(self, path: str) -> ASGIApp:
        if path != "/" and not path.startswith("/outbox"):
            return self._control
        if self._pages is None:
            # Nearly nobody looks at the pages, and everybody waits for the simulator.
            from sestui.simulator.pages.app import create_pages  # noqa: PLC0415
            from sestui.simulator.reader import OutboxReader  # noqa: PLC0415

            self._pages = create_pages(OutboxReader(self._state.path))
        return self._pages

    def _answer(self, request: Request) -> Answer:
        try:
            return self._dispatched(request)
        except ServiceError as error:
            return _refusal(error)
        except StorageError as error:
            # Nothing was recorded, so nothing was accepted, and the client may know that.
            return _refusal(ServiceError(503, "ServiceUnavailable", str(error)))

    def _old(self, request: Request) -> Answer:
        """The answer to a call of the old API."""
        action = ""
        try:
            action, given, bulk = old_api.parsed(urlencode(request.query, True), request.body)
            if given is None:
                return Answer(200, old_api.told(self._state, action), content_type=_XML)
            send = self._send_bulk_email if bulk else self._send_email
            answer = send(replace(request, body=json.dumps(given).encode()))
        except ServiceError as error:
            answer = _refusal(error)
        except StorageError as error:
            answer = _refusal(ServiceError(503, "ServiceUnavailable", str(error)))
        status, body = old_api.as_xml(action, answer.status, answer.body, answer.error_code)
        return Answer(status, body, disruption=answer.disruption, content_type=_XML)

    def _dispatched(self, request: Request) -> Answer:
        if request.path == "/":
            return self._old(request)
        if request.path == "/v2/email/outbound-emails" and request.method == "POST":
            return self._send_email(request)
        if request.path == "/v2/email/outbound-bulk-emails" and request.method == "POST":
            return self._send_bulk_email(request)
        body = identities.answered(
            self._state, request.method, request.path, request.query, request.body
        ) or templates.answered(self._state, request.method, request.path, request.body)
        if body is None:
            raise ServiceError(
                404,
                "UnknownOperationException",
                f"The simulator has no operation {request.method} {request.path}.",
            )
        return Answer(200, body)

    def _send_email(self, request: Request) -> Answer:
        body = templates.filled(self._state, request.body)
        call = call_of(parse_send_email(body), request.region)
        verdict = self._state.send(call, body, request.arrived_at)
        if not verdict.results:
            return _whole(verdict)
        result = verdict.results[0]
        if not result.message_id:
            return _refusal(result.as_error())
        return Answer(200, send_email_body(result.message_id), disruption=verdict.disruption)

    def _send_bulk_email(self, request: Request) -> Answer:
        body = templates.filled(self._state, request.body)
        call = call_of(parse_send_bulk_email(body), request.region)
        verdict = self._state.send(call, body, request.arrived_at)
        if not verdict.results:
            return _whole(verdict)
        return Answer(200, send_bulk_email_body(verdict.results), disruption=verdict.disruption)


def _whole(verdict: Verdict) -> Answer:
    """The answer to a call that was refused, or broken, as a whole."""
    if verdict.error is not None:
        return _refusal(verdict.error)
    return Answer(200, b"", disruption=verdict.disruption)


def _refusal(error: ServiceError) -> Answer:
    return Answer(error.status, error_body(error), error.code)


def _request(scope: Scope, body: bytes, arrived_at: float) -> Request:
    region = "eu-west-1"
    for name, value in scope["headers"]:
        if name == b"authorization":
            match = _REGION.search(value)
            region = match[1].decode() if match else region
    query = scope["query_string"]
    return Request(
        method=scope["method"],
        path=scope["path"],
        query=parse_qs(query.decode("latin-1")) if query else {},
        region=region.upper(),
        body=body,
        arrived_at=arrived_at,
    )


async def _read(receive: Receive) -> bytes | None:
    """The request's body; None if the client left before its end.

    Raises:
        ServiceError: it is longer than SES takes; the rest of it has been read and dropped.
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


async def _send(send: Send, answer: Answer) -> None:
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
    answer: Answer, fault: Fault, scope: Scope, receive: Receive, send: Send
) -> None:
    if fault.kind in {FaultKind.RESET_BEFORE, FaultKind.RESET_AFTER}:
        await connection.reset(scope, receive)
    elif fault.kind is FaultKind.HANG_AFTER:
        await connection.hang(scope, receive, fault.seconds)
    elif fault.kind is FaultKind.TRUNCATED:
        await connection.truncate(scope, receive, answer.body)
    elif fault.kind is FaultKind.GATEWAY_502:
        await _send(send, Answer(502, _GATEWAY_PAGE, content_type=b"text/html"))
    else:
        await asyncio.sleep(fault.seconds)
        await _send(send, answer)
