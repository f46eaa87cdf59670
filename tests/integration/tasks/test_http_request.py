"""Requests to a real server on loopback, and what must not be asked for."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import create_server

import pytest

from sestui.core.task.states import TaskRunState
from sestui.errors import UsageError
from sestui.tasks.safe_http import is_public
from sestui.tasks.types.http_request import HttpRequest, HttpRequestParameters
from tests.support.clocks import FakeClock
from tests.support.tasks import context, ran


class Site(BaseHTTPRequestHandler):
    """Answers by the path."""

    seen: list[tuple[str, str, dict[str, str], bytes]]

    def _answer(self) -> None:
        length = int(self.headers.get("content-length") or 0)
        body = self.rfile.read(length)
        self.server.seen.append((self.command, self.path, dict(self.headers), body))  # type: ignore[attr-defined]
        if self.path.startswith("/to/"):
            _, _, status, rest = self.path.split("/", 3)
            self.send_response(int(status))
            self.send_header("Location", rest if "://" in rest else f"/{rest}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if self.path == "/slow":
            try:
                for _ in range(100):
                    self.wfile.write(b"H")
                    time.sleep(0.1)
            except OSError:
                return
        if self.path == "/nonsense":
            self.wfile.write(b"220 mail.example ESMTP\r\n")
            return
        if self.path.startswith("/echo"):
            said = f"No entry: {self.path} {dict(self.headers)} {body.decode()}".encode()
            self.send_response(403)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)
            return
        statuses = self.path.strip("/").partition("?")[0].split(",")
        status = int(statuses[min(len(self.server.seen), len(statuses)) - 1] or 200)  # type: ignore[attr-defined]
        self.send_response(status)
        self.send_header("Content-Length", "6")
        self.end_headers()
        self.wfile.write(b"h\x1b[31m" if self.command != "HEAD" else b"")

    do_GET = do_POST = do_HEAD = do_PUT = do_PATCH = do_DELETE = _answer  # noqa: N815 - http.server asks for these names

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def site() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    server.seen = []  # type: ignore[attr-defined]
    server.url = f"http://127.0.0.1:{server.server_port}"  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def asked(runtime, url, **parameters):
    return ran(runtime, "http-request", {"url": url, "allow_private": True, **parameters})


def test_an_answer_that_is_expected(runtime, site):
    run = asked(runtime, site.url, method="POST", body="é", headers={"X-Token": "t"})
    assert (run.state, run.detail) == (TaskRunState.SUCCEEDED, "The answer was 200.")
    assert run.result["status"] == 200
    ((method, path, headers, body),) = site.seen
    assert (method, path, headers["X-Token"], body) == ("POST", "/", "t", "é".encode())
    assert headers["Host"] == site.url.removeprefix("http://")
    assert asked(runtime, f"{site.url}/404", expected=[404]).state is TaskRunState.SUCCEEDED


def test_an_answer_that_is_not(runtime, site):
    run = asked(runtime, f"{site.url}/500?token=secret")
    assert (run.state, run.detail) == (
        TaskRunState.FAILED,
        "The answer was 500, which is not expected.",
    )
    assert len(site.seen) == 1
    assert "h\\x1b[31m" in run.log
    assert "secret" not in run.log


def test_another_try_comes_later_and_may_go_well(runtime, site):
    clock = FakeClock()
    wanted = HttpRequestParameters(url=f"{site.url}/500,503,200", retries=5, allow_private=True)
    began = clock.monotonic()
    assert HttpRequest().run(context(runtime, wanted, clock)).figures["status"] == 200
    assert len(site.seen) == 3
    assert clock.monotonic() - began == 2 + 4, "whoever is busy is left in peace for longer"


@pytest.mark.parametrize("method", ["HEAD", "PUT", "PATCH", "DELETE"])
def test_every_method(runtime, site, method):
    assert asked(runtime, site.url, method=method).state is TaskRunState.SUCCEEDED
    assert site.seen[0][0] == method


def test_what_was_sent_is_not_logged_though_the_host_repeats_it(runtime, site):
    run = asked(
        runtime,
        f"{site.url}/echo?key=q-secret",
        method="POST",
        headers={"Authorization": "Bearer h-secret", "X-Api-Key": "x-secret"},
        body="b-secret",
    )
    assert run.state is TaskRunState.FAILED
    assert "No entry: /echo?(as sent)" in run.log
    assert site.seen[0][2]["X-Api-Key"] == "x-secret"
    assert "secret" not in run.log + run.detail + str(run.result)


def test_redirects_are_followed_with_care(runtime, site):
    away = f"http://localhost:{site.server_port}/200"
    run = asked(
        runtime,
        f"{site.url}/to/302/{away}",
        method="POST",
        body="x",
        headers={"Authorization": "secret", "X-Api-Key": "secret", "Accept": "text/plain"},
    )
    assert run.state is TaskRunState.SUCCEEDED
    (_, (method, _, headers, body)) = site.seen
    assert (method, body, headers["Accept"]) == ("GET", b"", "text/plain")
    assert "secret" not in headers.values(), "secrets stay with the host they are for"
    site.seen.clear()
    kept = asked(runtime, f"{site.url}/to/307/200", method="PUT", body="x", headers={"X": "secret"})
    assert kept.result["status"] == 200
    assert [(method, body) for method, _, _, body in site.seen] == [("PUT", b"x"), ("PUT", b"x")]
    assert site.seen[1][2]["X"] == "secret", "it is the same host"
    around = asked(runtime, f"{site.url}/to/301/to/301/to/301/to/301/to/301/to/301/to/301/200")
    assert "more than 5 redirects" in around.detail
    inside = asked(runtime, f"{site.url}/to/302/ftp://me:secret@example.com/")
    assert "ftp://example.com/ is not a URL of http or https" in inside.detail


# what is not on the internet

PUBLIC = "93.184.216.34"


@pytest.fixture
def internet(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Names and addresses that this machine's network has not.

    ``PUBLIC`` leads to this machine's port of the same number; the list tells what was connected
    to. Only what the operating system would do is stood in for.
    """
    names: dict[str, list[list[str]]] = {}
    connected: list[str] = []
    real_look, real_connect = socket.getaddrinfo, socket.socket.connect

    def look(host, port, *args, **kwargs):
        if host not in names:
            return real_look(host, port, *args, **kwargs)
        said = names[host].pop(0) if len(names[host]) > 1 else names[host][0]
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port or 0)) for address in said
        ]

    def connect(self, where):
        if isinstance(where, tuple):
            connected.append(where[0])
            where = ("127.0.0.1" if where[0] == PUBLIC else where[0], where[1])
        return real_connect(self, where)

    def known(**given: list[list[str]]) -> list[str]:
        names.update({f"{name}.example.com": answers for name, answers in given.items()})
        return connected

    monkeypatch.setattr(socket, "getaddrinfo", look)
    monkeypatch.setattr(socket.socket, "connect", connect)
    return known


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "localhost", "169.254.169.254", "2130706433", "0x7f.1", "0"),
        *("[::1]", "[::ffff:127.0.0.1]"),
    ],
)
def test_what_is_not_on_the_internet_is_refused(runtime, site, host):
    url = f"http://{host}:{site.server_port}/"
    run = ran(runtime, "http-request", {"url": url, "retries": 3})
    assert run.state is TaskRunState.FAILED
    assert "which is not a public address" in run.detail
    assert site.seen == []


