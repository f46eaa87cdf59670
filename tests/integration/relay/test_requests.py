"""The door itself: signatures over HTTP, retries and replays, bounds, and who may do what."""

import hashlib
import http.client
import json
import time

import pytest

from sestui.core.relay.key import KeyFields
from tests.support.relay import said, simple, simple_v1
from tests.support.relay_requests import BULK, FORM, V2, Answer, ask, mail, signed, spoken

# who sends it


@pytest.mark.long
@pytest.mark.ci
def test_a_signed_request_is_answered(relay, ses):
    answer = ask(relay, *signed(relay, "POST", V2, mail("a@x.org")))
    assert answer.status == 200
    assert json.loads(answer.body)["MessageId"]
    assert ses.to() == [["a@x.org"]]


def test_a_signature_may_be_in_the_query(relay):
    answer = ask(relay, *signed(relay, "GET", "/v2/email/account", query=True))
    assert json.loads(answer.body)["SendQuota"]["MaxSendRate"] == 1000


@pytest.mark.parametrize("seconds", [-1000, 1000])
def test_an_old_or_future_request_is_refused_with_our_time(relay, seconds):
    given = signed(relay, "POST", V2, mail("a@x.org"), at=time.time() + seconds)
    answer = ask(relay, *given)
    assert (answer.status, answer.code) == (403, "InvalidSignatureException")
    assert "GMT" in answer.headers["date"]


def test_whatever_is_altered_is_refused(relay, ses):
    method, path, body, headers = signed(relay, "POST", V2, mail("a@x.org"), x_amz_extra="1")
    for changed in (
        (method, path, body.replace(b"a@x.org", b"b@x.org"), headers),
        (method, path + "?a=1", body, headers),
        (method, BULK, body, headers),
        (method, path, body, headers | {"x-amz-extra": "2"}),
    ):
        answer = ask(relay, *changed)
        assert (answer.status, answer.code) == (403, "InvalidSignatureException")
    assert ses.to() == []


def test_an_unsigned_body_is_refused(relay):
    given = signed(relay, "POST", V2, mail("a@x.org"), x_amz_content_sha256="UNSIGNED-PAYLOAD")
    assert ask(relay, *given).code == "InvalidSignatureException"


def test_nobody_is_let_in_without_a_signature(relay):
    answer = ask(relay, "POST", V2, mail("a@x.org"))
    assert (answer.status, answer.code) == (403, "MissingAuthenticationTokenException")
    old = ask(relay, "POST", "/", b"Action=SendEmail", FORM)
    assert old.status == 403
    assert b"<Code>MissingAuthenticationToken</Code>" in old.body


@pytest.mark.long
@pytest.mark.ci
def test_unknown_and_revoked_keys_are_told_alike(relay):
    key = relay.keys.add(KeyFields("gone"))
    relay.client("sesv2", key=key).send_email(**simple("a@x.org"))
    relay.keys.revoke("gone")
    stranger = key.__class__("x", "SRLYUNKNOWNUNKNOWN22", "secret")
    for each in (key, stranger):
        deadline = time.monotonic() + 10
        while True:
            v2, v1 = relay.client("sesv2", key=each), relay.client("ses", key=each)
            try:
                v2.send_email(**simple("a@x.org"))
            except v2.exceptions.ClientError as error:
                assert said(error) == (403, "UnrecognizedClientException")  # noqa: PT017
                break
            assert time.monotonic() < deadline
        with pytest.raises(v1.exceptions.ClientError) as caught:
            v1.send_email(**simple_v1("a@x.org"))
        assert said(caught.value) == (403, "InvalidClientTokenId")


def test_a_session_token_is_refused(relay):
    client = relay.client("sesv2", aws_session_token="of-something-else")
    with pytest.raises(client.exceptions.ClientError) as caught:
        client.get_account()
    assert said(caught.value) == (403, "UnrecognizedClientException")


