"""What goes over the wire is what boto3 would send, by the same proxies and authorities."""

import base64
import copy
import json
import ssl
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from sestui.core.delivery.handover import AnswerKind, HoldBack
from sestui.core.delivery.mail import MailAttachment
from sestui.ses.client import Clients, Endpoint
from sestui.ses.requests import bulk_request, single_request
from tests.support.certificates import self_signed


class Listener:
    """Takes every request; what it was asked, as path, headers and body."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.asked: list[tuple[str, dict[str, str], Any]] = []
        self.answer = json.dumps({"MessageId": "0102-heard"})
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                listener.asked.append((self.path, dict(self.headers.items()), asked))
                body = listener.answer.encode()
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


@pytest.fixture
def sent(sending, mail):
    """Send a mail by a way of its own, as the environment says."""
    return lambda: sending(Clients(Endpoint())).send(mail())


_RICH: dict[str, Any] = {
    "subject": "Größe 陽子 \U0001f600",
    "html": "<p>“Hello”</p>\r\n{{ }} \\ \x7f",
    "headers": (("List-Unsubscribe", "<mailto:x@example.com>"),),
    "reply_to": ("a@example.com", "B <b@example.com>"),
    "configuration_set": "shop",
}
_FILE = MailAttachment("price list.pdf", "application/pdf", bytes(range(256)))
_NOTE = MailAttachment("Größe.txt", "text/plain", b"")
_RAW = {
    "FromEmailAddress": "news@example.com",
    "Destination": {"ToAddresses": ["ada@example.com"], "BccAddresses": ["b@example.com"]},
    "Content": {"Raw": {"Data": b"Subject: x\r\n\r\n\xff\x00"}},
    "ListManagementOptions": {"ContactListName": "all"},
}


@pytest.mark.parametrize(
    "fields", [{}, _RICH, {**_RICH, "attachments": (_FILE,)}, {"request": _RAW}]
)
def test_a_single_call_says_what_boto3_would_say(sending, listen, mail, monkeypatch, fields):
    ses = listen()
    monkeypatch.setenv("AWS_ENDPOINT_URL_SESV2", f"http://127.0.0.1:{ses.port}")
    made = mail(**fields)
    clients = Clients(Endpoint())
    assert sending(clients).send(made).message_id == "0102-heard"
    clients.sesv2.send_email(**for_boto3(single_request(made)))
    check_alike(ses)


@pytest.mark.parametrize(
    ("fields", "of_second"),
    [({}, {}), ({"attachments": (_FILE, _NOTE)}, {"headers": (("X-Own", "2"),)})],
)
def test_a_bulk_call_says_what_boto3_would_say(
    sending, listen, mail, monkeypatch, fields, of_second
):
    ses = listen()
    monkeypatch.setenv("AWS_ENDPOINT_URL_SESV2", f"http://127.0.0.1:{ses.port}")
    common = _RICH | fields
    mails = [mail("a@example.com", **common), mail("Zoë@example.com", **common | of_second)]
    clients = Clients(Endpoint())
    sending(clients).send_bulk(mails)
    clients.sesv2.send_bulk_email(**for_boto3(bulk_request(mails)))
    check_alike(ses)


def for_boto3(request):
    """The arguments as boto3 takes, and checks, them: it writes files in base64 by itself."""
    given = copy.deepcopy(request)
    for part in (given.get("Content") or given["DefaultContent"]).values():
        for file in part.get("Attachments", []):
            file["RawContent"] = base64.b64decode(file["RawContent"])
    return given


def check_alike(ses):
    ours, theirs = ses.asked
    assert ours[0] == theirs[0]
    assert ours[1]["Content-Type"] == theirs[1]["Content-Type"]
    assert ours[2] == theirs[2]


@pytest.mark.parametrize("said", ["", "{", "[]", "null", '{"MessageId": 7}', '{"MessageId": ""}'])
def test_an_answer_that_makes_no_sense_leaves_the_mail_in_doubt(
    sending, listen, mail, monkeypatch, said
):
    ses = listen()
    ses.answer = said
    monkeypatch.setenv("AWS_ENDPOINT_URL_SESV2", f"http://127.0.0.1:{ses.port}")
    gateway = sending(Clients(Endpoint()))
    assert gateway.send(mail()).kind is AnswerKind.UNKNOWN
    assert [reply.kind for reply in gateway.send_bulk([mail()] * 2)] == [AnswerKind.UNKNOWN] * 2


@pytest.mark.long
@pytest.mark.ci
@pytest.mark.parametrize("results", [None, 7, [], [None, None], ["a", "b"]])
def test_a_bulk_answer_that_makes_no_sense_leaves_all_in_doubt(
    sending, listen, mail, monkeypatch, results
):
    ses = listen()
    ses.answer = json.dumps({"BulkEmailEntryResults": results})
    monkeypatch.setenv("AWS_ENDPOINT_URL_SESV2", f"http://127.0.0.1:{ses.port}")
    replies = sending(Clients(Endpoint())).send_bulk([mail()] * 2)
    assert [reply.kind for reply in replies] == [AnswerKind.UNKNOWN] * 2


def test_a_request_is_signed_for_the_region_and_says_who_sends(listen, sent, monkeypatch):
    monkeypatch.setenv("AWS_SESSION_TOKEN", "of-a-role")
    ses = listen()
    monkeypatch.setenv("AWS_ENDPOINT_URL_SESV2", f"http://127.0.0.1:{ses.port}/under/")
    assert sent().message_id == "0102-heard"
    [(path, headers, _)] = ses.asked
    assert path == "/under/v2/email/outbound-emails"
    assert headers["Authorization"].startswith("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/")
    assert "/eu-north-1/ses/aws4_request" in headers["Authorization"]
    assert headers["X-Amz-Security-Token"] == "of-a-role"
    assert headers["User-Agent"].startswith("sestui/")


def test_the_proxy_of_the_environment_is_used_for_ses(listen, sent, monkeypatch):
    proxy = listen()
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.port}")
    monkeypatch.setenv("AWS_ENDPOINT_URL_SESV2", "http://ses.example.invalid")
    assert sent().message_id == "0102-heard"
    assert proxy.asked[0][0] == "http://ses.example.invalid/v2/email/outbound-emails"


def test_a_certificate_authority_of_ones_own_is_believed_and_a_strangers_is_not(
    listen, sent, tmp_path, monkeypatch
):
    certificate, key = self_signed(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    ses = listen(context)
    monkeypatch.setenv("AWS_ENDPOINT_URL_SESV2", f"https://localhost:{ses.port}")
    stranger = sent()
    assert (stranger.kind, stranger.hold_back) == (AnswerKind.NOT_SENT, HoldBack.UNREACHABLE)
    assert ses.asked == []
    monkeypatch.setenv("AWS_CA_BUNDLE", str(certificate))
    assert sent().message_id == "0102-heard"


def test_without_credentials_nothing_leaves_and_the_run_is_to_pause(listen, sent, monkeypatch):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    ses = listen()
    monkeypatch.setenv("AWS_ENDPOINT_URL_SESV2", f"http://127.0.0.1:{ses.port}")
    reply = sent()
    assert (reply.kind, reply.code) == (AnswerKind.NOT_SENT, "NoCredentialsError")
    assert reply.hold_back is HoldBack.PAUSED
    assert ses.asked == []
