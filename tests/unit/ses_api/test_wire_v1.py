"""The old API: what botocore writes is read, and what we write botocore reads."""

import base64
import contextlib
import json
from urllib.parse import urlencode

import botocore.session
import pytest
from botocore.parsers import create_parser
from botocore.serialize import create_serializer
from hypothesis import given
from hypothesis import strategies as st

from sestui.ses_api import wire
from sestui.ses_api.relay_shape_v1 import SHAPES, check_parameters
from sestui.ses_api.wire import BulkStatus, EntryResult, ServiceError
from sestui.ses_api.wire_parsing import send_bulk_email_of, send_email_of
from sestui.ses_api.wire_v1 import (
    SENDS,
    as_v1,
    bulk_sent_xml,
    error_xml,
    parse_form,
    sent_xml,
)

MODEL = botocore.session.get_session().get_service_model("ses")


def form(action, **given):
    """The body botocore makes of a call."""
    request = create_serializer("query").serialize_to_request(given, MODEL.operation_model(action))
    return urlencode(request["body"]).encode()


def converted(action, **given):
    name, parameters = parse_form("", form(action, **given))
    assert name == action
    return SENDS[action](parameters)


def test_send_email():
    request = converted(
        "SendEmail",
        Source="Shop <shop@example.com>",
        Destination={"ToAddresses": ["a@x.org", "B & C <b@x.org>"], "CcAddresses": []},
        Message={
            "Subject": {"Data": "Grüße +%&=", "Charset": "UTF-8"},
            "Body": {"Html": {"Data": "<p>ü</p>"}, "Text": {"Data": ""}},
        },
        ReplyToAddresses=["help@example.com"],
        ReturnPath="bounces@example.com",
        Tags=[{"Name": "kind", "Value": "order"}],
        ConfigurationSetName="set",
    )
    assert request == {
        "FromEmailAddress": "Shop <shop@example.com>",
        "FeedbackForwardingEmailAddress": "bounces@example.com",
        "ConfigurationSetName": "set",
        "ReplyToAddresses": ["help@example.com"],
        "EmailTags": [{"Name": "kind", "Value": "order"}],
        "Destination": {"ToAddresses": ["a@x.org", "B & C <b@x.org>"]},
        "Content": {
            "Simple": {
                "Subject": {"Data": "Grüße +%&=", "Charset": "UTF-8"},
                "Body": {"Html": {"Data": "<p>ü</p>"}, "Text": {"Data": ""}},
            }
        },
    }
    assert send_email_of(request).destination.recipients == ("a@x.org", "b@x.org")


def test_send_raw_email():
    mime = b"From: s@x.org\r\nTo: a@x.org\r\n\r\n\xff+/"
    request = converted(
        "SendRawEmail", RawMessage={"Data": mime}, Destinations=["a@x.org"], FromArn="arn:x"
    )
    assert base64.b64decode(request["Content"]["Raw"]["Data"]) == mime
    assert request["Destination"] == {"ToAddresses": ["a@x.org"]}
    assert request["FromEmailAddressIdentityArn"] == "arn:x"


def test_templates():
    request = converted(
        "SendTemplatedEmail",
        Source="s@x.org",
        Destination={"ToAddresses": ["a@x.org"]},
        Template="hello",
        TemplateData='{"a": 1}',
    )
    template = request["Content"]["Template"]
    assert template == {"TemplateName": "hello", "TemplateData": '{"a": 1}'}


def test_a_bulk_call_keeps_the_order_of_its_entries():
    entries = [
        {
            "Destination": {"ToAddresses": [f"r{number}@x.org"]},
            "ReplacementTemplateData": json.dumps({"n": number}),
            "ReplacementTags": [{"Name": "n", "Value": str(number)}],
        }
        for number in range(12)
    ]
    request = converted(
        "SendBulkTemplatedEmail",
        Source="s@x.org",
        Template="hello",
        DefaultTemplateData='{"n": 0, "m": 1}',
        Destinations=entries,
    )
    parsed = send_bulk_email_of(request)
    assert [entry.data["n"] for entry in parsed.entries] == list(range(12))
    assert parsed.single(11).tags == (("n", "11"),)


def understood(body):
    action, parameters = parse_form("", body)
    request = SENDS[action](parameters)
    return send_bulk_email_of(request) if "Bulk" in action else send_email_of(request)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"Version=2010-12-01",
        b"Action=SendEmail&Action=GetSendQuota",
        b"Action=SendEmail&Source=a&Source=b",
        b"Action.x=1",
        b"Action=SendEmail&Destination=x&Destination.ToAddresses.member.1=a",
        b"Action=SendEmail&Destination.ToAddresses.member.x=a",
        b"Action=SendEmail&Destination.ToAddresses.member.1.x=a",
        b"Action=SendEmail&Tags.member.1=a",
        b"Action=SendEmail&Source.x=a",
        b"Action=SendEmail&x=%FF",
        b"Action=SendEmail&" + b".".join([b"a"] * 50) + b"=x",
        b"Action=SendEmail&" + b"&".join(b"a%d=" % n for n in range(20_001)),
        "Action=SendEmail&Source=ü".encode(),
    ],
)
def test_what_is_no_call_is_refused(body):
    with pytest.raises(ServiceError) as caught:
        understood(body)
    assert caught.value.status == 400


def test_query_and_body_are_one_call():
    assert parse_form("Action=GetSendQuota&Version=2010-12-01", b"")[0] == "GetSendQuota"
    with pytest.raises(ServiceError):
        parse_form("Action=GetSendQuota", b"Action=SendEmail")


