"""Signatures as real clients make them, by both APIs: who is let in, and what he is told."""

from dataclasses import replace
from urllib.parse import quote, urlencode

import pytest

from tests.support.relay import said, simple, simple_v1
from tests.support.relay_requests import FORM, V2, ask, mail, signed, spoken

ODD = "Grüße +%&=;~*'()!@#$?/\\\"<b> \U0001f600 \t%41%zz"
"""What escaping tends to get wrong."""


def refused(client, call):
    with pytest.raises(client.exceptions.ClientError) as caught:
        call()
    return said(caught.value)


@pytest.mark.parametrize(
    ("wrong", "by_v2", "by_v1"),
    [
        ({"secret": "another"}, "InvalidSignatureException", "SignatureDoesNotMatch"),
        ({"region": "eu-west-2"}, "InvalidSignatureException", "SignatureDoesNotMatch"),
        ({"token": "of-a-session"}, "UnrecognizedClientException", "InvalidClientTokenId"),
        ({"id": "SRLYNOBODYNOBODY2222"}, "UnrecognizedClientException", "InvalidClientTokenId"),
    ],
)
def test_who_signs_otherwise_is_told_so_by_each_api(relay, ses, wrong, by_v2, by_v1):
    key = replace(
        relay.key,
        secret_access_key=wrong.get("secret", relay.key.secret_access_key),
        access_key_id=wrong.get("id", relay.key.access_key_id),
    )
    more = {"key": key, "aws_session_token": wrong.get("token")}
    if "region" in wrong:
        more["region_name"] = wrong["region"]
    v2, v1 = relay.client("sesv2", **more), relay.client("ses", **more)
    assert refused(v2, lambda: v2.send_email(**simple("a@x.org"))) == (403, by_v2)
    assert refused(v2, v2.get_account) == (403, by_v2)
    assert refused(v1, lambda: v1.send_email(**simple_v1("a@x.org"))) == (403, by_v1)
    assert refused(v1, v1.get_send_quota) == (403, by_v1)
    assert ses.to() == []


def test_what_was_changed_in_a_form_or_its_query_is_noticed(relay, ses):
    form = urlencode({"Action": "SendEmail", "Source": "a@x.org"}).encode()
    method, path, body, headers = signed(
        relay, "POST", "/?a=1&b=%20", form, content_type=FORM["content-type"]
    )
    for changed in (
        (method, path, body.replace(b"a%40x", b"b%40x"), headers),
        (method, path, body + b"&Version=2010-12-01", headers),
        (method, "/?a=1&b=+", body, headers),
        (method, "/?a=2&b=%20", body, headers),
        (method, "/x?a=1&b=%20", body, headers),
        ("PUT", path, body, headers),
        (method, path, body, headers | {"content-type": "text/plain"}),
    ):
        answer = ask(relay, *changed)
        assert answer.status == 403
        assert b"<Code>SignatureDoesNotMatch</Code>" in answer.body
    assert ses.to() == []


def test_without_a_host_nothing_is_read_however_it_is_signed(relay, ses):
    method, path, body, headers = signed(relay, "POST", V2, mail("a@x.org"))
    head = [f"{method} {path} HTTP/1.1", f"content-length: {len(body)}", "connection: close"]
    head += [f"{name}: {value}" for name, value in headers.items() if name != "host"]
    answer = spoken(relay, "\r\n".join([*head, "", ""]).encode() + body)
    assert answer.split(b" ")[1] == b"400"
    assert ses.to() == []


def test_odd_characters_in_forms_and_json(relay, ses):
    v1, v2 = relay.client("ses"), relay.client("sesv2")
    given = simple_v1('"A, B; +%~" <a@x.org>')
    given["Message"]["Subject"]["Data"] = given["Message"]["Body"]["Text"]["Data"] = ODD
    v1.send_email(**given)
    v2.send_email(**simple('"A, B; +%~" <b@x.org>', subject=ODD))
    by_v1, by_v2 = ses.mails()
    assert (by_v1["subject"], by_v1["text"], by_v2["subject"]) == (ODD, ODD, ODD)
    assert by_v1["to"] == ("A, B; +%~ <a@x.org>",)


@pytest.mark.parametrize(
    "name", ["a b@x.org", "a+b%20@x.org", "ä'()*!~@x.org", "%41@x.org", "a&b=c@x"]
)
def test_odd_characters_in_paths_and_queries(relay, name):
    v2 = relay.client("sesv2")
    with pytest.raises(v2.exceptions.NotFoundException):
        v2.get_email_identity(EmailIdentity=name)
    given = {"Odd": name, name: "", "A": "~"}
    for query in (urlencode(given), urlencode(given, quote_via=quote)):
        for presigned in (False, True):
            path = f"/v2/email/account?{query}"
            assert ask(relay, *signed(relay, "GET", path, query=presigned)).status == 200
