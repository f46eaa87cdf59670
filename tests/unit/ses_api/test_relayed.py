"""A relayed mail: who gets which call, and that nothing of it is lost on the way."""

import base64
import contextlib
import json
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sestui.ses_api.relayed import (
    Role,
    allowed_sender,
    arguments,
    first_call,
    mail_of,
    mails_of_bulk,
    packed,
    unpacked,
)
from sestui.ses_api.wire import ServiceError
from sestui.ses_api.wire_parsing import MAX_RECIPIENTS, parse_object

TAGS = (("sestui-run", "1"), ("sestui-delivery", "2"))
OURS = [{"Name": "sestui-run", "Value": "1"}, {"Name": "sestui-delivery", "Value": "2"}]


def simple(to=(), cc=(), bcc=(), **more):
    return {
        "FromEmailAddress": "Shop <shop@example.com>",
        "Destination": {
            "ToAddresses": list(to),
            "CcAddresses": list(cc),
            "BccAddresses": list(bcc),
        },
        "Content": {"Simple": {"Subject": {"Data": "Hi"}, "Body": {"Text": {"Data": "Hello"}}}},
        **more,
    }


def raw(mime, **more):
    return {"Content": {"Raw": {"Data": base64.b64encode(mime).decode()}}, **more}


def relayed(given, **more):
    mail = mail_of(given, **{"most": 50, **more})
    kept = unpacked(packed(mail))
    assert (kept.request, kept.recipients, kept.rewrites) == (
        mail.request,
        mail.recipients,
        mail.rewrites,
    )
    return mail


@pytest.mark.parametrize("text", ["small", "large " * 10_000, "half a \ud800"])
def test_what_is_stored_is_read_again_whatever_its_size(text):
    content = {"Simple": {"Subject": {"Data": "Hi"}, "Body": {"Text": {"Data": text}}}}
    mail = relayed(simple(["a@x.org"], Content=content))
    assert len(packed(mail)) < 2_048
    # As releases before have stored all of them.
    people = [[each.email, each.role, each.written, each.rides] for each in mail.recipients]
    old = zlib.compress(json.dumps([mail.request, people, mail.rewrites]).encode(), 1)
    assert unpacked(old) == unpacked(packed(mail))


def calls(mail):
    """Every call that carries the mail, as the relay makes them."""
    places = list(range(len(mail.recipients)))
    first = first_call(mail.recipients, places)
    rest = [(place,) for place in places if place not in first]
    return [arguments(mail, call, TAGS) for call in (first, *rest)]


def test_each_to_has_its_own_mail_and_the_others_ride_with_the_first():
    mail = relayed(simple(["A <a@x.org>", "b@x.org", "c@x.org"], ["d@x.org"], ["e@x.org"]))
    destinations = [call["Destination"] for call in calls(mail)]
    assert destinations == [
        {
            "ToAddresses": ["A <a@x.org>"],
            "CcAddresses": ["d@x.org"],
            "BccAddresses": ["e@x.org"],
        },
        {"ToAddresses": ["b@x.org"]},
        {"ToAddresses": ["c@x.org"]},
    ]
    assert mail.senders == ("shop@example.com",)


def test_an_address_gets_one_mail_however_often_it_is_named():
    mail = relayed(simple(["a@x.org", "A@X.org", "b@x.org"], ["B@x.org"], ["c@x.org", "C@x.org"]))
    assert [(each.email, each.role) for each in mail.recipients] == [
        ("a@x.org", Role.TO),
        ("b@x.org", Role.TO),
        ("c@x.org", Role.BCC),
    ]


def test_what_the_client_gave_goes_on_and_null_is_nothing():
    mail = relayed(
        simple(
            ["a@x.org"],
            ReplyToAddresses=["r@x.org"],
            FeedbackForwardingEmailAddress="f@x.org",
            EmailTags=[{"Name": "kind", "Value": "order"}, {"Name": "sestui-run", "Value": "9"}],
            ListManagementOptions={"ContactListName": "l", "TopicName": None},
            TenantName=None,
        ),
        configuration_set="ours",
    )
    [call] = calls(mail)
    assert call["ReplyToAddresses"] == ["r@x.org"]
    assert call["FeedbackForwardingEmailAddress"] == "f@x.org"
    assert call["ListManagementOptions"] == {"ContactListName": "l"}
    assert call["ConfigurationSetName"] == "ours"
    assert call["EmailTags"] == [{"Name": "kind", "Value": "order"}, *OURS]
    assert "TenantName" not in call
    theirs = relayed(simple(["a@x.org"], ConfigurationSetName="own"), configuration_set="ours")
    assert theirs.request["ConfigurationSetName"] == "own"