_PART = st.sampled_from(["Action", "Destination", "ToAddresses", "member", "1", "Tags", "Name", ""])


@given(
    st.sampled_from(sorted(SENDS)),
    st.lists(st.tuples(st.lists(_PART, min_size=1, max_size=5).map(".".join), st.text())),
)
def test_any_parameters_are_a_request_or_refused(action, pairs):
    body = urlencode([("Action", action), *pairs], errors="replace").encode()
    with contextlib.suppress(ServiceError):
        understood(body)


@given(st.binary(max_size=200), st.text(st.characters(max_codepoint=127)))
def test_any_bytes_are_a_call_or_refused(body, query):
    with contextlib.suppress(ServiceError):
        parse_form(query, body)


# answers


def read(action, body, status=200):
    parser = create_parser("query")
    return parser.parse(
        {"body": body, "status_code": status, "headers": {}},
        MODEL.operation_model(action).output_shape,
    )


def test_botocore_reads_our_answers():
    said = read("SendEmail", sent_xml("SendEmail", "id<&>", "request"))
    assert said["MessageId"] == "id<&>"
    assert said["ResponseMetadata"]["RequestId"] == "request"
    results = [
        EntryResult(BulkStatus.SUCCESS, "m1"),
        EntryResult(BulkStatus.ACCOUNT_DAILY_QUOTA_EXCEEDED, error="Daily <quota> exceeded."),
        *(EntryResult(status) for status in BulkStatus),
    ]
    said = read("SendBulkTemplatedEmail", bulk_sent_xml(results, "request"))
    assert said["Status"][:2] == [
        {"Status": "Success", "MessageId": "m1"},
        {"Status": "AccountDailyQuotaExceeded", "Error": "Daily <quota> exceeded."},
    ]
    known = set(MODEL.shape_for("BulkEmailStatus").enum)
    assert {each["Status"] for each in said["Status"]} == known


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (wire.rate_exceeded(), "Throttling"),
        (wire.quota_exceeded(), "Throttling"),
        (wire.rejected("No."), "MessageRejected"),
        (wire.sending_paused(), "AccountSendingPausedException"),
        (wire.bad_request("\x00<bad>"), "InvalidParameterValue"),
        (wire.not_found("Template x does not exist."), "TemplateDoesNotExist"),
        (wire.not_found("Configuration set x does not exist."), "ConfigurationSetDoesNotExist"),
        (
            wire.ServiceError(400, "SendingPausedException", "Configuration set x is paused."),
            "ConfigurationSetSendingPausedException",
        ),
    ],
)
def test_botocore_reads_our_refusals(error, code):
    assert as_v1(error).status == 400
    said = read("SendEmail", error_xml(error, "request"), 400)
    assert said["Error"]["Code"] == code
    assert said["Error"]["Type"] == "Sender"
    assert said["ResponseMetadata"]["RequestId"] == "request"


# what the relay could not pass on


def shape_of(shape):
    if shape.type_name == "structure":
        return {name: shape_of(below) for name, below in shape.members.items()}
    return [shape_of(shape.member)] if shape.type_name == "list" else None


@pytest.mark.parametrize("action", sorted(SENDS))
def test_each_parameter_of_sess_model_is_known_and_no_other(action):
    assert SHAPES[action] == shape_of(MODEL.operation_model(action).input_shape)


@pytest.mark.parametrize(
    ("action", "name"),
    [
        ("SendEmail", "Priority"),
        ("SendEmail", "source"),
        ("SendEmail", "Destination.ReplyTo.member.1"),
        ("SendEmail", "Destination.ToAddresses.1"),
        ("SendEmail", "Destination.ToAddresses.members.1"),
        ("SendEmail", "Message.Body.Amp.Data"),
        ("SendEmail", "Message.Subject.Data.x"),
        ("SendEmail", "Tags.member.1.Colour"),
        ("SendEmail", "Template"),
        ("SendRawEmail", "ReplyToAddresses.member.1"),
        ("SendRawEmail", "RawMessage.Encoding"),
        ("SendTemplatedEmail", "Headers.member.1.Name"),
        ("SendBulkTemplatedEmail", "Tags.member.1.Name"),
        ("SendBulkTemplatedEmail", "Destinations.member.7.ReplacementHeaders.member.1.Name"),
    ],
)
def test_another_is_refused_by_its_name(action, name):
    _, parameters = parse_form("", urlencode({"Action": action, name: "x"}).encode())
    with pytest.raises(ServiceError) as caught:
        check_parameters(action, parameters)
    named, said = caught.value.text.split(maxsplit=1)
    assert name.startswith(named)
    assert said.startswith("is not a parameter")
    assert (caught.value.status, caught.value.code) == (400, "BadRequestException")


def test_what_every_call_has_and_what_signs_it_are_known():
    query = (
        "Version=2010-12-01&X-Amz-Algorithm=a&X-Amz-Credential=b&X-Amz-Date=c&X-Amz-Expires=9"
        "&X-Amz-SignedHeaders=host&X-Amz-Signature=d&AWSAccessKeyId=x&Timestamp=t"
        "&SignatureVersion=4&SignatureMethod=m&Expires=e&SecurityToken=s&Signature=s"
    )
    action, parameters = parse_form(query, b"Action=SendEmail&Source=a&ReplyToAddresses=")
    check_parameters(action, parameters)
