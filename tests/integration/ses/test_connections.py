"""Sending goes by the network's own rules: its proxies, its certificate authorities, its roles."""

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from certificates import self_signed

from sestui.core.delivery import AnswerKind, HoldBack
from sestui.ses.client import Clients, Endpoint
from sestui.ses.gateway import Gateway


class Listener:
    """Takes every request for SendEmail; what it was asked."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.asked: list[tuple[str, dict[str, str]]] = []
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                listener.asked.append((self.path, dict(self.headers.items())))
                body = json.dumps({"MessageId": "0102-heard"}).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if context is not None:
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def listen() -> Iterator[Callable[..., Listener]]:
    opened: list[Listener] = []

    def make(context: ssl.SSLContext | None = None) -> Listener:
        opened.append(Listener(context))
        return opened[-1]

    yield make
    for each in opened:
        each.close()


@pytest.fixture(autouse=True)
def credentials(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_REGION", "eu-north-1")


def sent(mail):
    return Gateway(Clients(Endpoint(), connections=1)).send(mail(), lambda: True)


def test_a_request_is_signed_for_the_region_and_says_who_sends(listen, mail, monkeypatch):
    monkeypatch.setenv("AWS_SESSION_TOKEN", "of-a-role")
    ses = listen()
    monkeypatch.setenv("AWS_ENDPOINT_URL_SESV2", f"http://127.0.0.1:{ses.port}/under/")
    assert sent(mail).message_id == "0102-heard"
    [(path, headers)] = ses.asked
    assert path == "/under/v2/email/outbound-emails"
    assert headers["Authorization"].startswith("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/")
    assert "/eu-north-1/ses/aws4_request" in headers["Authorization"]
    assert headers["X-Amz-Security-Token"] == "of-a-role"
    assert headers["User-Agent"].startswith("sestui/")


def test_the_proxy_of_the_environment_is_used_for_ses(listen, mail, monkeypatch):
    proxy = listen()
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.port}")
    monkeypatch.setenv("AWS_ENDPOINT_URL_SESV2", "http://ses.example.invalid")
    assert sent(mail).message_id == "0102-heard"
    assert proxy.asked[0][0] == "http://ses.example.invalid/v2/email/outbound-emails"


def test_a_certificate_authority_of_ones_own_is_believed_and_a_strangers_is_not(
    listen, mail, tmp_path, monkeypatch
):
    certificate, key = self_signed(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    ses = listen(context)
    monkeypatch.setenv("AWS_ENDPOINT_URL_SESV2", f"https://localhost:{ses.port}")
    stranger = sent(mail)
    assert (stranger.kind, stranger.hold_back) == (AnswerKind.NOT_SENT, HoldBack.UNREACHABLE)
    assert ses.asked == []
    monkeypatch.setenv("AWS_CA_BUNDLE", str(certificate))
    assert sent(mail).message_id == "0102-heard"


def test_without_credentials_nothing_leaves_and_the_run_is_to_pause(listen, mail, monkeypatch):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    ses = listen()
    monkeypatch.setenv("AWS_ENDPOINT_URL_SESV2", f"http://127.0.0.1:{ses.port}")
    reply = sent(mail)
    assert (reply.kind, reply.code) == (AnswerKind.NOT_SENT, "NoCredentialsError")
    assert reply.hold_back is HoldBack.PAUSED
    assert ses.asked == []
