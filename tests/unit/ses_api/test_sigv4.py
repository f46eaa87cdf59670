"""Signatures: what botocore signs is right, and nothing else is."""

import hashlib
import hmac
import time
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from unittest.mock import patch
from urllib.parse import urlsplit

import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given, settings
from hypothesis import strategies as st

from sestui.ses_api.sigv4 import (
    Received,
    SignatureFault,
    SignatureFaultKind,
    claimed,
    signing_key,
    verify,
    without_signature,
)

KEY, SECRET = "SRLYEXAMPLEEXAMPLE22", "secret/of+the key"
NOW = datetime(2026, 11, 22, 7, 50, 25, tzinfo=UTC).timestamp()
V2 = "/v2/email/outbound-emails"


def signed(
    method="POST",
    url=f"http://relay.test:4580{V2}",
    body=b'{"a": 1}',
    *,
    query=False,
    secret=SECRET,
    region="eu-west-1",
    service="ses",
    at=NOW,
    token=None,
    headers=(),
    kind=None,
):
    """The request as it arrives, signed by botocore as boto3 signs it."""
    body = b"" if query else body
    request = AWSRequest(method=method, url=url, data=body, headers=dict(headers))
    kind = kind or (SigV4QueryAuth if query else SigV4Auth)
    with patch("botocore.auth.get_current_datetime", lambda: datetime.fromtimestamp(at, UTC)):
        kind(Credentials(KEY, secret, token), service, region).add_auth(request)
    parts = urlsplit(request.url)
    told = [(name.lower(), value) for name, value in request.headers.items()]
    return Received(
        method,
        parts.path,
        parts.query,
        (("host", parts.netloc), *told),
        hashlib.sha256(body).hexdigest(),
    )


def check(received, *, now=NOW):
    claim = claimed(received)
    assert claim.access_key_id == KEY
    verify(received, claim, SECRET, region="eu-west-1", services=("ses", "email"), now=now)


def refused(received, *, now=NOW):
    with pytest.raises(SignatureFault) as caught:
        check(received, now=now)
    return caught.value.fault


@pytest.mark.parametrize("query", [False, True])
@pytest.mark.parametrize(
    "url",
    [
        f"http://relay.test:4580{V2}",
        "http://relay.test/",
        "http://relay.test/v2/email/identities/ada%40example.org",
        "http://relay.test/v2/email/contact-lists/a%20b/contacts/%C3%A4%2B%25%40x~y_z.-",
        "http://relay.test/v2/email/suppression/addresses?PageSize=5&Reason=BOUNCE&Reason=A%2FB",
        "http://relay.test/v2/email/x?b=&a=%20~&a=%3D",
        "http://relay.test/v2/../v2/./email//account",
        "http://relay.test/v2/email/x/../account",
    ],
)
def test_what_botocore_signs_is_right(url, query):
    check(signed(url=url, query=query))
    check(signed("GET", url, b"", query=query), now=NOW + 900)
    check(signed("GET", url, b"", query=query), now=NOW - 900)


@pytest.mark.parametrize("sent", ["a=A/B~&c=", "c&a=A%2fB%7E", "&c=&&a=A%2FB~"])
def test_a_query_may_be_sent_with_other_escapes_than_it_was_signed_with(sent):
    right = signed("GET", "http://relay.test/v2/email/x?a=A%2FB~&c=", b"")
    check(replace(right, query=sent))


