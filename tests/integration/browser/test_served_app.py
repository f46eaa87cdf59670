"""`sestui --serve` in a real browser."""

import re
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.cli import MESSAGE, Sestui

_ESCAPE = re.compile(r"\x1b(\[[0-9;?<>=]*[A-Za-z$]|\][^\x07]*\x07|.)")


@pytest.fixture
def sestui(tmp_path: Path) -> Iterator[Sestui]:
    made = Sestui(tmp_path)
    rows = "".join(f"reader{number}@example.com,Reader {number}\n" for number in range(20))
    made.ok("import", made.write("r.csv", f"email,first name\n{rows}"), "--list", "readers")
    made.ok("apply", made.write("news.md", MESSAGE))
    yield made
    made.close()


class Painted:
    """What the app has painted into a page so far, as text."""

    def __init__(self, page: Any) -> None:
        self.text = ""
        self._page = page
        page.on("websocket", lambda socket: socket.on("framereceived", self._take))

    def _take(self, frame: str | bytes) -> None:
        if isinstance(frame, bytes):
            self.text += _ESCAPE.sub("", frame.decode("utf-8", "replace"))

    def until(self, holds: Callable[[str], object], seconds: float = 30) -> None:
        deadline = time.monotonic() + seconds
        while not holds(self.text):
            assert time.monotonic() < deadline, self.text[-3000:]
            self._page.wait_for_timeout(50)

    def until_still(self) -> None:
        """Wait until nothing is being painted: whatever was to get the focus has it."""
        seen, still = self.text, 0
        while still < 10:
            self._page.wait_for_timeout(50)
            still = still + 1 if self.text == seen else 0
            seen = self.text


@pytest.mark.long
@pytest.mark.ci
def test_the_app_is_shown_takes_keys_and_ends_with_the_server(sestui: Sestui, page: Any) -> None:
    server = sestui.start("--serve", "--port", "0")
    assert server.stderr is not None
    url = server.stderr.readline().split()[-1]
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    loaded: set[str] = set()
    page.on("request", lambda request: loaded.add(request.url.split("/")[2]))
    painted = Painted(page)
    page.goto(url)
    painted.until(lambda text: "SIMULATOR" in text and "of 40,000" in text)  # Home has been read
    before = page.screenshot()
    page.keyboard.press("2")
    painted.until(lambda text: "s Start" in text)
    page.keyboard.press("s")
    painted.until(lambda text: "Send to 20" in text)  # the check before it counts 20, too
    painted.until_still()
    page.keyboard.press("Tab")
    painted.until_still()
    page.keyboard.press("Enter")
    painted.until(lambda _: (sestui.latest() or {"accepted": 0})["accepted"] == 20)
    assert page.screenshot() != before
    assert sestui.latest()["accepted"] == 20

    server.send_signal(signal.SIGTERM)
    page.get_by_text("sestui has ended here").wait_for()
    assert server.wait(30) == 0
    assert errors == []
    assert loaded == {url.split("/")[2]}  # nothing from anywhere else


@pytest.mark.long
@pytest.mark.ci
def test_other_sites_get_no_socket(sestui: Sestui, page: Any, elsewhere: Any) -> None:
    server = sestui.start("--serve", "--port", "0")
    assert server.stderr is not None
    url = server.stderr.readline().split()[-1]
    page.goto(elsewhere.url)
    opened = """url => new Promise(done => {
        const socket = new WebSocket(url);
        socket.onopen = () => done("open");
        socket.onerror = () => done("refused");
    })"""
    socket = url.replace("http:", "ws:") + "ws"
    assert page.evaluate(opened, socket) == "refused"
    page.evaluate("url => { document.body.innerHTML = `<iframe src='${url}'></iframe>` }", url)
    page.wait_for_timeout(700)
    assert page.frame_locator("iframe").locator("#terminal").count() == 0
    page.goto(url)
    assert page.evaluate(opened, socket) == "open"  # of its own page it is taken
    server.send_signal(signal.SIGINT)
    assert server.wait(30) == 0