def test_a_name_of_something_inside_is_refused(runtime, site, internet):
    connected = internet(inside=[["10.0.0.5"]], both=[[PUBLIC, "127.0.0.1"]])
    for name, address in (("inside", "10.0.0.5"), ("both", "127.0.0.1")):
        url = f"http://{name}.example.com:{site.server_port}/"
        run = ran(runtime, "http-request", {"url": url})
        assert run.detail == (
            f"{name}.example.com is at {address}, which is not a public address; the parameter "
            "allow_private permits that."
        )
    assert (connected, site.seen) == ([], [])


def test_a_name_that_says_something_else_the_second_time_gains_nothing(runtime, site, internet):
    connected = internet(fickle=[[PUBLIC], ["127.0.0.1"]])
    url = f"http://fickle.example.com:{site.server_port}/"
    run = ran(runtime, "http-request", {"url": url})
    assert run.state is TaskRunState.SUCCEEDED, run.detail
    assert connected == [PUBLIC]
    assert site.seen[0][2]["Host"] == url.removeprefix("http://").strip("/")


@pytest.mark.parametrize(
    "inside", ["http://169.254.169.254/latest/meta-data", "http://metadata.example.com/"]
)
def test_a_redirect_to_what_is_not_on_the_internet_is_refused(runtime, site, internet, inside):
    connected = internet(shop=[[PUBLIC]], metadata=[["169.254.169.254"]])
    url = f"http://shop.example.com:{site.server_port}/to/302/{inside}"
    run = ran(runtime, "http-request", {"url": url})
    assert "is at 169.254.169.254, which is not a public address" in run.detail
    assert len(site.seen) == 1, "the public host was asked"
    assert connected == [PUBLIC]


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1:248:1893:25c8:1946", True),
        *((each, False) for each in ("127.0.0.1", "10.1.2.3", "192.168.0.1", "172.16.0.1")),
        *((each, False) for each in ("169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1")),
        *((each, False) for each in ("::1", "::", "fe80::1%eth0", "fd00:ec2::254", "ff02::1")),
        ("::ffff:127.0.0.1", False),
        ("2002:7f00:1::", False),  # 6to4 of 127.0.0.1
        ("64:ff9b::10.0.0.1", False),  # NAT64
        ("64:ff9b::93.184.216.34", True),
        ("240.0.0.1", False),
        *((each, False) for each in ("192.0.0.192", "192.0.0.9", "192.88.99.1")),
        *((each, False) for each in ("64:ff9b:1::1", "64:ff9b:1:fffe::7f00:1")),
        *((each, False) for each in ("::127.0.0.1", "::93.184.216.34", "::ffff:0:127.0.0.1")),
        *((each, False) for each in ("fec0::1", "feff::1", "3fff::1", "5f00::1")),
    ],
)
def test_what_is_public(address, public):
    assert is_public(address) is public