def test_attachments_are_bytes_again():
    given = simple(["a@x.org"])
    given["Content"]["Simple"]["Attachments"] = [
        {"FileName": "a.bin", "RawContent": base64.b64encode(b"\x00\xff").decode()}
    ]
    [call] = calls(relayed(given))
    assert call["Content"]["Simple"]["Attachments"] == [
        {"FileName": "a.bin", "RawContent": b"\x00\xff"}
    ]


MIME = (
    b"From: shop@example.com\r\nTo: A <a@x.org>, b@x.org\r\nCc: c@x.org\r\n"
    b"X-SES-MESSAGE-TAGS: kind=order, day=1\r\nSubject: x\r\n\r\n\xffTo: body\r\n"
)


def test_a_raw_mail_is_addressed_anew_and_nothing_else_of_it_changes():
    mail = relayed(raw(MIME))
    first, second = calls(mail)
    assert first["Destination"] == {"ToAddresses": ["a@x.org"], "CcAddresses": ["c@x.org"]}
    assert second["Destination"] == {"ToAddresses": ["b@x.org"]}
    to = b"A <a@x.org>, b@x.org"
    assert first["Content"]["Raw"]["Data"] == MIME.replace(to, b"A <a@x.org>")
    assert second["Content"]["Raw"]["Data"] == MIME.replace(to, b"b@x.org")
    theirs = [{"Name": "kind", "Value": "order"}, {"Name": "day", "Value": "1"}]
    assert first["EmailTags"] == [*theirs, *OURS]
    assert mail.senders == ("shop@example.com",)


def test_the_envelope_says_who_gets_a_raw_mail():
    envelope = {"ToAddresses": ["b@x.org", "c@x.org", "hidden@x.org"]}
    mail = relayed(raw(MIME, Destination=envelope, FromEmailAddress="bounces@example.com"))
    first, *others = calls(mail)
    assert others == []
    assert first["Destination"] == {"ToAddresses": ["b@x.org", "c@x.org", "hidden@x.org"]}
    assert b"\r\nTo: b@x.org\r\n" in first["Content"]["Raw"]["Data"]
    assert mail.senders == ("bounces@example.com", "shop@example.com")


@pytest.mark.parametrize(
    "mime",
    [b"From: s@x.org\r\nTo:  A  <a@x.org>\r\n\r\nx", b"From: s@x.org\r\nBcc: a@x.org\r\n\r\nx"],
)
def test_a_raw_mail_to_one_is_left_byte_for_byte(mime):
    [call] = calls(relayed(raw(mime)))
    assert call["Content"]["Raw"]["Data"] == mime


def test_a_dkim_signed_mail_is_passed_whole_with_a_warning():
    mime = b"DKIM-Signature: v=1; h=to\r\n" + MIME
    mail = relayed(raw(mime))
    assert "DKIM" in mail.warning
    [call] = calls(mail)
    assert call["Content"]["Raw"]["Data"] == mime
    assert call["Destination"]["ToAddresses"] == ["a@x.org", "b@x.org"]
    assert not relayed(raw(mime.replace(b", b@x.org", b"").replace(b"Cc:", b"X:"))).warning


def test_more_than_ses_takes_is_refused_unless_allowed():
    everybody = [f"r{number}@x.org" for number in range(120)]
    with pytest.raises(ServiceError, match="exceeds 50"):
        relayed(simple(everybody))
    with pytest.raises(ServiceError, match="exceeds 50"):
        relayed(raw(b"From: s@x.org\r\nTo: " + ", ".join(everybody).encode() + b"\r\n\r\nx"))
    assert len(calls(relayed(simple(everybody), most=200))) == 120
    hidden = calls(relayed(simple(bcc=everybody), most=200))
    assert len(hidden[0]["Destination"]["BccAddresses"]) == MAX_RECIPIENTS
    assert [call["Destination"] for call in hidden[1:3]] == [
        {"BccAddresses": ["r50@x.org"]},
        {"BccAddresses": ["r51@x.org"]},
    ]


