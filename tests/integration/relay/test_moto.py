"""The relay in front of moto, which has both of SES's APIs and rules of its own."""

from collections.abc import Iterator

import boto3
import pytest
from moto.server import ThreadedMotoServer

from tests.support.relay import REGION, Relay, said, simple, simple_v1

VERIFIED = "shop@example.com"


@pytest.fixture(scope="module")
def moto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """moto's server, with one verified sender."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    url = "http://{}:{}".format(*server.get_host_and_port())
    direct = boto3.client(
        "ses",
        endpoint_url=url,
        region_name=REGION,
        aws_access_key_id="UPSTREAM",
        aws_secret_access_key="upstream",
    )
    direct.verify_email_identity(EmailAddress=VERIFIED)
    direct.close()
    yield url
    server.stop()


@pytest.fixture(scope="module")
def before_moto(moto: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relay]:
    relay = Relay(tmp_path_factory.mktemp("relay"), moto, {})
    relay.start()
    yield relay
    relay.close()


def sent(relay: Relay) -> float:
    """How many recipients moto has counted; the question is passed on too."""
    used: float = relay.client("ses").get_send_quota()["SentLast24Hours"]
    return used


@pytest.mark.long
@pytest.mark.parametrize("form", ["v1 simple", "v1 raw", "v2 simple", "v2 raw"])
def test_sends_arrive_with_motos_own_ids(before_moto, form):
    v1, v2 = before_moto.client("ses"), before_moto.client("sesv2")
    mime = f"From: {VERIFIED}\r\nTo: a@x.org, b@x.org\r\nSubject: x\r\n\r\nhi\r\n".encode()
    send = {
        "v1 simple": lambda: v1.send_email(**simple_v1("a@x.org", "b@x.org")),
        "v1 raw": lambda: v1.send_raw_email(Source=VERIFIED, RawMessage={"Data": mime}),
        "v2 simple": lambda: v2.send_email(**simple("a@x.org", "b@x.org")),
        "v2 raw": lambda: v2.send_email(FromEmailAddress=VERIFIED, Content={"Raw": {"Data": mime}}),
    }[form]
    before = sent(before_moto)
    assert len(send()["MessageId"]) > 30
    before_moto.until_idle()
    first, second = before_moto.deliveries()[-2:]
    assert (first.state, second.state) == ("accepted", "accepted")
    assert first.message_id != second.message_id
    # moto counts those in a raw mail's To header again.
    assert sent(before_moto) == before + (4 if "raw" in form else 2)


@pytest.mark.long
@pytest.mark.ci
def test_an_unverified_sender_is_refused_in_motos_words(before_moto):
    for client, given in (
        (before_moto.client("sesv2"), simple("a@x.org") | {"FromEmailAddress": "no@x.org"}),
        (before_moto.client("ses"), simple_v1("a@x.org") | {"Source": "no@x.org"}),
    ):
        with pytest.raises(client.exceptions.MessageRejected, match="not verified") as caught:
            client.send_email(**given)
        assert said(caught.value)[0] == 400


def test_other_calls_of_both_apis_pass(before_moto):
    v1, v2 = before_moto.client("ses"), before_moto.client("sesv2")
    v1.verify_domain_identity(Domain="passed.example.com")
    assert "passed.example.com" in v1.list_identities()["Identities"]
    v2.create_contact_list(ContactListName="readers", Description="a & b")
    v2.create_contact(ContactListName="readers", EmailAddress="ada+b@x.org")
    assert v2.get_contact(ContactListName="readers", EmailAddress="ada+b@x.org")
    assert [
        each["EmailAddress"] for each in v2.list_contacts(ContactListName="readers")["Contacts"]
    ]
    with pytest.raises(v2.exceptions.NotFoundException):
        v2.get_contact_list(ContactListName="nobody's")
    v1.create_template(Template={"TemplateName": "t", "SubjectPart": "s", "TextPart": "x"})
    assert v1.get_template(TemplateName="t")["Template"]["SubjectPart"] == "s"
    with pytest.raises(v1.exceptions.TemplateDoesNotExistException):
        v1.get_template(TemplateName="none")
