"""`sestui --serve` without a browser: who is let in, and how it ends."""

import http.client
import signal
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import psutil
import pytest

from tests.support.cli import Sestui

SERVED = ("--serve", "--port", "0")


def begun(sestui: Sestui, **settings: str) -> tuple["subprocess.Popen[str]", str]:
    """A server, and the address of its page."""
    server = sestui.start(*SERVED, **settings)
    assert server.stderr is not None
    line = server.stderr.readline()
    assert line.startswith("sestui is at http://127.0.0.1:")
    return server, line.split()[-1]


def status(url: str, path: str | None = None, **headers: str) -> int:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=10)
    try:
        connection.request("GET", parts.path if path is None else path, headers=headers)
        return connection.getresponse().status
    finally:
        connection.close()


def test_asked_for_wrongly(sestui: Sestui) -> None:
    assert "leave out account" in sestui.refused(2, "--serve", "account")
    assert "goes with --serve" in sestui.refused(2, "--port", "4580")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        said = sestui.refused(2, "--serve", "--port", str(port))
        assert "Address already in use; choose another with --port" in said
    said = sestui.refused(2, *SERVED, SESTUI_SENDERS="none")
    assert "senders" in said


def test_the_extra_is_named_where_it_is_missing(sestui: Sestui) -> None:
    script = (
        "import sys; sys.modules['textual_serve.server'] = None\n"
        "from sestui.cli.main import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *SERVED],
        env=sestui.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "install 'sestui[web]'" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.long
@pytest.mark.ci
def test_only_who_knows_the_address_is_let_in(sestui: Sestui) -> None:
    server, url = begun(sestui)
    parts = urlsplit(url)
    own = f"http://{parts.netloc}"
    assert status(url) == 200
    assert status(url, Host=f"localhost:{parts.port}") == 200
    assert status(url, f"{parts.path}static/textual.js") == 200
    for path in (
        "/",
        "/ws",
        "/static/js/textual.js",
        "/x/",
        f"{parts.path[:-2]}/",
        f"{parts.path}static/../server.py",
        f"{parts.path}static/..%2fserver.py",
        f"{parts.path}download/x",
    ):
        assert status(url, path) == 404, path
    for host in ("evil.example", f"evil.example:{parts.port}", "127.0.0.1:1", "127.0.0.1"):
        assert status(url, Host=host) == 403, host
    assert status(url, Origin="http://evil.example") == 403
    upgrade = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "x3JJHMbDL1EzLkh9GBhXDw==",
    }
    socket_path = f"{parts.path}ws"
    for origin in ("http://evil.example", "null", f"https://{parts.netloc}", f"{own}.evil.example"):
        assert status(url, socket_path, Origin=origin, **upgrade) == 403, origin
    assert status(url, socket_path, **upgrade) == 403
    assert status(url, "/x/ws", Origin=own, **upgrade) == 404
    with pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.2", parts.port)):
        pass
    assert psutil.Process(server.pid).children() == []  # nobody's app was started
    server.send_signal(signal.SIGINT)
    assert server.wait(20) == 0


async def opened(url: str, session: aiohttp.ClientSession) -> aiohttp.ClientWebSocketResponse:
    """The page's socket, with the app behind it painting."""
    parts = urlsplit(url)
    page = await session.ws_connect(
        f"ws://{parts.netloc}{parts.path}ws?width=100&height=30", origin=f"http://{parts.netloc}"
    )
    painted = b""
    while b"SIMULATOR" not in painted:
        painted += await page.receive_bytes(timeout=30)
    return page


@pytest.fixture
def sending(ready: Sestui) -> Sestui:
    """A workspace with a run on its way, which takes a while."""
    ready.settings["SESTUI_SIMULATOR_RATE"] = "30"
    ready.settings["SESTUI_SIMULATOR_LATENCY"] = "0.5"
    ready.ok("campaign", "start", "news")
    return ready


@pytest.mark.long
@pytest.mark.ci
@pytest.mark.parametrize(
    "how", [pytest.param(signal.SIGTERM, marks=pytest.mark.long), signal.SIGKILL]
)
async def test_the_apps_end_with_the_server_and_nothing_stays_in_flight(
    sending: Sestui, how: signal.Signals
) -> None:
    server, url = begun(sending)
    async with aiohttp.ClientSession() as session:
        page = await opened(url, session)
        sending.accepted(at_least=5)
        (app,) = psutil.Process(server.pid).children()
        family = [app, *app.children(recursive=True)]
        server.send_signal(how)
        if how == signal.SIGTERM:
            while (await page.receive(timeout=30)).type not in {
                aiohttp.WSMsgType.CLOSE,
                aiohttp.WSMsgType.CLOSED,
            }:
                pass
            assert server.wait(30) == 0
        _, alive = psutil.wait_procs(family, timeout=30)
        assert alive == []
    run = sending.latest()
    assert run["sending"] == run["in_doubt"] == 0
    assert run["accepted"] >= 5
    assert run["pending"] > 0


@pytest.mark.long
@pytest.mark.ci
async def test_a_page_that_is_closed_ends_its_app_only(ready: Sestui) -> None:
    server, url = begun(ready)
    async with aiohttp.ClientSession() as session:
        first, second = await opened(url, session), await opened(url, session)
        apps = psutil.Process(server.pid).children()
        assert len(apps) == 2
        await first.close()
        gone, alive = psutil.wait_procs(apps, timeout=5)
        assert (len(gone), len(alive)) == (1, 1)
        await second.send_str('["stdin", "q"]')  # leaving is up to the app, too
        while (await second.receive(timeout=30)).type is aiohttp.WSMsgType.BINARY:
            pass
        assert psutil.wait_procs(alive, timeout=20)[1] == []
        await second.close()
    server.send_signal(signal.SIGTERM)
    assert server.wait(20) == 0
    assert server.stderr is not None
    assert "Traceback" not in server.stderr.read()


@pytest.mark.long
@pytest.mark.ci
async def test_an_app_that_cannot_start_says_why_where_it_is_served(
    sestui: Sestui, tmp_path: Path
) -> None:
    server, url = begun(sestui)
    (sestui.data / "sestui.db").write_bytes(b"no database" * 1000)
    parts = urlsplit(url)
    async with aiohttp.ClientSession() as session:
        page = await session.ws_connect(
            f"ws://{parts.netloc}{parts.path}ws", origin=f"http://{parts.netloc}"
        )
        # A frame may have been painted by then: the database is opened behind it.
        while (said := await page.receive(timeout=30)).type is aiohttp.WSMsgType.BINARY:
            pass
        assert said.type is aiohttp.WSMsgType.CLOSE
        await page.close()
    server.send_signal(signal.SIGTERM)
    assert server.wait(20) == 0
    assert server.stderr is not None
    assert "is not a sestui database or is damaged" in server.stderr.read()
