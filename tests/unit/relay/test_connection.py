"""The guarded connection on its own: dawdlers, and what is pipelined."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from xml.etree import ElementTree as ET

import pytest
from uvicorn.config import Config
from uvicorn.server import Server

from sestui.relay import connection
from sestui.relay.gathering_transport import GatheringTransport
from sestui.ses_api.wire_v1 import NAMESPACE

REQUEST = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi"


async def whole(receive):
    body = b""
    while (message := await receive())["type"] == "http.request":
        body += message["body"]
        if not message["more_body"]:
            break
    return body


async def app(scope, receive, send):
    body = await whole(receive)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"x", b"y")]})
    await send({"type": "http.response.body", "body": b"got " + body})


@asynccontextmanager
async def served(of=app) -> AsyncIterator[int]:
    config = Config(
        of, http=connection.GuardedProtocol, port=0, lifespan="off", ws="none", log_config=None
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


async def heard(port, *pieces, pause=0.0, seconds=1.0):
    """What comes back to these bytes until the other side hangs up, for so long at most."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    answer = b""
    with suppress(OSError):  # hung up on
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(pause)
    with suppress(OSError, TimeoutError):
        async with asyncio.timeout(seconds):
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


@pytest.mark.long
@pytest.mark.ci
async def test_a_connection_may_rest_between_requests(monkeypatch):
    monkeypatch.setattr(connection, "HEAD_SECONDS", 0.2)
    async with served() as port:
        assert (await heard(port, REQUEST, REQUEST, pause=0.5)).count(b"got hi") == 2


@pytest.mark.long
@pytest.mark.ci
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


UPGRADE = (
    b"POST / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\n"
    b"Upgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAAB\r\nContent-Length: 2\r\n\r\n"
)


@pytest.mark.long
@pytest.mark.parametrize(
    "head",
    [
        UPGRADE,
        UPGRADE.replace(b"Content-Length: 2\r\n", b"Transfer-Encoding: chunked\r\n"),
        UPGRADE.replace(b"h2c", b"websocket").replace(b"Upgrade, HTTP2-Settings", b"upgrade"),
        UPGRADE.replace(b"Connection: Upgrade, HTTP2-Settings\r\n", b""),
    ],
    ids=["h2c", "chunked", "websocket", "without a connection header"],
)
async def test_the_wish_for_another_protocol_is_ignored(head):
    bodies = [b"hi", b"ho", b"hu"]
    if b"chunked" in head:
        bodies = [b"2\r\n%b\r\n0\r\n\r\n" % body for body in bodies]
    async with served() as port:
        at_once = await heard(port, head + bodies[0] + head + bodies[1] + REQUEST)
        assert [at_once.count(b"got " + word) for word in (b"hi", b"ho")] == [2, 1]
        assert at_once.count(b"HTTP/1.1 200") == 3
        in_bytes = await heard(port, *(bytes([byte]) for byte in head + bodies[2]))
        assert b"got hu" in in_bytes


@pytest.mark.long
@pytest.mark.ci
async def test_an_upgrade_is_ignored_as_often_as_it_is_asked_for():
    async with served() as port:
        last = UPGRADE.replace(b"Upgrade, HTTP2", b"close, Upgrade, HTTP2")
        answer = await heard(port, (UPGRADE + b"hi") * 1_499 + last + b"hi", seconds=60)
        assert answer.count(b"got hi") == 1_500


async def test_a_client_may_close_with_its_wish_for_another_protocol():
    head = UPGRADE.replace(b"Upgrade, HTTP2", b"close, Upgrade, HTTP2")
    async with served() as port:
        answer = await heard(port, head + b"hi", REQUEST)
        assert answer.count(b"got hi") == 1


