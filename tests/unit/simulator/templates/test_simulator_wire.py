import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sestui.core.contact.mailboxes import Mailbox
from sestui.ses_api.addresses import mailbox_of
from sestui.ses_api.wire import (
    BulkStatus,
    EntryResult,
    RawContent,
    ServiceError,
    SimpleContent,
    TemplateContent,
    send_bulk_email_body,
)
from sestui.ses_api.wire_parsing import parse_send_bulk_email, parse_send_email
from sestui.simulator.account.rules import peak_in_one_second
from sestui.simulator.templates.rendering import MissingVariableError
from sestui.simulator.templates.templating import rendered, substitute
from tests.support.simulator import bulk, single


def changed(body: bytes, **more: Any) -> bytes:
    return json.dumps({**json.loads(body), **more}).encode()


def simple(**more: Any) -> dict[str, Any]:
    content = {"Subject": {"Data": "Hi"}, "Body": {"Text": {"Data": "Hello"}}, **more}
    return {"Content": {"Simple": content}}


def test_a_simple_request() -> None:
    attachment = {
        "FileName": "a.txt",
        "ContentType": "text/plain",
        "RawContent": base64.b64encode(b"data").decode(),
    }
    body = single(
        "Ada <ada@example.org>",
        Destination={"ToAddresses": ["Ada <ada@example.org>"], "BccAddresses": ["b@example.org"]},
        ReplyToAddresses=["help@example.com"],
        EmailTags=[{"Name": "run", "Value": "1"}],
        **simple(Headers=[{"Name": "X-A", "Value": "b"}], Attachments=[attachment]),
    )
    request = parse_send_email(body)
    assert request.destination.recipients == ("ada@example.org", "b@example.org")
    assert request.destination.to == (Mailbox("Ada", "ada@example.org"),)
    assert request.tags == (("run", "1"),)
    assert isinstance(request.content, SimpleContent)
    assert request.content.headers == (("X-A", "b"),)
    assert request.content.attachments[0].content == b"data"


def test_a_raw_request_names_its_recipients_in_its_headers() -> None:
    mime = (
        b"From: Shop <news@example.com>\r\nTo: Ada <ada@example.org>, b@example.org\r\n"
        b"Subject: =?utf-8?q?H=C3=A9llo?=\r\n\r\nbody"
    )
    raw = {"Content": {"Raw": {"Data": base64.b64encode(mime).decode()}}}
    request = parse_send_email(json.dumps(raw).encode())
    assert request.destination.recipients == ("ada@example.org", "b@example.org")
    assert isinstance(request.content, RawContent)
    assert request.content.subject == "Héllo"
    given_one = {**raw, "Destination": {"ToAddresses": ["only@example.org"]}}
    request = parse_send_email(json.dumps(given_one).encode())
    assert request.destination.recipients == ("only@example.org",)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"not json",
        b"[" * 100_000,
        changed(single("x@example.org"), FromEmailAddress=None),
        changed(single("x@example.org"), Destination={}),
        changed(single("x@example.org"), Destination={"ToAddresses": "x@example.org"}),
        changed(single("x@example.org"), Destination={"ToAddresses": [1]}),
        changed(single("x@example.org"), Content={}),
        changed(single("x@example.org"), Content={"Simple": {}, "Raw": {}}),
        changed(single("x@example.org"), Content={"Raw": {"Data": "%%%"}}),
        changed(single("x@example.org"), EmailTags=[{"Name": "a b", "Value": "c"}]),
        changed(single("x@example.org"), **simple(Headers=[{"Name": "A:", "Value": "c"}])),
        changed(single("x@example.org"), **simple(Headers=[{"Name": "A", "Value": "c\nd"}])),
        changed(single("x@example.org"), **simple(Headers=[{"Name": "A", "Value": "c"}] * 16)),
        changed(single("x@example.org"), **simple(Body={})),
        single(*["x@example.org"] * 51),
        single("no-at-sign"),
        single("@example.org"),
        single("ä@example.org"),
        single("x@exämple.org"),
        single("x@example.org\r\nBcc: y@example.org"),
    ],
)
def test_wrong_single_requests_are_refused(body: bytes) -> None:
    with pytest.raises(ServiceError) as caught:
        parse_send_email(body)
    assert caught.value.status == 400


