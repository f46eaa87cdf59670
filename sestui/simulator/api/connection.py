"""HTTP connections that can be broken on purpose."""

import asyncio
import socket
import struct
from typing import Any

from starlette.types import Receive, Scope
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_EXTENSION = "sestui.transport"


class BreakableProtocol(HttpToolsProtocol):
    """uvicorn's HTTP protocol, which gives the application its transport."""

    def on_message_begin(self) -> None:
        """Begin a request with the transport in its scope."""
        super().on_message_begin()
        scope: Any = self.scope  # uvicorn's type doesn't allow for what an extension holds
        scope["extensions"] = {_EXTENSION: self.transport}


async def reset(scope: Scope, receive: Receive) -> None:
    """Break the connection so that the client gets a TCP reset."""
    transport = _transport(scope)
    # Lingering for zero seconds makes the kernel send RST where it would have sent FIN.
    transport.get_extra_info("socket").setsockopt(
        socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
    )
    transport.abort()
    await until_disconnected(receive)


async def truncate(scope: Scope, receive: Receive, body: bytes) -> None:
    """Announce all of ``body``, send half of it, close."""
    head = (
        f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    transport = _transport(scope)
    transport.write(head.encode() + body[: len(body) // 2])
    transport.close()
    await until_disconnected(receive)


async def hang(scope: Scope, receive: Receive, seconds: float) -> None:
    """Send nothing until the client gives up or ``seconds`` have passed, then close."""
    try:
        async with asyncio.timeout(seconds):
            await until_disconnected(receive)
    except TimeoutError:
        _transport(scope).close()
        await until_disconnected(receive)


async def until_disconnected(receive: Receive) -> None:
    """Wait for the connection's end; uvicorn answers 500 if an application returns before it."""
    while (await receive())["type"] != "http.disconnect":
        pass


def _transport(scope: Scope) -> asyncio.Transport:
    transport: asyncio.Transport = scope["extensions"][_EXTENSION]
    return transport
