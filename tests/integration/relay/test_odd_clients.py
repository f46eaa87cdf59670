"""Clients as they are: what they say and sign in ways of their own, byte for byte."""

import base64
import json
from urllib.parse import quote, urlencode

import pytest

from tests.support.relay import simple, simple_v1
from tests.support.relay_requests import FORM, V2, ask, mail, signed, spoken

MIME = b"From: shop@example.com\r\nTo: a@x.org\r\nSubject: x\r\n\r\n" + b"\xff\xfe+/=~ \r\n" * 40


def form(**given):
    return urlencode({"Version": "2010-12-01", **given}).encode()


def on_the_wire(call, *more):
    """A signed call as the bytes of its request."""
    method, path, body, headers = call
    lines = [f"{method} {path} HTTP/1.1", f"content-length: {len(body)}", *more]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def test_base64_as_rubys_encode64_writes_it(relay, ses):
    lines = base64.encodebytes(MIME).decode()
    assert lines.count("\n") > 5
    body = form(Action="SendRawEmail", **{"RawMessage.Data": lines})
    answer = ask(relay, *signed(relay, "POST", "/", body, content_type=FORM["content-type"]))
    assert answer.status == 200, answer.body
    body = json.dumps({"Content": {"Raw": {"Data": lines}}}).encode()
    answer = ask(relay, *signed(relay, "POST", V2, body))
    assert answer.status == 200, answer.body
    assert [each["raw"] for each in ses.mails()] == [MIME.decode("utf-8", "replace")] * 2


def test_a_plus_that_a_form_lost_is_no_line_break(relay, ses):
    written = base64.b64encode(MIME).decode()
    assert "+" in written
    body = b"Action=SendRawEmail&RawMessage.Data=" + quote(written, safe="+").encode()
    answer = ask(relay, *signed(relay, "POST", "/", body, content_type=FORM["content-type"]))
    assert answer.status == 400
    assert b"base64" in answer.body
    assert ses.to() == []


@pytest.mark.parametrize("presigned", [False, True])
def test_a_scope_named_after_the_host(relay, ses, presigned):
    if presigned:
        call = signed(relay, "GET", "/v2/email/account", query=True, service="email")
        assert json.loads(ask(relay, *call).body)["SendQuota"]["MaxSendRate"] == 1000
        return
    assert (
        ask(
            relay, *signed(relay, "POST", V2, mail("a@x.org", subject="scope"), service="email")
        ).status
        == 200
    )
    # A call that is passed on is signed anew, as SES wants it.
    call = signed(relay, "GET", "/v2/email/account", service="email")
    assert ask(relay, *call).status == 200
    assert ses.to() == [["a@x.org"]]


def test_a_date_header_in_place_of_amazons(relay, ses):
    call = signed(relay, "POST", V2, mail("a@x.org", subject="date"), date="as botocore writes it")
    assert "X-Amz-Date" not in call[3]
    assert ask(relay, *call).status == 200
    account = signed(relay, "GET", "/v2/email/account", date="as botocore writes it")
    assert ask(relay, *account).status == 200  # passed on, with a date of the relay's
    method, path, body, headers = call
    changed = headers | {"Date": headers["Date"].replace("20", "19", 1)}
    assert ask(relay, method, path, body, changed).status == 403
    assert ses.to() == [["a@x.org"]]


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": "AWS3-HTTPS AWSAccessKeyId=x,Algorithm=HmacSHA256,Signature=y"},
        {"x-amzn-authorization": "AWS3-HTTPS AWSAccessKeyId=x, Signature=y"},
        {"authorization": "AWS x:y="},
        {"authorization": "Basic YTpi"},
    ],
)
def test_older_signatures_are_told_what_to_do(relay, headers):
    own = ask(relay, "POST", V2, mail("a@x.org"), {"host": "x", **headers})
    old = ask(relay, "POST", "/", form(Action="SendEmail"), FORM | headers)
    assert (own.status, own.code) == (400, "IncompleteSignatureException")
    assert (old.status, b"<Code>IncompleteSignature</Code>" in old.body) == (400, True)
    for answer in (own, old):
        assert b"Signature Version 4" in answer.body


H2C = ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAEAAEAAAAIAAAAB")


def test_a_wish_for_http_2_is_ignored(relay, ses):
    first = on_the_wire(signed(relay, "POST", V2, mail("a@x.org", subject="h2c")), *H2C)
    account = on_the_wire(signed(relay, "GET", "/v2/email/account"), *H2C)
    last = on_the_wire(
        signed(relay, "POST", V2, mail("b@x.org", subject="h2c")), "Connection: close"
    )
    heard = spoken(relay, first + account + last)
    assert heard.count(b"HTTP/1.1 200 OK") == 3
    assert heard.count(b"MessageId") == 2
    assert b"MaxSendRate" in heard
    assert ses.to() == [["a@x.org"], ["b@x.org"]]


