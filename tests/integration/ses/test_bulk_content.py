"""Whoever gets a mail can't tell whether it went alone or in a bulk call."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sestui.core.content import Composer, Envelope, MessageSource
from sestui.core.delivery import AnswerKind
from sestui.core.wire_parsing import parse_send_bulk_email
from sestui.ses.requests import bulk_request
from sestui.simulator.templating import rendered

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
    in_bulk = gateway.send_bulk(mails, lambda: True)
    singly = [gateway.send(mail, lambda: True) for mail in mails]
    for mail, one, other in zip(mails, in_bulk, singly, strict=True):
        found = outbox_mail(account, one)
        assert found == outbox_mail(account, other)
        assert (found["subject"], found["html"], found["text"]) == (
            mail.subject,
            mail.html,
            mail.text,
        )
        assert found["tags"] == dict(mail.tags)


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
