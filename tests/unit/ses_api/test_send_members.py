"""Whatever SES's own model lets a client say about a mail is sent on, or refused; never lost."""

import base64
import json
from urllib.parse import urlencode

import botocore.session
import pytest
from botocore.serialize import create_serializer

from sestui.ses_api.relayed import arguments, first_call, mail_of, mails_of_bulk, packed, unpacked
from sestui.ses_api.wire import ServiceError
from sestui.ses_api.wire_parsing import parse_object
from sestui.ses_api.wire_v1 import BULK, SENDS, parse_form

SESSION = botocore.session.get_session()
MIME = b"From: shop@example.com\r\nTo: a@x.org, b@x.org\r\nSubject: x\r\n\r\nx\r\n"
NOT_PASSED_ON = {"EndpointId"}
KINDS = ("Simple", "Raw", "Template")
OURS = (("sestui-run", "1"),)

# What has to be more than any text.
FITTING = {
    "FromEmailAddress": "shop@example.com",
    "Source": "shop@example.com",
    "FromArn": "arn:one",
    "SourceArn": "arn:one",
    "ToAddresses": ["a@x.org", "b@x.org"],
    "CcAddresses": ["c@x.org"],
    "BccAddresses": ["d@x.org"],
    "ReplyToAddresses": ["Help <help@example.com>", "b@example.com"],
    "FeedbackForwardingEmailAddress": "bounces@example.com",
    "ReturnPath": "bounces@example.com",
    "TemplateData": '{"who": "template-data"}',
    "DefaultTemplateData": '{"who": "template-data"}',
    "ReplacementTemplateData": '{"what": "replacement-data"}',
    "Headers": [{"Name": "X-Default", "Value": "default"}],
    "ReplacementHeaders": [{"Name": "X-Own", "Value": "own"}],
}


def everything(shape, path="", without=()):
    """Arguments that say something in each member of ``shape``, each time something else."""
    name = path.rpartition(".")[2]
    if name in FITTING:
        return FITTING[name]
    if shape.type_name == "structure":
        return {
            member: everything(below, f"{path}.{member}", without)
            for member, below in shape.members.items()
            if member not in without
        }
    if shape.type_name == "list":
        if name == "Destinations" and shape.member.type_name == "string":
            return ["a@x.org", "b@x.org"]
        return [everything(shape.member, f"{path}-of", without)]
    if shape.type_name == "blob":
        return MIME if name == "Data" else b"\x00file"
    return shape.enum[-1] if shape.enum else path.strip(".").replace(".", "-")


def written(service, protocol, action, given):
    """The body in which botocore sends it."""
    operation = SESSION.get_service_model(service).operation_model(action)
    body = create_serializer(protocol).serialize_to_request(given, operation)["body"]
    return urlencode(body).encode() if protocol == "query" else body


def calls(given):
    """What boto3 is given for each call of a mail, as it is after it was stored."""
    mail = unpacked(packed(mail_of(given, most=50)))
    first = first_call(mail.recipients, range(len(mail.recipients)))
    rest = [(place,) for place in range(len(mail.recipients)) if place not in first]
    return [arguments(mail, places, OURS) for places in (first, *rest)]


def model(service, action):
    return SESSION.get_service_model(service).operation_model(action).input_shape


@pytest.mark.parametrize("kind", KINDS)
def test_each_call_says_all_that_the_client_said(kind):
    others = {each for each in KINDS if each != kind}
    given = everything(model("sesv2", "SendEmail"), without=others | NOT_PASSED_ON)
    body = written("sesv2", "rest-json", "SendEmail", given)
    first, second = calls(parse_object(body))
    assert first.pop("Destination") == given.pop("Destination") | {"ToAddresses": ["a@x.org"]}
    assert second.pop("Destination") == {"ToAddresses": ["b@x.org"]}
    given["EmailTags"].append({"Name": "sestui-run", "Value": "1"})
    for call in (first, second):
        if kind == "Raw":
            assert b"Subject: x\r\n\r\nx" in call["Content"].pop("Raw")["Data"]
    if kind == "Raw":
        given["Content"].pop("Raw")
    assert first == second == given