def test_who_ends_his_side_gets_the_answer(relay, ses):
    heard = spoken(
        relay, on_the_wire(signed(relay, "POST", V2, mail("a@x.org", subject="half"))), ended=True
    )
    assert b"MessageId" in heard
    account = on_the_wire(signed(relay, "GET", "/v2/email/account"))
    assert b"MaxSendRate" in spoken(relay, account, ended=True)
    assert ses.to() == [["a@x.org"]]


def test_a_parameter_nobody_knows_is_refused_by_its_name(relay, ses):
    given = {
        "Source": "shop@example.com",
        "Destination.ToAddresses.member.1": "a@x.org",
        "Message.Subject.Data": "x",
        "Message.Body.Text.Data": "x",
    }

    def answer(**more):
        body = form(Action="SendEmail", **given, **more)
        return ask(relay, *signed(relay, "POST", "/", body, content_type=FORM["content-type"]))

    assert answer(AWSAccessKeyId="x", Timestamp="2026-11-22T07:50:25Z").status == 200
    for name in ("Headers", "Message.Body.Amp", "Destination.ToAddress"):
        refused = answer(**{f"{name}.member.1.Name": "x"})
        assert refused.status == 400
        assert b"<Code>InvalidParameterValue</Code>" in refused.body
        assert f"<Message>{name} is not a parameter".encode() in refused.body
    assert ses.to() == [["a@x.org"]]


def test_sess_own_tags_are_passed_on(relay, ses):
    tags = [{"Name": f"ses:feedback-id-{letter}", "Value": f"v{letter}"} for letter in "ab"]
    relay.client("ses").send_email(**simple_v1("a@x.org", Tags=tags))
    body = json.loads(mail("b@x.org", subject="tags")) | {"EmailTags": tags}
    assert ask(relay, *signed(relay, "POST", V2, json.dumps(body).encode())).status == 200
    raw = b"X-SES-MESSAGE-TAGS: ses:feedback-id-a=va, ses:feedback-id-b=vb\r\n" + MIME
    relay.client("sesv2").send_email(Content={"Raw": {"Data": raw}})
    for each in ses.mails():
        assert {
            name: each["tags"][name] for name in ("ses:feedback-id-a", "ses:feedback-id-b")
        } == {
            "ses:feedback-id-a": "va",
            "ses:feedback-id-b": "vb",
        }


@pytest.mark.parametrize(
    ("tag", "said"),
    [
        ({"Name": "ses:source-ip", "Value": "x"}, b"tag name"),
        ({"Name": "kind", "Value": "a b"}, b"value of the tag kind"),
    ],
)
def test_a_bad_tag_is_told_by_what_is_bad_in_it(relay, ses, tag, said):
    body = json.loads(mail("b@x.org")) | {"EmailTags": [tag]}
    by_v2 = ask(relay, *signed(relay, "POST", V2, json.dumps(body).encode()))
    assert (by_v2.status, by_v2.code) == (400, "BadRequestException")
    assert said in by_v2.body
    client = relay.client("ses")
    with pytest.raises(client.exceptions.ClientError, match=said.decode()):
        client.send_email(**simple_v1("a@x.org", Tags=[tag]))
    assert ses.to() == []


@pytest.mark.parametrize("name", [b"TO ", b"to\t", b"To"])
def test_a_header_is_read_however_its_name_is_written(relay, ses, name):
    raw = b"FROM : shop@example.com\r\n%b: a@x.org, b@x.org\r\nSubject: x\r\n\r\nx\r\n" % name
    relay.client("ses").send_raw_email(RawMessage={"Data": raw})
    relay.until_idle()
    assert ses.to() == [["a@x.org"], ["b@x.org"]]
    for each in ses.mails():
        [own] = each["recipients"]
        [other] = {"a@x.org", "b@x.org"} - {own}
        assert (own in each["raw"], other in each["raw"]) == (True, False)


HALF = "\ud83d"
"""Of an emoji, as JavaScript's slice leaves it."""


@pytest.mark.parametrize("subject", [HALF, f"Sale {HALF}", f"{HALF}\ud83d\ude00é"])
def test_a_text_that_is_cut_within_an_emoji_is_sent(relay, ses, subject):
    body = json.dumps(simple("a@x.org", subject=subject)).encode()
    answer = ask(relay, *signed(relay, "POST", V2, body))
    assert answer.status == 200, answer.body
    [sent] = ses.mails()
    assert sent["subject"] == json.loads(json.dumps(subject)).encode("utf-8", "replace").decode()


@pytest.mark.parametrize(
    "odd",
    [
        {"FromEmailAddress": f"{HALF}@example.com"},
        {"Content": {"Template": {"TemplateName": HALF}}},
        {"EmailTags": [{"Name": HALF, "Value": "x"}]},
        {"Content": {**simple()["Content"], "Simple": {**simple()["Content"]["Simple"],
            "Headers": [{"Name": f"X-{HALF}", "Value": "x"}]}}},
    ],
    ids=str,
)  # fmt: skip
def test_a_name_that_is_cut_within_an_emoji_is_refused(relay, ses, odd):
    body = json.dumps(simple("a@x.org") | odd).encode()
    assert ask(relay, *signed(relay, "POST", V2, body)).status == 400
    assert ses.to() == []
