"""The relay's ASGI app: authenticate calls, handle sends, and proxy all others."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from starlette.types import Message, Receive, Scope, Send

from sestui.core.clock import Clock
from sestui.errors import SestuiError
from sestui.relay.admission import RelayAdmission
from sestui.relay.answers import RelayAnswer, give, refusal
from sestui.relay.calls import call_of, speaks_v1
from sestui.relay.client import Client, client_of
from sestui.relay.keyring import Keyring, KnownKey
from sestui.relay.metrics import Metrics
from sestui.relay.proxy import CutOffError, Proxy
from sestui.relay.replay_cache import ReplayCache
from sestui.relay.requests import (
    Caller,
    Gone,
    Memory,
    TooSlowError,
    authenticate,
    read_body,
    received_of,
)
from sestui.relay.sends import (
    Prepared,
    Rules,
    carried_out,
    prepared,
)
from sestui.ses.operations import Operations
from sestui.ses_api.sigv4 import Received
from sestui.ses_api.wire import ServiceError

_LARGE = 128 * 1024
"""Bodies from this size are hashed and parsed in a thread."""

_ANSWER_SECONDS = 60.0
"""A client that doesn't read its answer within this is disconnected."""


@dataclass(frozen=True, slots=True)
class Understood:
    """An authenticated request; ``prepared`` if it is a send."""

    received: Received
    caller: Caller
    prepared: Prepared | None
    reads: bool = False
    """Whether it changes nothing, and so may be repeated."""


class RelayApp:
    """Bare ASGI, as a router would slow down every call."""

    def __init__(
        self,
        *,
        ring: Keyring,
        admission: RelayAdmission,
        proxy: Proxy,
        metrics: Metrics,
        rules: Rules,
        operations: Operations,
        region: str,
        clock: Clock,
        full: Callable[[], str],
        warn: Callable[[str], None],
    ) -> None:
        """``full`` returns why no mail can be admitted, or ''; ``warn`` is for the operator."""
        self._ring = ring
        self._admission = admission
        self._proxy = proxy
        self._replays = ReplayCache(proxy, clock)
        self._metrics = metrics
        self._rules = rules
        self._operations = operations
        self._region = region
        self._clock = clock
        self._full = full
        self._warn = warn
        self._memory = Memory()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        began = time.monotonic()
        client = client_of(scope)
        v1 = speaks_v1(scope["path"])
        action, size = "other", 0
        try:
            body = await read_body(scope, receive, client, self._memory)
            size = len(body)
            if size > _LARGE:
                understood = await asyncio.to_thread(self._understood, scope, body)
            else:
                understood = self._understood(scope, body)
            if understood.prepared is None:
                status = await self._passed(understood, body, _Sending(send))
            else:
                action = "send"
                status = await self._send(understood.prepared, client)
        except ServiceError as error:
            close = error.status == 413
            answer = refusal(error, v1=v1, close=close)
            status = answer.status
            await _give(client, answer)
        except SestuiError as error:
            answer = refusal(ServiceError(503, "ServiceUnavailable", str(error)), v1=v1)
            status = answer.status
            await _give(client, answer)
        except TooSlowError:
            slow = ServiceError(408, "RequestTimeout", "The request took too long to arrive.")
            status = 408
            await _give(client, refusal(slow, v1=v1, close=True))
        except (Gone, CutOffError):
            return  # uvicorn closes the connection, so an incomplete answer is recognisable
        finally:
            self._memory.used -= size
        seconds = time.monotonic() - began
        self._metrics.request(v1=v1, action=action, status=status, seconds=seconds)

    def _understood(self, scope: Scope, body: bytes) -> Understood:
        received = received_of(scope, body)
        caller = authenticate(received, self._ring, region=self._region, now=self._clock.now())
        call = call_of(received, body, self._operations)
        if call.send is not None:
            return Understood(received, caller, prepared(call.send, received, caller, self._rules))
        if not caller.key.may_call(call.name):
            raise ServiceError(403, "AccessDeniedException", _denied(caller.key, call.name))
        return Understood(received, caller, None, call.reads)

    async def _passed(self, call: Understood, body: bytes, send: Send) -> int:
        if call.reads:
            return await self._proxy.passed(call.received, body, send)
        return await self._replays.passed(call.received, call.caller, body, send)

    async def _send(self, call: Prepared, client: Client) -> int:
        why = self._full()
        if why:
            raise ServiceError(503, "ServiceUnavailable", why)
        for warning in call.warnings:
            self._warn(warning)
        with _cancelled_when_gone(client):
            answer = await carried_out(call, self._admission, self._metrics.mail)
        await _give(client, answer)
        return answer.status


@contextmanager
def _cancelled_when_gone(client: Client) -> Iterator[None]:
    """Cancel the block and raise Gone when the client disconnects."""
    own = asyncio.current_task()
    assert own is not None  # noqa: S101 - uvicorn makes a task for each request
    left = False

    def leave() -> None:
        nonlocal left
        left = own.cancel()

    client.when_gone(leave)
    try:
        yield
    except asyncio.CancelledError as error:
        if not left:
            raise  # cancelled by something else
        own.uncancel()
        raise Gone from error
    finally:
        client.when_gone(None)


async def _give(client: Client, answer: RelayAnswer) -> None:
    if client.dawdles:
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                await client.caught_up()
        except TimeoutError as error:
            raise Gone from error
    give(client, answer)


def _denied(key: KnownKey, call: str) -> str:
    if not key.calls:
        return f"The key {key.name} may only send."
    return f"The key {key.name} may not make {call or 'this call'}."


class _Sending:
    """Sends messages with a time limit for the client to read them."""

    def __init__(self, send: Send) -> None:
        self._send = send

    async def __call__(self, message: Message) -> None:
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                await self._send(message)
        except TimeoutError as error:
            raise Gone from error
