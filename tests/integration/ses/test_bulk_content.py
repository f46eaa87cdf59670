"""Whoever gets a mail can't tell whether it went alone or in a bulk call."""

import json
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sestui.core.content import Composer, Envelope, MessageSource
from sestui.core.delivery.handover import AnswerKind
from sestui.core.delivery.mail import Mail, MailAttachment
from sestui.ses.requests import bulk_request, single_request
from sestui.ses_api.wire_parsing import parse_send_bulk_email
from sestui.simulator.outbox.outbox_reader import OutboxReader
from sestui.simulator.templates.templating import rendered

HOSTILE = [
    "Ada", '"quoted" \'twice\'', "back\\slash\\", "{{ name }}", "}}", "{{{p0}}}", "{{p1}}",
    "{{{b0}}}", "{", "}", "{{{", "\\{{", "<b>&amp;</b>", "Größe 陽子", "\U0001f600",
    "line\u2028end", "a\nb\r\n c", "\t tab ", "\x00\x01", "x" * 20_000,
]  # fmt: skip
BODY = """\
Dear {{ name }}, { {{ name }} } and
{% raw %}{{ this }} {{{p0}}} \\{{{% endraw %}{{ name }}{% raw %}}}{% endraw %}

{% if name == "Ada" %}Just for *you*.{% endif %} C:\\\\{{ name }}

[Leave]({{ unsubscribe_url }})
"""
TEXT = "{{ name }}\n{% raw %}{{p0}}{% endraw %}{ {{ name }}} \\{{ name }}\\ {{ email }}\n"


def composer(text=""):
    source = MessageSource("{{ greeting or 'Hi' }} {% raw %}{{p0}}{% endraw %}", BODY, text=text)
    return Composer(source, Envelope("Shop <news@example.com>", reply_to=("r@example.com",)))


def mails_to(names, text=""):
    message = composer(text)
    return [
        message.mail(
            f"a{number}@example.com",
            {"name": name, "greeting": name if name.isprintable() else ""},
            (("sestui-run", "1"), ("sestui-delivery", str(number))),
        )
        for number, name in enumerate(names)
    ]


def outbox_mail(account, reply):
    assert reply.kind is AnswerKind.ACCEPTED, reply
    its_own = {"id", "message_id", "arrived_at", "accepted_at"}
    found = account.mail(reply.message_id)
    return {key: value for key, value in found.items() if key not in its_own}


@pytest.mark.parametrize("text", ["", TEXT])
def test_a_bulk_call_brings_what_single_calls_bring(gateway, account, text):
    mails = mails_to(HOSTILE, text)
    in_bulk = gateway.send_bulk(mails)
    singly = [gateway.send(mail) for mail in mails]
    for mail, one, other in zip(mails, in_bulk, singly, strict=True):
        found = outbox_mail(account, one)
        assert found == outbox_mail(account, other)
        assert (found["subject"], found["html"], found["text"]) == (
            mail.subject,
            mail.html,
            mail.text,
        )
        assert found["tags"] == dict(mail.tags)


HEADERS = st.lists(
    st.tuples(st.sampled_from(["X-A", "x-a", "X-B", "List-Unsubscribe"]), st.sampled_from("123")),
    max_size=4,
).map(tuple)
FILES = st.lists(
    st.builds(
        MailAttachment,
        st.sampled_from(["a.pdf", "Größe 陽子.txt", "two\nlines.bin", "{{p0}}"]),
        st.sampled_from(["application/pdf", "text/plain", "text/html"]),
        st.binary(max_size=90),
    ),
    max_size=3,
).map(tuple)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    each=st.lists(st.tuples(st.sampled_from(HOSTILE[:-1]), HEADERS), min_size=1, max_size=4),
    common=HEADERS,
    files=FILES,
)
def test_headers_and_files_arrive_alike_in_bulk_and_singly(gateway, account, each, common, files):
    mails = [
        replace(made, headers=(*own[:2], *common, *own[2:]), attachments=files)
        for made, (_, own) in zip(mails_to([name for name, _ in each]), each, strict=True)
    ]
    in_bulk = gateway.send_bulk(mails)
    singly = [gateway.send(mail) for mail in mails]
    for mail, one, other in zip(mails, in_bulk, singly, strict=True):
        assert as_opened(account, one) == as_opened(account, other)
        assert sorted(outbox_mail(account, one)["attachments"]) == sorted(
            file.name for file in mail.attachments
        )


def as_opened(account, reply):
    """The mail as its recipient's program has it; headers of different names have no order."""
    assert reply.kind is AnswerKind.ACCEPTED, reply
    found = OutboxReader(account.path).mail(reply.message_id)
    its_own = {"message-id", "date", "content-type"}  # with boundaries of the message id
    headers = [
        (name, value) for name, value in found.content.headers if name.lower() not in its_own
    ]
    return (
        sorted(headers, key=lambda header: header[0].lower()),
        found.content.html,
        found.content.text,
        found.content.files,
        found.tags,
        found.listed.recipients,
    )