def test_a_host_that_never_answers(runtime):
    with create_server(("127.0.0.1", 0)) as silent:
        began = time.monotonic()
        run = asked(runtime, f"http://127.0.0.1:{silent.getsockname()[1]}/", timeout=0.5)
        assert time.monotonic() - began < 10
    assert run.state is TaskRunState.FAILED
    assert "no answer within" in run.detail


def test_a_host_that_answers_byte_by_byte(runtime, site):
    began = time.monotonic()
    run = asked(runtime, f"{site.url}/slow", timeout=0.5)
    assert "no answer within" in run.detail
    assert time.monotonic() - began < 8


def test_something_else_than_a_web_server(runtime, site):
    run = asked(runtime, f"{site.url}/nonsense")
    assert run.detail.endswith("what answers is not a web server (BadStatusLine).")


def test_nobody_there(runtime):
    with create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    assert "onnection" in asked(runtime, f"http://127.0.0.1:{port}/").detail
    unknown = asked(runtime, "http://nowhere.invalid/")
    assert unknown.detail == "The host nowhere.invalid can't be found."


def test_a_certificate_of_nobody_we_know(runtime, site):
    run = asked(runtime, f"https://127.0.0.1:{site.server_port}/", timeout=2)
    assert run.state is TaskRunState.FAILED
    assert run.detail.startswith(f"https://127.0.0.1:{site.server_port}/: ")


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"url": "ftp://example.com"}, "url: ftp://example.com is not a URL of http or https"),
        ({"url": "example.com"}, "is not a URL of http or https"),
        ({"url": "http://[::1"}, "is not a URL"),
        ({"url": "http://a:b@example.com/"}, "can't carry a user and password"),
        ({"url": "ftp://a:b@example.com/"}, "url: ftp://example.com/ is not a URL of"),
        ({"url": "http://a.example/", "method": "BREW"}, "method: input should be"),
        ({"url": "http://a.example/", "headers": {"X": "a\r\nHost: b"}}, "can't be a header"),
        ({"url": "http://a.example/", "headers": {"Host": "b"}}, "host can't be set"),
        ({"url": "http://a.example/", "timeout": 0}, "timeout: input should be greater than 0"),
        ({}, "url: field required"),
    ],
)
def test_wrong_parameters(runtime, parameters, said):
    with pytest.raises(UsageError) as caught:
        ran(runtime, "http-request", parameters)
    assert said in str(caught.value)
