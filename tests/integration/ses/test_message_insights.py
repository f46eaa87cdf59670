"""The result of a search in message insights, however SES may write it."""

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from sestui.errors import AccountError, AccountUnreachableError
from sestui.ses.client import Clients, Endpoint
from sestui.ses.message_insights import ExportJob, JobState, MessageInsights
from tests.support.clocks import FakeClock


class Answer(BaseHTTPRequestHandler):
    body = b""
    length: int | None = None
    chunked = False

    def do_GET(self) -> None:
        self.send_response(200)
        if self.length is not None:
            self.send_header("Content-Length", str(self.length))
        if self.chunked:
            self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.write(type(self).body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def done(url: str) -> ExportJob:
    return ExportJob(JobState.DONE, url=url)


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
    assert [each.message_id for each in insights.result(done(url)).mails] == expected


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
        insights.result(done(url))


def test_the_recipients_of_each_mail_are_read_where_they_are_given(
    insights: MessageInsights, url: str
) -> None:
    Answer.body = b"Message ID,Destination,Subject\nm1,a@x.example,s\nm1,b@x.example,s\nm2,,s\nm3\n"
    found = insights.result(done(url)).mails
    assert [(each.message_id, sorted(each.destinations)) for each in found] == [
        ("m1", ["a@x.example", "b@x.example"]),
        ("m2", []),
        ("m3", []),
    ]


@pytest.mark.parametrize(("records", "is_whole"), [(None, True), (2, True), (1, True), (3, False)])
def test_a_result_with_fewer_rows_than_records_is_not_whole(
    insights: MessageInsights, url: str, records: int | None, is_whole: bool
) -> None:
    Answer.body = b"Message ID\nm1\nm2\n"
    job = replace(done(url), records=records)
    assert insights.result(job).is_whole is is_whole


@pytest.mark.parametrize(("length", "chunked"), [(500, False), (None, True)])
def test_a_download_that_ends_early_is_never_taken_for_the_whole(
    insights: MessageInsights,
    url: str,
    monkeypatch: pytest.MonkeyPatch,
    length: int | None,
    chunked: bool,
) -> None:
    table = b"Message ID\nm1\n"
    monkeypatch.setattr(Answer, "body", b"1f4\r\n" + table if chunked else table)
    monkeypatch.setattr(Answer, "length", length)
    monkeypatch.setattr(Answer, "chunked", chunked)
    monkeypatch.setattr(Answer, "protocol_version", "HTTP/1.1" if chunked else "HTTP/1.0")
    with pytest.raises(AccountUnreachableError, match="can't be downloaded"):
        insights.result(done(url))
