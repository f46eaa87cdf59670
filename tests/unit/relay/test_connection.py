"""The guarded connection on its own: dawdlers, and what is pipelined."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
from uvicorn.config import Config
from uvicorn.server import Server

from sestui.relay import connection

REQUEST = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi"


async def app(scope, receive, send):
    body = (await receive())["body"]
    await send({"type": "http.response.start", "status": 200, "headers": [(b"x", b"y")]})
    await send({"type": "http.response.body", "body": b"got " + body})


@asynccontextmanager
async def served() -> AsyncIterator[int]:
    config = Config(
        app, http=connection.GuardedProtocol, port=0, lifespan="off", ws="none", log_config=None
    )
    config.load()
    loop = asyncio.get_running_loop()
    server = Server(config)
    server.lifespan = config.lifespan_class(config)
    listening = await loop.create_server(
        lambda: connection.GuardedProtocol(config, server.server_state, {}), "127.0.0.1", 0
    )
    try:
        yield listening.sockets[0].getsockname()[1]
    finally:
        listening.close()
        for each in list(server.server_state.connections):
            each.transport.abort()
        await listening.wait_closed()


async def heard(port, *pieces, pause=0.0):
    """What comes back to these bytes until the other side hangs up, or nothing comes for long."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    answer = b""
    with suppress(OSError):  # hung up on
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(pause)
    with suppress(OSError, TimeoutError):
        async with asyncio.timeout(1):
            while chunk := await reader.read(65536):
                answer += chunk
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
    return answer


async def test_a_head_that_dawdles_is_given_up(monkeypatch):
    monkeypatch.setattr(connection, "HEAD_SECONDS", 0.2)
    async with served() as port:
        assert b" 408 " in await heard(port, REQUEST[:20])
        assert b" 408 " in await heard(port)  # one that says nothing at all
        dawdled = await heard(port, *(bytes([byte]) for byte in REQUEST), pause=0.05)
        assert b"got" not in dawdled


async def test_a_connection_may_rest_between_requests(monkeypatch):
    monkeypatch.setattr(connection, "HEAD_SECONDS", 0.2)
    async with served() as port:
        assert (await heard(port, REQUEST, REQUEST, pause=0.5)).count(b"got hi") == 2


async def test_requests_may_come_at_once_and_are_answered_in_order():
    async with served() as port:
        three = b"".join(REQUEST.replace(b"hi", word) for word in (b"aa", b"bb", b"cc"))
        answer = await heard(port, three)
        assert [answer.index(b"got " + word) for word in (b"aa", b"bb", b"cc")] == sorted(
            answer.index(b"got " + word) for word in (b"aa", b"bb", b"cc")
        )


@pytest.mark.parametrize(
    "head",
    [
        b"X: " + b"y" * connection.MAX_HEAD,
        b"".join(b"X%d: y\r\n" % number for number in range(connection.MOST_HEADERS + 1)),
    ],
)
async def test_a_large_head_is_refused_on_a_used_connection_too(head):
    async with served() as port:
        answer = await heard(port, REQUEST, b"GET / HTTP/1.1\r\nHost: x\r\n" + head, pause=0.1)
        assert b"got hi" in answer
        assert b" 431 " in answer
