"""The ways to SES: proxies, names and addresses; what is no way carries no mail."""

import socket
import ssl
from collections.abc import Callable, Iterator

import pytest

from sestui.core.delivery.handover import AnswerKind, HoldBack
from sestui.errors import SettingsError
from sestui.ses.client import Clients, Endpoint
from tests.support.certificates import self_signed
from tests.support.raw_server import RawServer
from tests.support.tunnel import Tunnel

NO_WAY = (AnswerKind.NOT_SENT, HoldBack.UNREACHABLE)


@pytest.fixture(autouse=True)
def credentials(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_REGION", "eu-north-1")


@pytest.fixture
def ses(tmp_path, monkeypatch) -> Iterator[RawServer]:
    """SES by TLS."""
    certificate, key = self_signed(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = RawServer(context=context)
    monkeypatch.setenv("AWS_CA_BUNDLE", str(certificate))
    monkeypatch.setenv("AWS_ENDPOINT_URL_SESV2", f"https://localhost:{server.port}")
    yield server
    server.close()


@pytest.fixture
def tunnel(monkeypatch) -> Iterator[Callable[..., Tunnel]]:
    """Stand between us and SES."""
    made: list[Tunnel] = []

    def make(password: str = "", *, given: str = "") -> Tunnel:
        made.append(Tunnel(password))
        who = f"{given}@" if given else ""
        monkeypatch.setenv("HTTPS_PROXY", f"http://{who}127.0.0.1:{made[-1].port}")
        return made[-1]

    yield make
    for each in made:
        each.die()


def test_a_proxy_connects_and_sees_nothing(ses, tunnel, sending, mail):
    proxy = tunnel()
    gateway = sending(Clients(Endpoint()))
    assert {gateway.send(mail()).kind for _ in range(3)} == {AnswerKind.ACCEPTED}
    (asked,) = proxy.asked
    assert asked.startswith(f"CONNECT localhost:{ses.port} HTTP/1".encode())
    assert b"AKIDEXAMPLE" not in asked
    # As without a proxy: the path, and no word of the proxy to SES.
    head = ses.requests[0].partition(b"\r\n\r\n")[0]
    assert head.startswith(b"POST /v2/email/outbound-emails HTTP/1.1\r\n")
    assert b"proxy" not in head.lower()


def test_a_proxy_that_wants_a_password_gets_it_and_ses_does_not(ses, tunnel, sending, mail):
    tunnel("ada:pass word", given="ada:pass%20word")
    assert sending(Clients(Endpoint())).send(mail()).kind is AnswerKind.ACCEPTED
    assert b"roxy-" not in ses.requests[0]


@pytest.mark.parametrize("given", ["", "ada:wrong"])
def test_a_proxy_that_refuses_lets_nothing_leave(ses, tunnel, sending, mail, given):
    tunnel("ada:right", given=given)
    reply = sending(Clients(Endpoint())).send(mail())
    assert (reply.kind, reply.hold_back) == NO_WAY
    assert reply.code == "ProxyConnectionError"
    assert "407" in reply.reason
    assert "wrong" not in reply.reason
    assert ses.requests == []


def test_a_proxy_that_is_gone_lets_nothing_leave(ses, tunnel, sending, mail):
    tunnel().die()
    reply = sending(Clients(Endpoint())).send(mail())
    assert (reply.kind, reply.hold_back) == NO_WAY
    assert reply.code == "ProxyConnectionError"
    assert "Connection refused" in reply.reason


def test_a_proxy_that_dies_with_a_mail_leaves_it_in_doubt_and_the_next_unsent(
    ses, tunnel, sending, mail
):
    proxy = tunnel()

    def script(_):
        proxy.die()
        yield b""

    ses.script = script
    gateway = sending(Clients(Endpoint()))
    assert gateway.send(mail()).kind is AnswerKind.UNKNOWN
    reply = gateway.send(mail())
    assert (reply.kind, reply.hold_back) == NO_WAY


def test_a_proxy_that_can_not_reach_ses_lets_nothing_leave(ses, tunnel, sending, mail):
    ses.close()
    tunnel()
    reply = sending(Clients(Endpoint())).send(mail())
    assert (reply.kind, reply.hold_back) == NO_WAY


def test_ses_by_ipv6(sending, mail, monkeypatch):
    try:
        server = RawServer(host="::1")
    except OSError:
        pytest.skip("there is no IPv6 here")
    monkeypatch.setenv("AWS_ENDPOINT_URL_SESV2", f"http://[::1]:{server.port}")
    assert sending(Clients(Endpoint())).send(mail()).kind is AnswerKind.ACCEPTED
    assert f"Host: [::1]:{server.port}\r\n".encode() in server.requests[0]
    server.close()


def test_a_name_that_nobody_knows_lets_nothing_leave_until_it_is_known(sending, mail, monkeypatch):
    server = RawServer()
    monkeypatch.setenv("AWS_ENDPOINT_URL_SESV2", f"http://ses.example.com:{server.port}")
    known = [False]

    def resolved(_host, port, *_more):
        if not known[0]:
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolved)
    gateway = sending(Clients(Endpoint()))
    reply = gateway.send(mail())
    assert (reply.kind, reply.hold_back) == NO_WAY
    assert reply.reason == f"The name ses.example.com:{server.port} can't be resolved."
    known[0] = True
    gateway.until(lambda: gateway.gateway.ready > 0)
    assert gateway.send(mail()).kind is AnswerKind.ACCEPTED
    server.close()


@pytest.mark.parametrize(
    ("said", "reason"),
    [(b"HTTP/1.1 400 Bad Request\r\n\r\n", "wrong version number"), (b"", "eof")],
)
def test_what_speaks_no_tls_gets_no_mail(sending, mail, monkeypatch, said, reason):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        monkeypatch.setenv(
            "AWS_ENDPOINT_URL_SESV2", f"https://localhost:{listener.getsockname()[1]}"
        )
        gateway = sending(Clients(Endpoint()))
        gateway.gateway.want(1)
        gateway.gateway.poll(0)
        client, _ = listener.accept()
        client.recv(65_536)
        client.sendall(said)
        client.close()
        gateway.until(lambda: gateway.gateway.trouble is not None)
        trouble = gateway.gateway.trouble
        assert (trouble.kind, trouble.hold_back) == NO_WAY
        where = f"localhost:{listener.getsockname()[1]}"
        assert trouble.reason.startswith(f"No TLS with {where}: ")
        assert reason in trouble.reason
        assert "_ssl.c" not in trouble.reason


@pytest.mark.parametrize(
    ("fips", "dual_stack", "host"),
    [
        ("false", "false", "email.eu-north-1.amazonaws.com"),
        ("true", "false", "email-fips.eu-north-1.amazonaws.com"),
        ("false", "true", "email.eu-north-1.api.aws"),
        ("true", "true", "email-fips.eu-north-1.api.aws"),
    ],
)
def test_fips_and_dual_stack_endpoints_are_the_ones_that_mail_goes_to(
    monkeypatch, fips, dual_stack, host
):
    monkeypatch.setenv("AWS_USE_FIPS_ENDPOINT", fips)
    monkeypatch.setenv("AWS_USE_DUALSTACK_ENDPOINT", dual_stack)
    clients = Clients(Endpoint())
    assert clients.endpoint_url == f"https://{host}"
    assert clients.is_aws
    assert not clients.connector.route.whole_url


@pytest.mark.parametrize(
    "url",
    [
        "notaurl",
        "http://",
        "http://[::1",
        "ftp://ses.example",
        "http://127.0.0.1:99999",
        "http://127.0.0.1:0",
    ],
)
def test_an_endpoint_that_is_no_url_is_said_in_a_sentence(monkeypatch, url):
    monkeypatch.setenv("AWS_ENDPOINT_URL_SESV2", url)
    with pytest.raises(SettingsError, match="check AWS_ENDPOINT_URL_SESV2"):
        Clients(Endpoint())
