"""Replay protection for proxied calls: each signature works once.

A repeated request that would change something gets the first answer, like a send. Sends are
remembered in the ledger, other calls in this process's memory.
"""

import asyncio
from dataclasses import dataclass, field
from typing import Protocol

from starlette.types import Message, Send

from sestui.core.clock import Clock
from sestui.relay.requests import Caller, call_name
from sestui.ses_api.sigv4 import Received
from sestui.ses_api.wire import ServiceError

_LARGEST = 64 * 1024
"""The largest answer that is kept; those of changing calls are much smaller."""

_MOST_BYTES = 16 * 1024 * 1024
_MOST_CALLS = 10_000
_SWEEP_SECONDS = 60.0

_USED_UP = "This request has already been made; sign it again to repeat it."

_Key = tuple[str, ...]


class Way(Protocol):
    """Passes calls on."""

    async def passed(self, received: Received, body: bytes, send: Send) -> int:
        """Pass the call to SES and the answer to the client; returns the status."""


@dataclass(slots=True, eq=False)
class _Call:
    """A call and its answer."""

    good_until: float
    """Monotonic seconds at which its signature expires."""
    keys: tuple[_Key, ...]
    done: asyncio.Event = field(default_factory=asyncio.Event)
    start: Message | None = None
    body: bytes | None = b""
    """None if it is too long to keep, or incomplete."""
    failed: bool = False
    """Whether it may be repeated, as SES didn't get it or failed."""

    def note(self, message: Message) -> None:
        """Record a message to the client."""
        if message["type"] == "http.response.start":
            self.start = message
        elif self.body is not None:
            body = self.body + message.get("body", b"")
            self.body = body if len(body) <= _LARGEST else None


class ReplayCache:
    """Passes calls on by ``way`` and recognises repetitions; for one event loop."""

    def __init__(self, way: Way, clock: Clock) -> None:
        self._way = way
        self._clock = clock
        self._calls: dict[_Key, _Call] = {}
        self._bytes = 0
        self._swept_at = clock.monotonic()

    async def passed(self, received: Received, caller: Caller, body: bytes, send: Send) -> int:
        """Pass the call on, or repeat the first answer to a replay; returns the status.

        Raises:
            ServiceError: SES can't be reached, or the first answer is no longer known.
        """
        name = call_name(received)
        plain = (caller.key_id, caller.signature)
        named = (*plain, name)
        known = self._calls.get(named)
        if known is None and not (name and caller.fresh):
            known = self._calls.get(plain)
        if known is not None:
            return await _replayed(known, send)
        self._make_room()
        call = _Call(self._clock.monotonic() + caller.good_for + 1, (plain, named))
        for key in call.keys:
            self._calls.setdefault(key, call)
        try:
            return await self._made(call, received, body, send)
        finally:
            call.done.set()
            self._bytes += len(call.body or b"")
            if call.failed:
                self._forget(call)

    async def _made(self, call: _Call, received: Received, body: bytes, send: Send) -> int:
        async def noting(message: Message) -> None:
            call.note(message)
            await send(message)

        try:
            status = await self._way.passed(received, body, noting)
        except ServiceError:
            call.failed = True
            raise
        except BaseException:
            call.body = None
            raise
        call.failed = status >= 500 or status == 429
        return status

    def _make_room(self) -> None:
        now = self._clock.monotonic()
        if now >= self._swept_at + _SWEEP_SECONDS:
            self._swept_at = now
            for call in {call for call in self._calls.values() if call.good_until < now}:
                self._forget(call)
        while len(self._calls) > 2 * _MOST_CALLS:
            self._forget(next(iter(self._calls.values())))
        if self._bytes > _MOST_BYTES:
            for call in self._calls.values():
                if call.done.is_set():
                    call.body = None
            self._bytes = 0

    def _forget(self, call: _Call) -> None:
        for key in call.keys:
            if self._calls.get(key) is call:
                del self._calls[key]
        if call.done.is_set():
            self._bytes -= len(call.body or b"")


async def _replayed(call: _Call, send: Send) -> int:
    await call.done.wait()
    if call.failed:
        raise ServiceError(503, "ServiceUnavailable", "SES did not take it; try again.")
    if call.start is None or call.body is None:
        raise ServiceError(403, "InvalidSignatureException", _USED_UP)
    await send(call.start)
    await send({"type": "http.response.body", "body": call.body})
    return int(call.start["status"])
