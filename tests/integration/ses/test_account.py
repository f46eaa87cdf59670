"""What SES says of the account, from the simulator, from moto, and from nobody."""

import json
import socket
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from sestui.core.delivery.handover import AnswerKind
from sestui.errors import AccountError, AccountUnreachableError
from sestui.ses.account import AccountReader
from sestui.ses.client import Clients, Endpoint
from tests.support.raw_server import RawServer, http


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Credentials and region from the environment, as the standard chain finds them."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    return monkeypatch


# the simulator


@pytest.mark.long
@pytest.mark.ci
def test_the_simulators_account_is_read_whole(clients, account):
    account.configure(rate=14, quota=50_000, production_access=False, enforcement="PROBATION")
    status = AccountReader(clients, simulated=True).poll()
    assert (status.max_send_rate, status.max_24_hour_send) == (14, 50_000)
    assert (status.sent_last_24_hours, status.production_access) == (0, False)
    assert (status.sending_enabled, status.enforcement_status) == (True, "PROBATION")


def test_what_was_sent_counts(clients, gateway, mail, account):
    gateway.send(mail())
    assert AccountReader(clients, simulated=True).poll().sent_last_24_hours == 1


def test_identities_are_listed(clients, account):
    account.add_identity("example.com")
    account.add_identity("ada@example.net")
    found = AccountReader(clients, simulated=True).identities()
    assert [(identity.name, identity.kind) for identity in found] == [
        ("ada@example.net", "EMAIL_ADDRESS"),
        ("example.com", "DOMAIN"),
    ]
    assert all(identity.verified for identity in found)
    pages = list(AccountReader(clients, simulated=True).identity_pages(size=1))
    assert [[identity.name for identity in page] for page in pages] == [
        ["ada@example.net"],
        ["example.com"],
    ]


def test_the_simulator_asks_for_none_of_the_users_settings(simulator, account, monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "ghost")
    monkeypatch.setenv("AWS_ENDPOINT_URL_SESV2", "http://127.0.0.1:9")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    clients = Clients(Endpoint(simulator.endpoint_url, True, access_key_id=simulator.access_key_id))
    assert AccountReader(clients, simulated=True).poll().max_send_rate == 100_000


def test_a_simulator_that_is_taken_for_ses_says_where_its_key_is(simulator, aws):
    aws.setenv("AWS_ENDPOINT_URL_SESV2", simulator.endpoint_url)
    with pytest.raises(AccountError, match="`sestui simulator key` prints"):
        AccountReader(Clients(Endpoint()), simulated=False).poll()
    aws.setenv("AWS_ACCESS_KEY_ID", simulator.access_key_id)
    assert AccountReader(Clients(Endpoint()), simulated=False).poll().max_send_rate == 100_000


# moto


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    """moto's server in this process: a second opinion on the wire format."""
    server = pytest.importorskip("moto.server").ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


def asked(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return json.load(answer)


@pytest.mark.long
@pytest.mark.ci
def test_an_endpoint_without_get_account_is_asked_the_old_way(moto, aws):
    aws.setenv("AWS_ENDPOINT_URL_SESV2", moto)
    account = AccountReader(Clients(Endpoint()), simulated=False)
    status = account.poll()
    assert (status.max_24_hour_send, status.max_send_rate) == (200, 1)
    assert status.production_access is None
    assert account.key == f"ses:eu-west-1:{moto}"


def test_moto_gets_the_mail_as_it_was_meant(sending, moto, aws, mail):
    aws.setenv("AWS_ENDPOINT_URL_SESV2", moto)
    clients = Clients(Endpoint())
    clients.sesv2.create_email_identity(EmailIdentity="news@example.com")
    reply = sending(clients).send(mail("Zoë@example.com", subject="Größe"))
    assert reply.kind is AnswerKind.ACCEPTED, reply
    stored = asked(f"{moto}/moto-api/data.json")["ses"]["Message"]
    found = next(each for each in stored if each["id"] == reply.message_id)
    assert found["subject"] == "Größe"
    assert found["destinations"]["ToAddresses"] == ["Zoë@example.com"]


def test_moto_refuses_an_unverified_sender_for_good(sending, moto, aws, mail):
    aws.setenv("AWS_ENDPOINT_URL_SESV2", moto)
    gateway = sending(Clients(Endpoint()))
    reply = gateway.send(mail(from_address="nobody@example.net"))
    assert (reply.kind, reply.code) == (AnswerKind.REFUSED, "MessageRejected")


@pytest.mark.parametrize("simulated", [True, False])
@pytest.mark.parametrize("name", ["AWS_REGION", "AWS_DEFAULT_REGION"])
def test_the_region_is_taken_from_either_variable(monkeypatch, name, simulated):
    monkeypatch.setenv(name, "ap-southeast-2")
    url = "http://127.0.0.1:9" if simulated else None
    clients = Clients(Endpoint(url, simulated=simulated))
    assert clients.region == "ap-southeast-2"


# what is not SES


def figures(max_24_hour: str = "50000", rate: str = "14", sent: str = "0") -> str:
    return (
        f'{{"SendQuota": {{"Max24HourSend": {max_24_hour}, "MaxSendRate": {rate}, '
        f'"SentLast24Hours": {sent}}}}}'
    )


@pytest.mark.long
@pytest.mark.ci
@pytest.mark.parametrize(
    "body",
    [
        "{}",
        "[]",
        "null",
        '{"SendQuota": null}',
        '{"SendQuota": []}',
        '{"SendQuota": "ok"}',
        '{"SendQuota": {"Max24HourSend": 50000}}',
        *[
            figures(**{name: value})
            for name in ("max_24_hour", "rate", "sent")
            for value in ("NaN", "Infinity", "1e400", "null", '"much"', "[]", "{}")
        ],
    ],
)
def test_an_account_without_figures_is_none_of_ses(aws, body):
    """Whatever answers so is asked again later; nothing of it gets to the governor."""
    server = RawServer(lambda _: [http(body.encode(), "Content-Type: application/json")])
    try:
        aws.setenv("AWS_ENDPOINT_URL_SESV2", f"http://127.0.0.1:{server.port}")
        with pytest.raises(AccountUnreachableError, match="is not SES"):
            AccountReader(Clients(Endpoint()), simulated=False).poll()
    finally:
        server.close()


# nobody


def test_without_a_region_the_sentence_names_the_variable():
    with pytest.raises(AccountError, match="AWS_REGION"):
        Clients(Endpoint())


def test_without_credentials_the_sentence_names_the_way_out(monkeypatch):
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    clients = Clients(Endpoint())
    with pytest.raises(AccountError, match=r"AWS_PROFILE.*SESTUI_ACCOUNT=simulator"):
        AccountReader(clients, simulated=False).poll()


def test_a_profile_that_does_not_exist_is_named(aws):
    aws.setenv("AWS_PROFILE", "ghost")
    with pytest.raises(AccountError, match=r"ghost.*AWS_PROFILE"):
        Clients(Endpoint())


def test_nobody_listening_is_worth_trying_again(aws):
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{bound.getsockname()[1]}"
        aws.setenv("AWS_ENDPOINT_URL_SESV2", url)
        with pytest.raises(AccountUnreachableError, match="Nothing answers") as caught:
            AccountReader(Clients(Endpoint()), simulated=False).poll()
    assert caught.value.exit_code == 75
    assert url in str(caught.value)
