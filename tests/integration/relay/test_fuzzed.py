"""Whatever is asked, the answer is no failure of ours, and is one in the API's own format."""

import base64
import json
from copy import deepcopy
from urllib.parse import quote, quote_plus
from xml.etree import ElementTree as ET

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.relay import simple
from tests.support.relay_requests import BULK, V2, ask, signed, spoken

MIME = (
    b"From: Shop <shop@example.com>\r\nTo: Ada <ada@x.org>,\r\n bob@x.org\r\nCc: c@x.org\r\n"
    b"X-SES-MESSAGE-TAGS: a=b, c=d\r\nMIME-Version: 1.0\r\n"
    b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\n\r\nx\r\n--b--\r\n'
)
TEMPLATE = {
    "TemplateContent": {"Subject": "For {{who}}", "Text": "Dear {{who}}"},
    "TemplateData": '{"who": "you"}',
    "Headers": [{"Name": "X-A", "Value": "1"}],
}
FILE = {"FileName": "a.txt", "RawContent": "eA==", "ContentType": "text/plain"}
TAGS = [{"Name": "kind", "Value": "order"}]

SINGLE = simple("a@x.org", "b@x.org", EmailTags=TAGS, ReplyToAddresses=["r@x.org"])
SINGLE["Destination"] |= {"CcAddresses": ["c@x.org"], "BccAddresses": ["d@x.org"]}
SINGLE["Content"]["Simple"] |= {"Headers": TEMPLATE["Headers"], "Attachments": [FILE]}
RAW = {"Content": {"Raw": {"Data": base64.b64encode(MIME).decode()}}}
TEMPLATED = SINGLE | {"Content": {"Template": TEMPLATE}}
MANY = {
    "FromEmailAddress": "shop@example.com",
    "DefaultContent": {"Template": TEMPLATE},
    "DefaultEmailTags": TAGS,
    "BulkEmailEntries": [
        {
            "Destination": {"ToAddresses": ["a@x.org", "b@x.org"]},
            "ReplacementTags": TAGS,
            "ReplacementHeaders": TEMPLATE["Headers"],
            "ReplacementEmailContent": {
                "ReplacementTemplate": {"ReplacementTemplateData": '{"who": "me"}'}
            },
        }
    ],
}
FORMS = (
    {
        "Action": "SendEmail",
        "Source": "shop@example.com",
        "Destination.ToAddresses.member.1": "a@x.org",
        "Destination.ToAddresses.member.2": "b@x.org",
        "Message.Subject.Data": "x",
        "Message.Subject.Charset": "UTF-8",
        "Message.Body.Html.Data": "<p>x",
        "Tags.member.1.Name": "kind",
        "Tags.member.1.Value": "order",
    },
    {
        "Action": "SendRawEmail",
        "Destinations.member.1": "a@x.org",
        "RawMessage.Data": base64.b64encode(MIME).decode(),
    },
    {
        "Action": "SendBulkTemplatedEmail",
        "Source": "shop@example.com",
        "Template": "none",
        "DefaultTemplateData": "{}",
        "Destinations.member.1.Destination.ToAddresses.member.1": "a@x.org",
        "Destinations.member.1.ReplacementTemplateData": "{}",
    },
    {"Action": "GetSendQuota", "Version": "2010-12-01"},
)

ODD_TEXTS = st.sampled_from(
    [
        *("", " ", "\x00", "\ud800", "\U0001f600", "é@x.org", "a@", "@x.org", "a@x.org,b@x.org"),
        *("<a@x.org", "a@x.org\r\nBcc: e@x.org", '"a, b" <a@x.org>', "a" * 400 + "@x.org", "{{x}}"),
        *("{", "[]", '{"a": ' * 50, "=", "====", "NaN", "%00", "a@" + "x." * 200, "(" * 200, '"'),
    ]
) | st.text(st.characters(max_codepoint=0x2FFFF), max_size=12)
JUNK = (
    ODD_TEXTS
    | st.sampled_from([None, True, 0, -1, 10**40, 1.5, float("nan"), float("inf"), [], {}, [[]]])
    | st.sampled_from([[None], {"Data": None}, {"": {}}, ["a@x.org"] * 60, [{}] * 60])
)


def places(tree, path=()):
    """Every place in the JSON ``tree``."""
    yield path
    below = tree.items() if isinstance(tree, dict) else ()
    for key, value in enumerate(tree) if isinstance(tree, list) else below:
        yield from places(value, (*path, key))


@st.composite
def spoiled(draw, whole):
    """``whole`` with something in it taken out, or put in its place."""
    tree = deepcopy(whole)
    for _ in range(draw(st.integers(1, 2))):
        *path, last = draw(st.sampled_from([path for path in places(tree) if path]))
        node = tree
        for key in path:
            node = node[key]
        if draw(st.integers(0, 3)) == 0:
            del node[last]
        else:
            node[last] = deepcopy(draw(JUNK))
        if not tree:
            break
    return json.dumps(tree).encode()