def test_each_mail_of_a_bulk_call_says_all_that_the_client_said():
    given = everything(model("sesv2", "SendBulkEmail"), without=NOT_PASSED_ON)
    [mail] = mails_of_bulk(parse_object(written("sesv2", "rest-json", "SendBulkEmail", given)))
    first, second = calls(mail)
    [entry] = given.pop("BulkEmailEntries")
    template = given.pop("DefaultContent")["Template"] | {
        "Headers": [*FITTING["Headers"], *FITTING["ReplacementHeaders"]]
    }
    data = {"who": "template-data", "what": "replacement-data"}
    for call in (first, second):
        assert json.loads(call["Content"]["Template"].pop("TemplateData")) == data
    template.pop("TemplateData")
    tags = [*given.pop("DefaultEmailTags"), *entry["ReplacementTags"]]
    assert second.pop("Destination") == {"ToAddresses": ["b@x.org"]}
    assert first.pop("Destination") == entry["Destination"] | {"ToAddresses": ["a@x.org"]}
    whole = {
        **given,
        "EmailTags": [*tags, {"Name": "sestui-run", "Value": "1"}],
        "Content": {"Template": template},
    }
    assert first == second == whole


@pytest.mark.parametrize("action", list(SENDS))
def test_everything_that_the_old_api_can_say_is_in_the_calls(action):
    shape = model("ses", action)
    given = everything(shape)
    _, parameters = parse_form("", written("ses", "query", action, given))
    request = SENDS[action](parameters)
    mails = mails_of_bulk(request) if action == BULK else [request]
    sent = repr([call for mail in mails for call in calls(mail)])
    for text in texts(given):
        assert text in sent, text
    if action == "SendRawEmail":
        assert "To: b@x.org" in sent


def texts(given):
    """Every text in ``given``; of JSON, its values."""
    if isinstance(given, dict):
        return [text for value in given.values() for text in texts(value)]
    if isinstance(given, list):
        return [text for value in given for text in texts(value)]
    if isinstance(given, bytes):
        return ["Subject: x"]
    return list(json.loads(given).values()) if given.startswith("{") else [given]


@pytest.mark.parametrize(
    ("where", "value"),
    [
        ({"EndpointId": "ab.cde"}, "EndpointId"),
        ({"Unheard": {"of": 1}}, "Unheard"),
        ({"ListManagementOptions": {"ContactListName": "l", "Other": "x"}}, "Other"),
        ({"Content": {"Raw": {"Data": base64.b64encode(MIME).decode(), "Seal": "x"}}}, "Seal"),
    ],
)
def test_what_cannot_be_passed_on_is_refused_by_name(where, value):
    given = {"FromEmailAddress": "s@x.org", "Destination": {"ToAddresses": ["a@x.org"]}}
    simple = {"Simple": {"Subject": {"Data": "x"}, "Body": {"Text": {"Data": "x"}}}}
    with pytest.raises(ServiceError, match=value) as caught:
        mail_of({**given, "Content": simple, **where}, most=50)
    assert (caught.value.status, caught.value.code) == (400, "BadRequestException")


@pytest.mark.parametrize("extra", ["ListManagementOptions", "EmailTags", "EndpointId"])
def test_so_it_is_in_a_bulk_call(extra):
    entry = {"Destination": {"ToAddresses": ["a@x.org"]}}
    template = {"Template": {"TemplateName": "t"}}
    given = {"FromEmailAddress": "s@x.org", "DefaultContent": template, "BulkEmailEntries": [entry]}
    assert mails_of_bulk(given)
    with pytest.raises(ServiceError, match=extra):
        mails_of_bulk({**given, extra: {}})


def test_two_identities_of_a_raw_mail_are_refused_rather_than_one_forgotten():
    given = {"RawMessage": {"Data": MIME}, "FromArn": "arn:one", "SourceArn": "arn:two"}
    _, parameters = parse_form("", written("ses", "query", "SendRawEmail", given))
    with pytest.raises(ServiceError, match="SourceArn"):
        SENDS["SendRawEmail"](parameters)