@pytest.fixture
def in_tokyo(monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("in_tokyo")
@pytest.mark.parametrize("headers", [{}, {"Date": "to be written by botocore"}])
def test_dates_are_in_utc_wherever_the_relay_stands(headers):
    check(signed(at=NOW + 3, headers=headers))


def test_the_date_of_the_signature_goes_before_the_requests():
    right = signed()
    check(replace(right, headers=(*right.headers, ("date", "Sun, 22 Nov 2026 01:00:00 GMT"))))


def test_headers_are_compared_without_their_spaces():
    check(signed(headers={"Content-Type": "a;  b  ", "amz-sdk-request": " attempt=1 "}))


def test_a_header_that_comes_twice_is_signed_as_one_with_both_values_in_their_order():
    right = signed(headers={"amz-sdk-request": "one,two"})
    others = tuple(each for each in right.headers if each[0] != "amz-sdk-request")
    check(replace(right, headers=(*others, ("amz-sdk-request", "one"), ("amz-sdk-request", "two"))))
    swapped = (*others, ("amz-sdk-request", "two"), ("amz-sdk-request", "one"))
    assert refused(replace(right, headers=swapped)) is SignatureFaultKind.MISMATCH


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"secret": "another"}, SignatureFaultKind.MISMATCH),
        ({"region": "eu-west-2"}, SignatureFaultKind.SCOPE),
        ({"service": "s3"}, SignatureFaultKind.SCOPE),
        ({"at": NOW - 901}, SignatureFaultKind.EXPIRED),
        ({"at": NOW + 901}, SignatureFaultKind.EXPIRED),
        ({"token": "of-a-session"}, SignatureFaultKind.TOKEN),
    ],
)
@pytest.mark.parametrize("query", [False, True])
def test_signed_otherwise_it_is_refused(change, fault, query):
    if query and change.get("at", NOW) < NOW:
        change = {"at": NOW - 3601}  # botocore's is good for an hour
    assert refused(signed(query=query, **change)) is fault


class OfAnotherDay(SigV4Auth):
    """Signs rightly throughout, but with the key of another day than the request's date."""

    DAY = "20261121"

    def scope(self, request):
        return super().scope(request).replace(request.context["timestamp"][:8], self.DAY)

    def credential_scope(self, request):
        return super().credential_scope(request).replace(request.context["timestamp"][:8], self.DAY)

    def signature(self, string_to_sign, request):
        date = request.context["timestamp"]
        request.context["timestamp"] = self.DAY + date[8:]
        try:
            return super().signature(string_to_sign, request)
        finally:
            request.context["timestamp"] = date


def test_a_key_of_another_day_signs_nothing():
    check(signed(kind=SigV4Auth))
    assert refused(signed(kind=OfAnotherDay)) is SignatureFaultKind.SCOPE


def altered(received, name, value):
    headers = tuple((key, value if key == name else old) for key, old in received.headers)
    return replace(received, headers=headers)


@pytest.mark.parametrize("query", [False, True])
def test_altered_it_is_refused(query):
    right = signed(url=f"http://relay.test{V2}?a=1&b=2", headers={"X-Amz-Extra": "1"}, query=query)
    check(right)
    for wrong in (
        replace(right, body_hash=hashlib.sha256(b'{"a": 2}').hexdigest()),
        replace(right, path=V2 + "s"),
        replace(right, path=V2.replace("m", "%6d", 1)),
        replace(right, query=right.query.replace("a=1", "a=2")),
        replace(right, query=right.query + "&c=3"),
        replace(right, method="PUT"),
        altered(right, "host", "evil.test"),
        altered(right, "x-amz-extra", "2"),
    ):
        assert refused(wrong) is SignatureFaultKind.MISMATCH


def without(received, name):
    return replace(received, headers=tuple(h for h in received.headers if h[0] != name))


def unsigned(received, name):
    told = received.header("authorization")
    return altered(received, "authorization", told.replace(f"{name};", ""))


def test_host_and_date_must_be_there_and_signed():
    right = signed()
    assert refused(without(right, "host")) is SignatureFaultKind.INCOMPLETE
    assert refused(without(right, "x-amz-date")) is SignatureFaultKind.INCOMPLETE
    assert refused(unsigned(right, "host")) is SignatureFaultKind.INCOMPLETE
    assert refused(without(right, "authorization")) is SignatureFaultKind.MISSING
    dated = altered(
        right, "authorization", right.header("authorization").replace(";x-amz-date", "")
    )
    assert refused(dated) is SignatureFaultKind.INCOMPLETE
    added = replace(right, headers=(*right.headers, ("x-amz-target", "Evil")))
    assert refused(added) is SignatureFaultKind.INCOMPLETE


@pytest.mark.parametrize("told", ["UNSIGNED-PAYLOAD", hashlib.sha256(b"other").hexdigest()])
def test_the_body_is_always_covered(told):
    assert refused(signed(headers={"X-Amz-Content-SHA256": told})) is SignatureFaultKind.PAYLOAD