def test_a_key_keeps_to_its_senders_and_its_calls(relay, ses):
    key = relay.keys.add(KeyFields("bound", senders=["example.org"], send_only=True))
    v2, v1 = relay.client("sesv2", key=key), relay.client("ses", key=key)
    v2.send_email(**simple("a@x.org") | {"FromEmailAddress": "Me <me@news.example.org>"})
    raw = b"From: me@example.com\r\nTo: a@x.org\r\n\r\nx"
    for refused in (
        lambda: v2.send_email(**simple("a@x.org")),
        lambda: v1.send_email(**simple_v1("a@x.org")),
        lambda: v1.send_raw_email(Source="me@example.org", RawMessage={"Data": raw}),
        v2.get_account,
        v1.get_send_quota,
    ):
        with pytest.raises(Exception, match="AccessDenied"):
            refused()
    assert ses.to() == [["a@x.org"]]
    relay.keys.revoke("bound")


# the same call again


def test_a_try_again_gets_the_first_answer(relay, ses):
    body = mail("a@x.org", "b@x.org")
    first = ask(relay, *signed(relay, "POST", V2, body, amz_sdk_invocation_id="call-1"))
    later = signed(relay, "POST", V2, body, amz_sdk_invocation_id="call-1", at=time.time() + 2)
    again = ask(relay, *later)
    assert json.loads(again.body) == json.loads(first.body)
    other = ask(relay, *signed(relay, "POST", V2, body, amz_sdk_invocation_id="call-2"))
    assert json.loads(other.body) != json.loads(first.body)
    relay.until_idle()
    assert ses.to() == [["a@x.org"]] * 2 + [["b@x.org"]] * 2


def test_another_mail_under_the_same_name_is_another_mail(relay, ses):
    for to in ("a@x.org", "b@x.org"):
        ask(relay, *signed(relay, "POST", V2, mail(to), amz_sdk_invocation_id="call-1"))
    assert ses.to() == [["a@x.org"], ["b@x.org"]]


def test_a_replayed_request_sends_nothing(relay, ses):
    given = signed(relay, "POST", V2, mail("a@x.org"), at=time.time() - 60)
    answers = {ask(relay, *given).body for _ in range(3)}
    method, path, body, headers = given
    answers.add(ask(relay, method, path, body, headers | {"amz-sdk-invocation-id": "new"}).body)
    assert len(answers) == 1
    assert ses.to() == [["a@x.org"]]


IDENTITIES = "/v2/email/identities"


def test_a_replayed_call_that_is_passed_on_changes_nothing_more(relay):
    body = b'{"EmailIdentity": "once@x.org"}'
    given = signed(relay, "POST", IDENTITIES, body, at=time.time() - 60)
    first, *replays = [ask(relay, *given) for _ in range(3)]
    method, path, _, headers = given
    replays.append(ask(relay, method, path, body, headers | {"amz-sdk-invocation-id": "new"}))
    assert first.status == 200
    assert {(each.status, each.body, each.headers["x-amzn-requestid"]) for each in replays} == {
        (200, first.body, first.headers["x-amzn-requestid"])
    }
    anew = ask(relay, *signed(relay, "POST", IDENTITIES, body))
    assert (anew.status, anew.code) == (400, "AlreadyExistsException")


def test_what_only_reads_is_asked_each_time(relay, ses):
    form = b"Action=GetSendQuota&Version=2010-12-01"
    old = signed(relay, "POST", "/", form, content_type=FORM["content-type"])
    for call in (old, signed(relay, "GET", "/v2/email/account")):
        for rate in (70, 71):
            ses.account.configure(rate=rate)
            assert str(rate).encode() in ask(relay, *call).body


def test_identical_calls_of_an_sdk_within_a_second_are_two_mails(relay, ses):
    client = relay.client("sesv2")
    ids = {client.send_email(**simple("a@x.org"))["MessageId"] for _ in range(5)}
    assert len(ids) == len(ses.to()) == 5


