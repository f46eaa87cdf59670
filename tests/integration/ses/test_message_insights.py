"""The result of a search in message insights, however SES may write it."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from sestui.errors import AccountError
from sestui.ses.client import Clients, Endpoint
from sestui.ses.message_insights import MessageInsights
from tests.support.clocks import FakeClock


class Answer(BaseHTTPRequestHandler):
    body = b""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(type(self).body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def url() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/result"
        server.shutdown()
        thread.join()


@pytest.fixture
def insights(monkeypatch: pytest.MonkeyPatch) -> MessageInsights:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "none")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "none")
    clients = Clients(Endpoint(region="eu-west-1"))
    return MessageInsights(clients, FakeClock(), simulated=True, stop=threading.Event())


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("Message ID,Destination\nm1,ada@example.com\nm2,bob@example.com\nm1,x\n", ["m1", "m2"]),
        ("\ufeffmessage_id\nm1\n", ["m1"]),
        ("Message ID,Destination\n", []),
        (json.dumps([{"MessageId": "m1"}, {"MessageId": "m2"}]), ["m1", "m2"]),
        ('{"messageId": "m1"}\n{"messageId": "m2"}\n', ["m1", "m2"]),
        ("[]", []),
    ],
)
def test_each_mail_is_named_once(
    insights: MessageInsights, url: str, body: str, expected: list[str]
) -> None:
    Answer.body = body.encode()
    assert insights.message_ids(url) == expected


@pytest.mark.parametrize(
    "body",
    [
        "",
        "Id,Destination\nm1,ada@example.com\n",
        "<html><body>Access denied</body></html>",
        '{"mails": [{"MessageId": "m1"}]}',
        '["m1", "m2"]',
        '[{"MessageId": "m1"}, {"Id": "m2"}]',
        '[{"MessageId": "m1"',
        "{}",
    ],
)
def test_what_cannot_be_read_is_never_taken_for_no_mails(
    insights: MessageInsights, url: str, body: str
) -> None:
    Answer.body = body.encode()
    with pytest.raises(AccountError, match="can't be read"):
        insights.message_ids(url)