def test_a_bulk_call_is_a_mail_an_entry():
    mails = mails_of_bulk(
        {
            "FromEmailAddress": "s@x.org",
            "ReplyToAddresses": ["r@x.org"],
            "DefaultContent": {
                "Template": {"TemplateName": "t", "TemplateData": '{"a": 1, "b": 2}'}
            },
            "DefaultEmailTags": [{"Name": "k", "Value": "1"}],
            "BulkEmailEntries": [
                {
                    "Destination": {"ToAddresses": ["a@x.org", "b@x.org"]},
                    "ReplacementEmailContent": {
                        "ReplacementTemplate": {"ReplacementTemplateData": '{"b": 3}'}
                    },
                    "ReplacementHeaders": [{"Name": "X-A", "Value": "1"}],
                },
                {"Destination": {"ToAddresses": ["c@x.org"]}},
            ],
        }
    )
    first, second = (relayed(mail) for mail in mails)
    template = first.request["Content"]["Template"]
    assert json.loads(template["TemplateData"]) == {"a": 1, "b": 3}
    assert template["TemplateName"] == "t"
    assert template["Headers"] == [{"Name": "X-A", "Value": "1"}]
    assert first.request["EmailTags"] == [{"Name": "k", "Value": "1"}]
    assert first.request["ReplyToAddresses"] == ["r@x.org"]
    assert [each.email for each in first.recipients] == ["a@x.org", "b@x.org"]
    assert json.loads(second.request["Content"]["Template"]["TemplateData"]) == {"a": 1, "b": 2}


@pytest.mark.parametrize(
    ("rules", "address", "allowed"),
    [
        ([], "anybody@anywhere.org", True),
        (["example.com"], "News@Example.COM", True),
        (["example.com"], "a@mail.example.com", True),
        (["example.com"], "a@notexample.com", False),
        (["shop@example.com"], "Shop@example.com", True),
        (["shop@example.com"], "other@example.com", False),
    ],
)
def test_who_may_send(rules, address, allowed):
    assert allowed_sender(rules, address) is allowed


_KEYS = st.sampled_from(
    [
        *("FromEmailAddress", "Destination", "ToAddresses", "CcAddresses", "Content", "Simple"),
        *("Raw", "Template", "Subject", "Body", "Text", "Data", "Headers", "Name", "Value"),
        *("Attachments", "RawContent", "EmailTags", "TemplateContent", "TemplateData"),
        *("DefaultContent", "BulkEmailEntries", "ReplacementTags", "ListManagementOptions"),
    ]
)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(_KEYS | st.text(), below),
    max_leaves=12,
)


@pytest.mark.long
@pytest.mark.ci
@settings(max_examples=60)
@given(st.dictionaries(_KEYS, _JSON))
def test_any_json_is_a_mail_or_refused(given):
    with contextlib.suppress(ServiceError):
        calls(relayed({**simple(["a@x.org"]), **given}))
    with contextlib.suppress(ServiceError):
        for mail in mails_of_bulk({"FromEmailAddress": "s@x.org", **given}):
            relayed(mail)


@given(st.binary(max_size=400), st.lists(st.text(max_size=20), max_size=3))
def test_any_raw_mail_is_a_mail_or_refused(mime, to):
    with contextlib.suppress(ServiceError):
        calls(relayed(raw(mime, Destination={"ToAddresses": to}, FromEmailAddress="s@x.org")))
    with contextlib.suppress(ServiceError):
        calls(relayed(raw(b"From: s@x.org\r\nTo: a@x.org, b@x.org\r\n" + mime)))


@given(st.binary(max_size=200))
def test_any_body_is_a_mail_or_refused(body):
    with contextlib.suppress(ServiceError):
        relayed(parse_object(body))