@st.composite
def torn(draw, whole):
    """The bytes ``whole`` with a piece cut out or put in."""
    start = draw(st.integers(0, len(whole)))
    end = draw(st.integers(start, min(len(whole), start + 40)))
    return whole[:start] + draw(st.binary(max_size=12)) + whole[end:]


@st.composite
def filled_in(draw):
    """A form of the old API with a field that is missing, odd, twice or misplaced."""
    fields = list(draw(st.sampled_from(FORMS)).items())
    number = draw(st.integers(0, len(fields) - 1))
    name, value = fields[number]
    change = draw(st.sampled_from(["out", "value", "name", "twice", "deeper"]))
    if change == "out":
        del fields[number]
    elif change == "value":
        fields[number] = (name, draw(ODD_TEXTS))
    elif change == "name":
        fields[number] = (
            name.replace("1", draw(st.sampled_from(["0", "-1", "x", "9" * 9]))),
            value,
        )
    else:
        fields.append((name + (".x" if change == "deeper" else ""), draw(ODD_TEXTS)))
    return "&".join(
        f"{quote(name)}={quote_plus(value, errors='surrogatepass')}" for name, value in fields
    ).encode()


WHOLE = [(V2, each) for each in (SINGLE, RAW, TEMPLATED)] + [(BULK, MANY)]
RAW_MAILS = torn(MIME).map(
    lambda mime: {"Content": {"Raw": {"Data": base64.b64encode(mime).decode()}}}
)
ASKED = st.one_of(
    *(st.tuples(st.just("POST"), st.just(path), spoiled(whole)) for path, whole in WHOLE),
    *(
        st.tuples(st.just("POST"), st.just(path), torn(json.dumps(whole).encode()))
        for path, whole in WHOLE
    ),
    st.tuples(
        st.just("POST"), st.just(V2), RAW_MAILS.map(lambda given: json.dumps(given).encode())
    ),
    st.tuples(st.just("POST"), st.just("/"), filled_in() | filled_in().flatmap(torn)),
    st.tuples(
        st.sampled_from(["GET", "PUT", "DELETE", "OPTIONS", "PATCH"]),
        ODD_TEXTS.map(lambda text: "/v2/email/" + quote(text, errors="replace")),
        st.binary(max_size=20),
    ),
)


def check(relay, asked):
    answer = ask(relay, *signed(relay, *asked))
    assert answer.status < 500, (asked, answer.status, answer.body)
    if asked[0] != "POST":
        return
    if asked[1] == "/":
        assert ET.fromstring(answer.body).tag.startswith("{http://ses.amazonaws.com")
    else:
        said = json.loads(answer.body)
        assert answer.code or {"MessageId", "BulkEmailEntryResults"} & set(said)


def fuzzed(examples):
    return settings(max_examples=examples, suppress_health_check=list(HealthCheck))


@fuzzed(80)
@given(asked=ASKED)
def test_whatever_is_asked_the_answer_is_no_failure_of_ours(relay, asked):
    check(relay, asked)


@pytest.mark.long
@pytest.mark.timeout(1_800)
@fuzzed(5_000)
@given(asked=ASKED)
def test_whatever_is_asked_many_times(relay, asked):
    check(relay, asked)


HEAD = (
    b"POST /v2/email/outbound-emails?a=b HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 2\r\n"
    b"Authorization: AWS4-HMAC-SHA256 Credential=k/20261122/eu-west-1/ses/aws4_request, "
    b"SignedHeaders=host;x-amz-date, Signature=" + b"0" * 64 + b"\r\nX-Amz-Date: 20261122T075025Z"
    b"\r\nConnection: close\r\n\r\n{}"
)


def check_bytes(relay, request):
    # What may follow is said to be over: a head or body without an end is a matter of time limits.
    heard = spoken(relay, request, ended=True)
    assert b" 500 " not in heard.partition(b"\r\n")[0], (request, heard)
    assert not heard or heard.startswith(b"HTTP/1.1 4"), (request, heard)


@pytest.mark.long
@pytest.mark.ci
@fuzzed(60)
@given(request_=torn(HEAD))
def test_whatever_bytes_come_the_connection_ends(relay, request_):
    check_bytes(relay, request_)


@pytest.mark.long
@pytest.mark.timeout(1_800)
@fuzzed(5_000)
@given(request_=torn(HEAD).flatmap(torn) | st.binary(max_size=200))
def test_whatever_bytes_come_many_times(relay, request_):
    check_bytes(relay, request_)