def test_what_the_mails_share_is_in_the_call_once():
    mails = mails_to(["Ada", "Bob", "Cy"])
    body = json.dumps(bulk_request(mails))
    assert body.count("Dear ") == 2  # in HTML and text
    entries = bulk_request(mails)["BulkEmailEntries"]
    assert len(json.dumps(entries)) < 3 * 1_000


def as_ses_renders(mails):
    call = parse_send_bulk_email(json.dumps(bulk_request(mails)).encode())
    made = [rendered(call.single(number).content) for number in range(len(mails))]
    return [(content.subject, content.html, content.text) for content in made]


@given(names=st.lists(st.text(min_size=1, max_size=30), min_size=1, max_size=4), text=st.booleans())
def test_no_value_is_read_as_a_template(names, text):
    mails = mails_to(names, TEXT if text else "")
    assert as_ses_renders(mails) == [(mail.subject, mail.html, mail.text) for mail in mails]


CONSTANTS = st.lists(
    st.sampled_from(
        ["{", "}", "\\", "x", " ", "\n", "p0", "{% if name %}y{% endif %}", "{{ name }}"]
    )
).map(lambda bits: "".join(b if len(b) > 4 else f"{{% raw %}}{b}{{% endraw %}}" for b in bits))


@given(subject=CONSTANTS, text=CONSTANTS, name=st.sampled_from(HOSTILE[:-1]))
def test_braces_of_the_message_itself_are_no_template(subject, text, name):
    source = MessageSource("News " + subject.replace("\n", ""), "x", text="x" + text)
    message = Composer(source, Envelope("news@example.com"))
    name = name if name.isprintable() else "Ada"
    mails = [message.mail("a@example.com", {"name": name}) for _ in range(2)]
    assert as_ses_renders(mails) == [(mail.subject, mail.html, mail.text) for mail in mails]


def test_mails_of_two_messages_go_whole():
    mails = [mails_to(["Ada"])[0], mails_to(["Bob"], TEXT)[0]]
    assert as_ses_renders(mails) == [(mail.subject, mail.html, mail.text) for mail in mails]


# attachments and headers

PRICES = MailAttachment("prices.pdf", "application/pdf", b"%PDF " * 1_000)


def a_mail(**more):
    return Mail("news@example.com", "a@example.com", "News", "", "Hello", **more)


def test_files_and_headers_in_common_are_in_the_call_once():
    page = ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")
    mails = [
        a_mail(attachments=(PRICES,), headers=(("List-Unsubscribe", f"<{n}>"), page))
        for n in range(50)
    ]
    request = bulk_request(mails)
    template = request["DefaultContent"]["Template"]
    assert [file["FileName"] for file in template["Attachments"]] == ["prices.pdf"]
    assert template["Headers"] == [{"Name": page[0], "Value": page[1]}]
    entries = request["BulkEmailEntries"]
    assert [entry["ReplacementHeaders"] for entry in entries] == [
        [{"Name": "List-Unsubscribe", "Value": f"<{n}>"}] for n in range(50)
    ]
    assert len(json.dumps(request)) < 2 * len(PRICES.content) + 50 * 400


def test_files_are_to_travel_in_base64_whichever_call_brings_them():
    singly = single_request(a_mail(attachments=(PRICES,)))["Content"]["Simple"]
    in_bulk = bulk_request([a_mail(attachments=(PRICES,))] * 2)["DefaultContent"]["Template"]
    assert singly["Attachments"] == in_bulk["Attachments"]
    assert singly["Attachments"][0]["ContentTransferEncoding"] == "BASE64"


def test_a_file_is_put_in_base64_once_for_all_calls():
    texts = [
        *(single_request(a_mail(attachments=(PRICES,)))["Content"]["Simple"] for _ in range(2)),
        *(
            bulk_request([a_mail(attachments=(PRICES,))] * 2)["DefaultContent"]["Template"]
            for _ in range(2)
        ),
    ]
    assert len({id(part["Attachments"][0]["RawContent"]) for part in texts}) == 1


@pytest.mark.long
@pytest.mark.ci
@pytest.mark.parametrize(
    "other",
    [
        {"attachments": (PRICES,)},
        {"reply_to": ("r@example.com",)},
        {"configuration_set": "shop"},
        {"request": {"Content": {"Raw": {"Data": b""}}}},
    ],
)
def test_mails_that_one_call_would_make_alike_are_not_put_in_one(gateway, account, other):
    with pytest.raises(ValueError, match="share"):
        bulk_request([a_mail(), a_mail(**other)])
    with pytest.raises(ValueError, match="share"):
        gateway.send_bulk([a_mail(), a_mail(**other)])
    assert account.addresses() == {}
