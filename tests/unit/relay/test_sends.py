"""From a call to the mails that are handed over, and to what its client is told."""

import base64
import hashlib
import json

import pytest

from sestui.relay.keyring import KnownKey
from sestui.relay.requests import Caller
from sestui.relay.results import SendResult
from sestui.relay.sends import Rules, carried_out, prepared, send_call_v1, send_call_v2
from sestui.ses_api.relay_admission import Terms
from sestui.ses_api.relayed import unpacked
from sestui.ses_api.sigv4 import Received
from sestui.ses_api.wire import ServiceError
from tests.support.relay import simple

PATH = "/v2/email/outbound-emails"
TERMS = Terms("SRLYTEST", 1, rate_share=0.5)
RULES = Rules(most_recipients=50, configuration_set="ours")


def caller(*, signature="s", age=60.0, senders=(), key_id=TERMS.id):
    key = KnownKey("shop", "secret", senders, calls=None, terms=TERMS)
    return Caller(key, key_id, signature, age, 900 - age)


def made(given, *, bulk=False, rules=RULES, name="", **more):
    """The call, prepared as the door does it."""
    body = json.dumps(given).encode()
    headers = (("amz-sdk-invocation-id", name),) if name else ()
    received = Received("POST", PATH, "", headers, hashlib.sha256(body).hexdigest())
    return prepared(send_call_v2(body, bulk=bulk), received, caller(**more), rules)


def keys(subject="Hello", **more):
    [(incoming, _)] = made(simple("a@x.org", subject=subject), **more).mails
    return incoming.retry_key, incoming.replay_key


def entries(*to, data='{"a": 1}'):
    return {
        "FromEmailAddress": "shop@example.com",
        "DefaultContent": {"Template": {"TemplateName": "x", "TemplateData": data}},
        "BulkEmailEntries": [{"Destination": {"ToAddresses": [each]}} for each in to],
    }


def test_a_mail_is_handed_over_with_its_keys_terms_recipients_and_content():
    [(incoming, mail)] = made(simple("a@x.org", "b@x.org")).mails
    assert incoming.terms is TERMS
    assert [each.email for each in incoming.recipients] == ["a@x.org", "b@x.org"]
    assert unpacked(incoming.payload).request == mail.request
    assert mail.request["Content"] == simple()["Content"]


def test_a_try_again_has_the_same_key_whenever_it_was_signed_and_no_other_call_has_it():
    first, _ = keys(name="call", signature="s1")
    assert keys(name="call", signature="s2", age=0)[0] == first
    others = [
        keys(name="other", signature="s1")[0],
        keys(name="call", signature="s1", subject="Another mail")[0],
        keys(name="call", signature="s1", key_id="SRLYOTHER")[0],
        keys(signature="s1")[0],
        keys(signature="s2")[0],
    ]
    assert len({first, *others}) == 6


def test_a_replay_has_the_key_of_its_signature_whatever_it_is_called():
    _, first = keys(name="call")
    assert keys(name="other")[1] == keys()[1] == first
    assert len({first, keys(signature="s2")[1], keys(key_id="SRLYOTHER")[1]}) == 3


def test_each_mail_of_a_call_has_keys_of_its_own():
    mails = made(entries("a@x.org", "a@x.org"), bulk=True).mails
    assert len({key for each, _ in mails for key in (each.retry_key, each.replay_key)}) == 4


@pytest.mark.parametrize(
    ("name", "age", "own"), [("call", 0, True), ("call", 60, False), ("", 0, False)]
)
def test_only_a_named_call_that_was_signed_just_now_is_its_own(name, age, own):
    [(incoming, _)] = made(simple("a@x.org"), name=name, age=age).mails
    assert incoming.own_call is own


@pytest.mark.parametrize("most", [2, 3])
def test_the_operator_bounds_a_mails_recipients(most):
    rules = Rules(most, "")
    if most == 3:
        assert made(simple("a@x.org", "b@x.org", "c@x.org"), rules=rules).mails
    else:
        with pytest.raises(ServiceError, match="2"):
            made(simple("a@x.org", "b@x.org", "c@x.org"), rules=rules)


@pytest.mark.parametrize(("own", "used"), [({}, "ours"), ({"ConfigurationSetName": "x"}, "x")])
def test_the_operators_configuration_set_is_for_mail_that_names_none(own, used):
    [(_, mail)] = made(simple("a@x.org", **own)).mails
    assert mail.request["ConfigurationSetName"] == used


def test_a_bounded_keys_mail_may_not_be_read_as_somebody_elses():
    odd = {"FromEmailAddress": "=?utf-8?q?x?=@shop.example"}
    assert made(simple("a@x.org", **odd)).mails
    with pytest.raises(ServiceError, match="encoded word"):
        made(simple("a@x.org", **odd), senders=("shop.example",))
    with pytest.raises(ServiceError) as caught:
        made(simple("a@x.org"), senders=("shop.example",))
    assert caught.value.status == 403


def test_a_signed_mail_that_stays_whole_is_warned_of():
    raw = b"DKIM-Signature: x\r\nFrom: a@x.org\r\nTo: b@x.org, c@x.org\r\n\r\nHello"
    given = {"Content": {"Raw": {"Data": base64.b64encode(raw).decode()}}}
    assert len(made(given).warnings) == 1
    assert made(simple("a@x.org")).warnings == ()


def test_a_parameter_that_nobody_knows_is_refused_by_name():
    given = {"Source": "a@x.org", "Unheard": "1"}
    with pytest.raises(ServiceError, match="Unheard"):
        send_call_v1("SendEmail", given)


@pytest.mark.parametrize("to", [["no address"], ["no address", "nor this"]])
async def test_each_mails_end_is_noted(to):
    noted: list[SendResult] = []
    # No intake: nothing is handed over.
    answer = await carried_out(made(entries(*to), bulk=True), None, noted.append)
    assert [each.error is None for each in noted] == [False] * len(to)
    assert answer.status == 200