def test_a_refusal_is_the_answer_to_a_try_again_too(relay, ses):
    body = mail("refused@x.org")
    from sestui.simulator.api.faults import checked_fault  # noqa: PLC0415

    ses.account.add_fault(checked_fault("refuse", match="refused@*", count=1))
    given = signed(relay, "POST", V2, body, amz_sdk_invocation_id="refused")
    first, again = ask(relay, *given), ask(relay, *given)
    assert first.status == again.status == 400
    assert (first.code, first.body) == (again.code, again.body)
    assert ses.to() == []


# however a send is written, it is one


@pytest.mark.parametrize("wrong", [{"EndpointId": "ab.cde"}, {"Unheard": {"of": 1}}])
def test_what_cannot_be_passed_on_is_refused_and_nothing_is_taken(relay, ses, wrong):
    answer = ask(relay, *signed(relay, "POST", V2, mail("a@x.org", "b@x.org", **wrong)))
    assert (answer.status, answer.code) == (400, "BadRequestException")
    assert next(iter(wrong)).encode() in answer.body
    assert ses.to() == []


@pytest.mark.parametrize("path", ["/", "/v2/email/x y", "/v2/email/%zz", "/v2/%ff?a=%&b", "/?%00"])
def test_odd_paths_are_answered(relay, path):
    path = path.replace(" ", "%20")
    assert ask(relay, *signed(relay, "GET", path)).status in {400, 404}


def test_the_old_apis_calls_may_come_by_get(relay, ses):
    query = (
        "/?Action=SendEmail&Source=shop%40example.com&Destination.ToAddresses.member.1=a%40x.org"
        "&Message.Subject.Data=x&Message.Body.Text.Data=y&Version=2010-12-01"
    )
    answer = ask(relay, *signed(relay, "GET", query, query=True))
    assert answer.status == 200
    assert b"<SendEmailResult>" in answer.body
    assert ses.to() == [["a@x.org"]]


# bounds


HEAD = b"POST / HTTP/1.1\r\nHost: x\r\n"


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (HEAD + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", b"400"),
        (HEAD + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", b"400"),
        (HEAD + b"Content-Length: +3\r\n\r\nabc", b"400"),
        (HEAD + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", b"400"),
        (HEAD + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n", b"400"),
        (HEAD + b"X: a\rb\r\n\r\n", b"400"),
        (b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", b"400"),
        (b"POST /\xff HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", b"40"),
        (HEAD + b"A: b\r\n" * 200 + b"\r\n", b"431"),
        (HEAD + b"A: " + b"b" * 70_000, b"431"),
        (b"nonsense\r\n\r\n", b"400"),
    ],
)
def test_nothing_ambiguous_or_endless_is_read(relay, head, status):
    answer = spoken(relay, head)
    assert answer.split(b" ")[1].startswith(status)
    assert answer.count(b"HTTP/1.1 ") == 1


def test_two_hosts_are_one_too_many(relay):
    answer = spoken(relay, b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\nConnection: close\r\n\r\n")
    assert b"400 Bad Request" in answer


def test_a_body_above_the_limit_is_refused_by_its_length(relay):
    answer = spoken(relay, HEAD + b"Content-Length: 99999999\r\n\r\n")
    assert b" 413 " in answer
    assert b"RequestEntityTooLarge" in answer


def test_a_large_mail_passes(relay, ses):
    text = "x" * 5_000_000
    given = simple("a@x.org")
    given["Content"]["Simple"]["Body"]["Text"]["Data"] = text
    relay.client("sesv2").send_email(**given)
    [mail] = ses.mails()
    assert hashlib.sha256(mail["text"].encode()).digest() == hashlib.sha256(text.encode()).digest()


def test_many_calls_on_one_connection(relay):
    connection = http.client.HTTPConnection("127.0.0.1", relay.port, timeout=30)
    for number in range(5):
        method, path, body, headers = signed(
            relay, "POST", V2, mail(f"r{number}@x.org", subject=str(number))
        )
        connection.request(method, path, body, {k: v for k, v in headers.items() if k != "host"})
        assert Answer(connection.getresponse()).status == 200
    connection.close()