def test_a_told_hash_of_the_body_that_came_is_right():
    told = hashlib.sha256(b'{"a": 1}').hexdigest()
    check(signed(headers={"X-Amz-Content-SHA256": told}))


@pytest.mark.parametrize("query", [False, True])
def test_the_service_may_be_named_as_the_host_is(query):
    check(signed(service="email", query=query))


def dated(text):
    """A request whose date is in ``Date``, signed by botocore; the header says ``text``."""
    right = signed(headers={"Date": "to be written by botocore"})
    assert "x-amz-date" not in dict(right.headers)
    headers = altered(right, "date", text).headers
    canonical = hashlib.sha256(CANONICAL.format(date=text).encode()).hexdigest()
    to_sign = f"AWS4-HMAC-SHA256\n20261122T075025Z\n{SCOPE}\n{canonical}"
    signature = hmac.digest(
        signing_key(SECRET, "20261122", "eu-west-1", "ses"), to_sign.encode(), "sha256"
    ).hex()
    authorization = (
        f"AWS4-HMAC-SHA256 Credential={KEY}/{SCOPE}, SignedHeaders=date;host, Signature={signature}"
    )
    return altered(replace(right, headers=headers), "authorization", authorization)


SCOPE = "20261122/eu-west-1/ses/aws4_request"
CANONICAL = (
    f"POST\n{V2}\n\ndate:{{date}}\nhost:relay.test:4580\n\ndate;host\n"
    + hashlib.sha256(b'{"a": 1}').hexdigest()
)


def test_the_date_may_be_in_the_date_header_as_botocore_signs_it():
    right = signed(headers={"Date": "to be written by botocore"})
    assert right.header("date") == "Sun, 22 Nov 2026 07:50:25 -0000"
    check(right)
    assert refused(right, now=NOW + 901) is SignatureFaultKind.EXPIRED
    assert (
        refused(altered(right, "date", "Sun, 22 Nov 2026 07:50:26 GMT"))
        is SignatureFaultKind.MISMATCH
    )
    assert refused(without(right, "date")) is SignatureFaultKind.INCOMPLETE
    told = right.header("authorization")
    assert (
        refused(altered(right, "authorization", told.replace("date;", "")))
        is SignatureFaultKind.INCOMPLETE
    )


@pytest.mark.parametrize(
    "text",
    [
        "Sun, 22 Nov 2026 07:50:25 GMT",
        "Sun, 22 Nov 2026 08:50:25 +0100",
        "20261122T075025Z",
    ],
)
def test_the_date_header_may_be_in_either_format(text):
    check(dated(text))


@pytest.mark.parametrize("text", ["now", "2026", "Sun, 99 Nov 2026 07:50:25 GMT", "20261122T07"])
def test_a_date_header_that_cannot_be_read_is_none(text):
    assert refused(dated(text)) is SignatureFaultKind.INCOMPLETE


@pytest.mark.parametrize(
    ("headers", "query"),
    [
        ((("authorization", "AWS3-HTTPS AWSAccessKeyId=x,Algorithm=HmacSHA256,Signature=y"),), ""),
        ((("x-amzn-authorization", "AWS3-HTTPS AWSAccessKeyId=x, Signature=y"),), ""),
        ((("authorization", "AWS3 AWSAccessKeyId=x,Signature=y"),), ""),
        ((("authorization", "AWS x:y="),), ""),
        ((("authorization", "AWS4-ECDSA-P256-SHA256 Credential=x"),), ""),
        ((("authorization", "Basic YTpi"),), ""),
        ((("authorization", "Bearer x"),), ""),
        ((), "Action=SendEmail&AWSAccessKeyId=x&SignatureVersion=2&Signature=y"),
    ],
)
def test_who_signs_in_an_older_way_is_told_to_sign_with_version_4(headers, query):
    received = Received("POST", "/", query, (("host", "x"), *headers), "0" * 64)
    with pytest.raises(SignatureFault, match="Signature Version 4") as caught:
        check(received)
    assert caught.value.fault is SignatureFaultKind.INCOMPLETE