REFUSED = {
    "no HTTP": b"nonsense\r\n\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "tunnel": b"CONNECT x:25 HTTP/1.1\r\nHost: x:25\r\n\r\n",
    "target": b"POST /\xff HTTP/1.1\r\nHost: x\r\n\r\n",
    "old chunks": b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "length": REQUEST.replace(b"Content-Length: 2", b"Content-Length: two"),
    "coding": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "chunk": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "large": b"POST / HTTP/1.1\r\nX: " + b"y" * connection.MAX_HEAD,
}


@pytest.mark.parametrize("request_", REFUSED.values(), ids=REFUSED)
async def test_each_refusal_is_a_sentence_in_the_old_apis_format(request_):
    async with served() as port:
        head, _, body = (await heard(port, request_)).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 4")
    assert b"content-length: %d" % len(body) in head
    [sentence] = ET.fromstring(body).iter(f"{{{NAMESPACE}}}Message")
    assert sentence.text.endswith(".")


@pytest.mark.parametrize("name", ["old chunks", "length", "coding", "chunk", "large"])
async def test_or_in_the_new_apis_once_its_path_is_read(name):
    request = REFUSED[name].replace(b" /", b" /v2/email/outbound-emails", 1)
    async with served() as port:
        head, _, body = (await heard(port, request)).partition(b"\r\n\r\n")
    assert b"content-type: application/json" in head
    assert b"x-amzn-errortype: " in head
    assert json.loads(body)["message"].endswith(".")


async def test_a_refusal_is_never_the_answer_to_the_request_before():
    until, gone = asyncio.Event(), asyncio.Event()
    async with held(until, gone) as port:
        for name in ("no HTTP", "coding", "large"):
            assert await heard(port, REQUEST, REFUSED[name], pause=0.05) == b""


@asynccontextmanager
async def held(until: asyncio.Event, gone: asyncio.Event) -> AsyncIterator[int]:
    """A server whose answers wait for ``until``; who leaves sets ``gone``."""

    async def slow(scope, receive, send):
        body = await whole(receive)
        leaving = asyncio.ensure_future(receive())
        waiting = asyncio.ensure_future(until.wait())
        await asyncio.wait({leaving, waiting}, return_when=asyncio.FIRST_COMPLETED)
        if leaving.done():
            gone.set()
        waiting.cancel()
        leaving.cancel()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"got " + body})

    async with served(slow) as port:
        yield port


async def test_who_ends_only_his_side_gets_the_answer(monkeypatch):
    monkeypatch.setattr(connection, "_LEFT_SECONDS", 0.01)
    until, gone = asyncio.Event(), asyncio.Event()
    async with held(until, gone) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(REQUEST)
        writer.write_eof()
        assert (await reader.readline()).startswith(b"HTTP/1.1 100 ")  # asked whether it is there
        until.set()
        answer = await reader.read()  # to the end: there is nobody to keep it open for
        assert b"got hi" in answer
        assert not gone.is_set()
        writer.close()
        await writer.wait_closed()


async def test_who_leaves_is_told_from_him(monkeypatch):
    monkeypatch.setattr(connection, "_LEFT_SECONDS", 0.01)
    until, gone = asyncio.Event(), asyncio.Event()
    async with held(until, gone) as port:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(REQUEST)
        await writer.drain()
        writer.close()
        await asyncio.wait_for(gone.wait(), 30)


async def test_head_and_body_leave_in_one_piece():
    pieces = []

    class Recorded(asyncio.Transport):
        def write(self, data):
            pieces.append(bytes(data))

    gathering = GatheringTransport(Recorded(), asyncio.get_running_loop())
    for data in (b"head", b"body"):
        gathering.write(data)
    await asyncio.sleep(0)
    gathering.write(b"next")
    await asyncio.sleep(0)
    assert pieces == [b"headbody", b"next"]


async def test_who_ends_in_the_middle_of_a_request_is_let_go():
    async with served() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(REQUEST[:-1])
        writer.write_eof()
        assert b"got" not in await asyncio.wait_for(reader.read(), 30)
        writer.close()
