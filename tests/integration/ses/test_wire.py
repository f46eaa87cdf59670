"""Whatever comes for an answer: a message id that is whole is an acceptance, all else is doubt."""

import gzip
import ssl
import threading
from collections.abc import Callable, Iterator

import pytest

from sestui.core.delivery.handover import AnswerKind
from sestui.core.delivery.mail import MailAttachment
from sestui.ses.client import Clients, Endpoint
from tests.support.certificates import self_signed
from tests.support.raw_server import MESSAGE, RawServer, http

ACCEPTED, UNKNOWN = AnswerKind.ACCEPTED, AnswerKind.UNKNOWN

CHUNKED = (
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n"
    + b"5;note=odd\r\n%s\r\n16\r\n%s\r\n0\r\nX-Sum: 1\r\n\r\n" % (MESSAGE[:5], MESSAGE[5:])
)
NO_LENGTH = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"
EARLY_HINTS = b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"

WHOLE = {
    "plain": [http()],
    "byte by byte": [bytes([byte]) for byte in http()],
    "continue first": [b"HTTP/1.1 100 Continue\r\n\r\n", http()],
    "continue in the same packet": [b"HTTP/1.1 100 Continue\r\n\r\n" + http()],
    "hints and continue": [EARLY_HINTS + EARLY_HINTS + b"HTTP/1.1 100 Continue\r\n\r\n" + http()],
    "chunked, with trailers": [CHUNKED],
    "an answer and a half": [http() + http(b'{"MessageId": "0102-other"}')[:40]],
    "two answers in one packet": [http() + http(b'{"MessageId": "0102-other"}')],
    "an answer and rubbish": [http() + b"\x00\xff rubbish"],
    "HTTP/1.0": [http(version="1.0"), b""],
    "HTTP/1.0 without a length": [NO_LENGTH.replace(b"1.1", b"1.0") + MESSAGE, b""],
    "ended by the close": [NO_LENGTH, MESSAGE, b""],
    "announced close": [http(MESSAGE, "Connection: close"), b""],
    "a million bytes of headers": [http(MESSAGE, *[f"X-{n}: {'x' * 990}" for n in range(1_000)])],
    "more in the JSON": [http(b'{"Extra": [1, {"a": null}], "MessageId": "0102-heard"}')],
}
SENSELESS = {
    "length too small": [http().replace(b"Length: 27", b"Length: 20"), b""],
    "length too large, then closed": [http().replace(b"Length: 27", b"Length: 90"), b""],
    "length too large, then nothing": [http().replace(b"Length: 27", b"Length: 90")],
    "a negative length": [http().replace(b"Length: 27", b"Length: -1")],
    "no number for a length": [http().replace(b"Length: 27", b"Length: many")],
    "chunk sizes that are none": [CHUNKED.replace(b"16\r\n", b"zz\r\n")],
    "chunks without an end": [CHUNKED[:-14], b""],
    "gzip, though nobody asked": [http(gzip.compress(MESSAGE), "Content-Encoding: gzip")],
    "nothing": [b""],
    "204": [b"HTTP/1.1 204 No Content\r\n\r\n"],
    "205": [http(b"", status="205 Reset Content")],
    "no body": [http(b"")],
    "continue and no more": [b"HTTP/1.1 100 Continue\r\n\r\n", b""],
    "a change of protocols": [
        b"HTTP/1.1 101 Switching\r\nUpgrade: h2\r\nConnection: upgrade\r\n\r\n"
    ],
    "HTTP/2": [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
    "another protocol": [b"220 mail.example.com ESMTP\r\n", b""],
    "NUL bytes": [bytes(1_000), b""],
    "NUL in a header": [http(MESSAGE, "X-Odd: a\x00b"), b""],
    "cut off in the headers": [http()[:30], b""],
    "cut off in the JSON": [NO_LENGTH + MESSAGE[:20], b""],
    "half a character": [http(b'{"MessageId": "\xff"}')],
    "a long number": [http(b'{"MessageId": 1%s}' % (b"0" * 5_000))],
    "deep JSON": [http(b'{"MessageId": %s}' % (b"[" * 100_000))],
    "headers without end": [b"HTTP/1.1 200 OK\r\n", *[b"X: %s\r\n" % (b"x" * 65_000)] * 100],
    "fifty million bytes": [http(bytes(1_000)).replace(b": 1000", b": 50000000")]
    + [bytes(1_000_000)] * 50,
    "chunks without limit": [CHUNKED[: CHUNKED.index(b"5;")]]
    + [b"f4240\r\n%s\r\n" % bytes(10**6)] * 50,
}


@pytest.fixture(autouse=True)
def credentials(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_REGION", "eu-north-1")
    monkeypatch.setattr("sestui.ses.connections.CALL_SECONDS", 2.0)


@pytest.fixture
def serve(monkeypatch) -> Iterator[Callable[..., RawServer]]:
    """Be SES by a script."""
    opened: list[RawServer] = []

    def make(script=lambda _: [http()], **options) -> RawServer:
        opened.append(RawServer(script, **options))
        tls = options.get("context") is not None
        where = f"https://localhost:{opened[-1].port}" if tls else f"127.0.0.1:{opened[-1].port}"
        monkeypatch.setenv("AWS_ENDPOINT_URL_SESV2", where if tls else f"http://{where}")
        return opened[-1]

    yield make
    for each in opened:
        each.close()


@pytest.mark.long
@pytest.mark.ci
@pytest.mark.parametrize("said", WHOLE.values(), ids=WHOLE.keys())
def test_a_whole_answer_is_read_however_it_comes(serve, sending, mail, said):
    serve(lambda _: said)
    gateway = sending(Clients(Endpoint()))
    for _ in range(3):  # nothing that is left of one answer is taken for the next
        reply = gateway.send(mail())
        assert (reply.kind, reply.message_id) == (ACCEPTED, "0102-heard")


@pytest.mark.long
@pytest.mark.ci
@pytest.mark.parametrize("said", SENSELESS.values(), ids=SENSELESS.keys())
def test_what_makes_no_sense_is_doubt_and_spoils_nothing_after_it(serve, sending, mail, said):
    server = serve(lambda _: said)
    gateway = sending(Clients(Endpoint()))
    reply = gateway.send(mail())
    assert (reply.kind, reply.message_id) == (UNKNOWN, "")
    assert reply.reason.isprintable()
    assert len(server.requests) == 1  # once, whatever came
    server.script = lambda _: [http()]
    assert gateway.send(mail()).kind is ACCEPTED


def large(mail, millions):
    file = MailAttachment("film.bin", "application/octet-stream", bytes(millions * 1_000_000))
    return mail(attachments=(file,))


def test_a_mail_is_not_accepted_before_it_has_left_whole(serve, sending, mail):
    serve(whole=False)
    assert sending(Clients(Endpoint())).send(large(mail, 20)).kind is UNKNOWN


@pytest.mark.long
@pytest.mark.ci
def test_a_mail_may_be_refused_before_it_has_left_whole(serve, sending, mail):
    said = http(
        b'{"message": "Too large."}',
        "x-amzn-ErrorType: BadRequestException",
        "Connection: close",
        status="400 Bad Request",
    )
    over = threading.Event()

    def refused(_):
        yield said
        over.wait(30)  # a close with unread bytes would be a reset, which may overtake the answer

    serve(refused, whole=False)
    reply = sending(Clients(Endpoint())).send(large(mail, 20))
    over.set()
    assert (reply.kind, reply.code) == (AnswerKind.REFUSED, "BadRequestException")


def test_a_large_mail_leaves_whole(serve, sending, mail):
    server = serve()
    assert sending(Clients(Endpoint())).send(large(mail, 20)).kind is ACCEPTED
    assert len(server.requests[0]) > 26_000_000


# connections that are kept


@pytest.fixture(params=["http", "https"])
def context(request, tmp_path, monkeypatch) -> ssl.SSLContext | None:
    """TLS, or none."""
    if request.param == "http":
        return None
    certificate, key = self_signed(tmp_path)
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(certificate, key)
    monkeypatch.setenv("AWS_CA_BUNDLE", str(certificate))
    return made


def test_a_connection_carries_one_mail_after_another(serve, sending, mail, context):
    server = serve(context=context)
    gateway = sending(Clients(Endpoint()))
    assert {gateway.send(mail()).kind for _ in range(10)} == {ACCEPTED}
    assert server.opened == 1


@pytest.mark.long
@pytest.mark.ci
def test_what_was_closed_while_idle_carries_no_mail(serve, sending, mail, context):
    server = serve(context=context)
    gateway = sending(Clients(Endpoint()), wanted=5)
    gateway.gateway.want(5)
    for _ in range(4):
        gateway.until(lambda: gateway.gateway.ready == 5)
        assert {gateway.send(mail()).kind for _ in range(5)} == {ACCEPTED}
        server.hang_up()
        assert gateway.send(mail()).kind is ACCEPTED  # at once: nobody was told of the closing
    assert len(server.requests) == 24
    # A server of Python's leaves a socket behind where a handshake is broken off.
    gateway.until(lambda: gateway.gateway.ready == 5)


@pytest.mark.long
@pytest.mark.ci
@pytest.mark.parametrize("after", [1, 3])
def test_a_server_that_closes_without_a_word_after_some_answers(serve, sending, mail, after):
    closed = threading.Event()

    def script(_):
        yield http()
        if len(server.requests) % after == 0:
            server.hang_up()
            closed.set()
            yield b""
        closed.set()

    server = serve(script)
    gateway = sending(Clients(Endpoint()))
    for _ in range(12):
        closed.clear()
        assert gateway.send(mail()).kind is ACCEPTED
        assert closed.wait(10)
    assert len(server.requests) == 12