@pytest.mark.parametrize(
    "authorization",
    [
        "AWS4-HMAC-SHA256",
        "AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=" + "0" * 64,
        "AWS4-HMAC-SHA256 Credential=k/20261122/eu-west-1/ses/aws4_request, "
        "SignedHeaders=host;Host, Signature=" + "0" * 64,
        *(
            f"AWS4-HMAC-SHA256 Credential={KEY}/{scope}, SignedHeaders={headers}, Signature="
            + "0" * 64
            for scope, headers in (
                ("20261122//ses/aws4_request", "host;x-amz-date"),
                ("20261122/eu-west-1/ses/aws4_answer", "host;x-amz-date"),
                ("20261122/eu-west-1/ses/aws4_request/x", "host;x-amz-date"),
                ("20261122/eu-west-1/ses/aws4_request", "x-amz-date;host"),
                ("20261122/eu-west-1/ses/aws4_request", "host;x(y)"),
            )
        ),
    ],
)
def test_half_a_signature_is_none(authorization):
    assert (
        refused(altered(signed(), "authorization", authorization)) is SignatureFaultKind.INCOMPLETE
    )


@pytest.mark.parametrize("name", ["X-Amz-Algorithm=AWS4-HMAC-SHA256", "X-Amz-Signature=0"])
def test_half_a_signature_in_the_query_is_none(name):
    received = Received("GET", "/", name, (("host", "x"),), "0" * 64)
    assert refused(received) is SignatureFaultKind.INCOMPLETE


def test_a_fault_says_why():
    with pytest.raises(SignatureFault) as caught:
        claimed(Received("GET", "/", "", (("host", "x"),), "0" * 64))
    assert str(caught.value) == "Request is missing Authentication Token"


def test_a_signature_in_the_query_lives_as_long_as_it_says():
    received = signed("GET", "http://relay.test/?Action=GetSendQuota", b"", query=True)
    check(received, now=NOW + 3599)
    assert refused(received, now=NOW + 3601) is SignatureFaultKind.EXPIRED
    assert without_signature(received.query) == "Action=GetSendQuota"


@pytest.mark.parametrize("seconds", [1, 604_800])
def test_a_signature_in_the_query_is_good_for_a_second_and_for_a_week(seconds):
    received = signed("GET", query=True, kind=partial(SigV4QueryAuth, expires=seconds))
    check(received, now=NOW + seconds)
    assert refused(received, now=NOW + seconds + 1) is SignatureFaultKind.EXPIRED


@pytest.mark.parametrize(
    "expires", ["", "0", "-1", "1.5", "604801", "9" * 5_000, "0000000019999999", "%C2%B2", "+1"]
)
def test_no_other_time_is_good(expires):
    received = signed("GET", query=True)
    query = received.query.replace("Expires=3600", f"Expires={expires}")
    assert refused(replace(received, query=query)) is SignatureFaultKind.INCOMPLETE


@settings(max_examples=60)
@given(
    st.text(st.characters(max_codepoint=255), max_size=60),
    st.text(st.characters(max_codepoint=255), max_size=60),
    st.lists(
        st.tuples(
            st.sampled_from(["authorization", "x-amz-date", "host", "x-amz-content-sha256", "a"]),
            st.text(st.characters(max_codepoint=255), max_size=40)
            | st.from_regex(
                r"AWS4-HMAC-SHA256 Credential=[a-z/0-9]*, SignedHeaders=[a-z;]*, Signature=.{0,70}"
            ).map(lambda text: text.encode("latin-1", "replace").decode("latin-1")),
        ),
        max_size=5,
    ),
)
def test_whatever_comes_it_is_a_signature_fault(path, query, headers):
    with pytest.raises(SignatureFault):
        check(Received("POST", f"/{path}", query, tuple(headers), "0" * 64))


@given(st.text(st.characters(max_codepoint=255), max_size=60))
def test_any_query_with_the_names_of_a_signature_is_refused(junk):
    query = f"X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Expires=9&X-Amz-Signature={junk}&{junk}"
    with pytest.raises(SignatureFault):
        check(Received("GET", "/", query, (("host", "x"),), "0" * 64))