@pytest.mark.parametrize(
    "body",
    [
        bulk(),
        bulk(*["x@example.org"] * 51),
        bulk("x@example.org", data="[]"),
        bulk("x@example.org", data=json.dumps({"x": "y" * 262_144})),
        changed(bulk("x@example.org"), DefaultContent={}),
        changed(bulk("x@example.org"), BulkEmailEntries=["x"]),
    ],
)
def test_wrong_bulk_requests_are_refused(body: bytes) -> None:
    with pytest.raises(ServiceError) as caught:
        parse_send_bulk_email(body)
    assert caught.value.status == 400


@given(st.recursive(st.none() | st.booleans() | st.text(), st.lists) | st.binary())
def test_any_address_and_any_body_is_parsed_or_refused(junk: object) -> None:
    body = junk if isinstance(junk, bytes) else changed(single("x@example.org"), Content=junk)
    with pytest.raises(ServiceError):
        parse_send_email(body)


@given(st.text())
def test_any_text_is_an_address_or_refused(text: str) -> None:
    try:
        bare = mailbox_of(text).address
    except ServiceError:
        return
    assert "@" in bare
    assert bare.isascii()


def test_a_bulk_entry_overrides_by_name() -> None:
    given_bulk = json.loads(bulk("a@example.org", data='{"x": "own"}'))
    template = given_bulk["DefaultContent"]["Template"]
    template["TemplateData"] = '{"x": "default", "y": "kept"}'
    template["Headers"] = [{"Name": "X-One", "Value": "1"}, {"Name": "X-Two", "Value": "2"}]
    given_bulk["DefaultEmailTags"] = [{"Name": "run", "Value": "1"}, {"Name": "kind", "Value": "k"}]
    entry = given_bulk["BulkEmailEntries"][0]
    entry["ReplacementHeaders"] = [{"Name": "x-two", "Value": "own"}]
    entry["ReplacementTags"] = [{"Name": "run", "Value": "9"}]
    mail = parse_send_bulk_email(json.dumps(given_bulk).encode()).single(0)
    assert isinstance(mail.content, TemplateContent)
    assert mail.content.data == {"x": "own", "y": "kept"}
    assert mail.content.headers == (("X-One", "1"), ("x-two", "own"))
    assert mail.tags == (("kind", "k"), ("run", "9"))
    assert rendered(mail.content).html == "<p>own</p>"


def test_bulk_answers_say_each_entry() -> None:
    results = (
        EntryResult(BulkStatus.SUCCESS, "id-1"),
        EntryResult(BulkStatus.ACCOUNT_THROTTLED, error="Maximum sending rate exceeded."),
    )
    assert json.loads(send_bulk_email_body(results))["BulkEmailEntryResults"] == [
        {"Status": "SUCCESS", "MessageId": "id-1"},
        {"Status": "ACCOUNT_THROTTLED", "Error": "Maximum sending rate exceeded."},
    ]


def test_substitution() -> None:
    data = {"x": "<b>&'", "n": 3, "yes": True, "none": None, "deep": {"er": "d"}}
    assert substitute("{{x}} {{{ x }}}", data, escape=True) == "&lt;b&gt;&amp;&#x27; <b>&'"
    assert substitute("{{x}} {{n}} {{yes}}{{none}}", data, escape=False) == "<b>&' 3 true"
    assert substitute("{{deep.er}}", data, escape=True) == "d"
    assert substitute("no places", {}, escape=True) == "no places"
    with pytest.raises(MissingVariableError, match="'z'"):
        substitute("{{z}}", data, escape=True)
    with pytest.raises(ServiceError, match="simple substitutions"):
        substitute("{{#if x}}{{/if}}", data, escape=True)
    with pytest.raises(ServiceError, match="simple substitutions"):
        substitute("{{" + " " * 300_000, data, escape=True)  # once by the cube of its length


@given(st.text())
def test_triple_braces_pass_any_text(text: str) -> None:
    assert substitute("<{{{x}}}>", {"x": text}, escape=True) == f"<{text}>"


@given(st.lists(st.tuples(st.integers(0, 60).map(lambda tick: tick / 8), st.integers(1, 5))))
def test_the_peak_is_the_fullest_window(arrivals: list[tuple[float, int]]) -> None:
    expected = max(
        (sum(n for at, n in arrivals if end - 1 < at <= end) for end, _ in arrivals), default=0
    )
    assert peak_in_one_second(arrivals) == expected
