"""Raw mail: another To header, and every other byte as it was."""

from contextlib import suppress

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sestui.ses_api.raw_mail import RawMail
from sestui.ses_api.wire import ServiceError

BODY = b"\r\n--b\r\nContent-Type: image/png\r\n\r\n\x89PNG\x00\xff\r\nTo: not@a.header\r\n--b--\r\n"


def mime(to: bytes, *, before: bytes = b"From: s@example.com\r\n", after: bytes = b"") -> bytes:
    return before + to + after + b"\r\n" + BODY


@pytest.mark.parametrize(
    ("to", "mailboxes"),
    [
        (b"To: a@x.org, b@x.org\r\n", ["a@x.org", "b@x.org"]),
        (b'to:"Last, First" <a@x.org>,\r\n\tBob (the, one) <b@x.org>\r\n', ["a@x.org", "b@x.org"]),
        (b"TO: friends: a@x.org, B <b@x.org>;, c@x.org\r\n", ["a@x.org", "b@x.org", "c@x.org"]),
        (b"To: undisclosed-recipients:;\r\n", []),
        (b'To: "a\\" , b" <a@x.org>\r\n', ["a@x.org"]),
        (b"To: =?utf-8?q?=C3=9Cnal?= <u@x.org>, \xc3\xbc <v@x.org>\r\n", ["u@x.org", "v@x.org"]),
        (b"TO : a@x.org, b@x.org\r\n", ["a@x.org", "b@x.org"]),
        (b"To: friend@x.org <real@x.org>\r\n", ["real@x.org"]),
        (b"To: support@shop.org via List <l@x.org>\r\n", ["l@x.org"]),
        (b"", []),
    ],
)
def test_who_is_in_the_header(to, mailboxes):
    assert [each.address for each in RawMail(mime(to)).mailboxes("To")] == mailboxes


@pytest.mark.parametrize("ending", [b"\r\n", b"\n"])
def test_only_the_to_header_is_written_anew(ending):
    head = b"Received: by x\n\tfolded\nFrom: s@example.com\nTo : a@x.org,\n b@x.org\n"
    head = (head + b"Subject: To: me\nCc: c@x.org\n").replace(b"\n", ending)
    data = head + BODY
    written = RawMail(data).mailboxes("To")[1].written
    changed = RawMail(data).addressed_to(written)
    start, end = data.index(b"To :"), data.index(b"Subject")
    assert changed == data[:start] + b"To : b@x.org" + ending + data[end:]


@pytest.mark.parametrize("name", ["From", "To", "reply-to", "Subject", "MIME-Version"])
def test_what_a_mail_has_once_is_refused_twice(name):
    data = f"X: 1\r\n{name}: a@x.org\r\nY: 2\r\n{name.upper()} : b@x.org\r\n\r\n".encode()
    with pytest.raises(ServiceError, match=rf"(?i)Duplicate header '{name}'"):
        RawMail(data).check_single()


def test_what_a_mail_may_have_often_is_not():
    RawMail(b"Received: x\r\nReceived: y\r\nTo: a@x.org\r\n\r\nTo: b@x.org").check_single()


@pytest.mark.parametrize(
    "head",
    [
        b"\r\nFrom: s@x.org\r\n\r\n",
        b"\nFrom: s@x.org\n\n",
        b"",
        b" From: s@x.org\r\n\r\n",
        b"From s@x.org Mon Jan 1\r\nFrom: s@x.org\r\n\r\n",
        b"From: s@x.org\r\nno header\r\nTo: a@x.org\r\n\r\n",
        b"From: s@x.org\r\nno header\r\n\r\n",
        b"From: s@x.org\r\nno header",
        b"X: y\rFrom: t@x.org\r\nFrom: s@x.org\r\n\r\n",
        b"From: s@x.org\r\r\n\r\n",
        b"From: s@x.org\0\r\n\r\n",
        b"X: " + b"y" * 262_144 + b"\r\nFrom: s@x.org\r\n\r\n",
    ],
)
def test_a_head_that_others_may_read_otherwise_is_told(head):
    assert RawMail(head + b"body").fault


@pytest.mark.parametrize("ending", [b"\r\n", b"\n"])
def test_a_usual_head_has_no_fault(ending):
    data = b"From : s@x.org\nX:\n folded\n\ttwice\nTo: a@x.org\n".replace(b"\n", ending)
    assert RawMail(data + ending + b"body \r\0").fault == ""
    assert RawMail(data).fault == ""


def test_a_mail_without_the_header_or_without_headers_is_left_alone():
    for data in (b"Subject: x\r\n\r\nTo: a@x.org\r\n", b"\r\nTo: a@x.org\r\n", b"", b"To"):
        assert RawMail(data).addressed_to("b@x.org") == data


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_names_in_eight_bits_are_encoded(encoding):
    data = "To: Ünal <u@x.org>, b@x.org\r\n\r\n".encode(encoding)
    [mailbox, _] = RawMail(data).mailboxes("To")
    assert mailbox.name == "Ünal"
    assert RawMail(data).addressed_to(mailbox.written) == (
        b"To: =?utf-8?b?w5xuYWw=?= <u@x.org>\r\n\r\n"
    )


def test_a_dkim_signature_is_seen():
    assert RawMail(mime(b"To: a@x.org\r\n", before=b"DKIM-Signature: v=1;\r\n h=to\r\n")).is_signed
    assert not RawMail(mime(b"To: a@x.org\r\n")).is_signed


@given(st.binary(max_size=300))
@example(b"To:\r\n\r\n")
@example(b"To: a@x.org")
@example(b"To: (((((\n\n")
def test_any_bytes_are_read_and_keep_what_is_no_to_header(data):
    raw = RawMail(data)
    assert isinstance(raw.fault, str)
    with suppress(ServiceError):
        for each in raw.mailboxes("To"):
            assert "\n" not in each.written
    changed = raw.addressed_to("one@x.org")
    if raw.values("to"):
        assert RawMail(changed).values("to")[0] == "one@x.org"
        assert RawMail(changed).addressed_to("one@x.org") == changed
    else:
        assert changed == data


_ADDRESS = st.from_regex(r"[a-z]{1,8}@[a-z]{1,8}\.org", fullmatch=True)
_NAME = st.sampled_from(["", "Ada ", '"Last, First" ', "(x, y) ", "=?utf-8?q?=C3=84?= "])


@settings(max_examples=60)
@given(
    st.lists(st.tuples(_NAME, _ADDRESS), min_size=1, max_size=6, unique_by=lambda pair: pair[1]),
    st.sampled_from([", ", ",\r\n ", " ,\r\n\t"]),
    st.binary(max_size=50),
)
def test_each_mail_is_the_original_with_its_own_recipient(people, comma, body):
    to = comma.join(f"{name}<{address}>" for name, address in people)
    before, after = b"From: s@x.org\r\nTo: ", b"\r\nSubject: x\r\n\r\n" + body
    raw = RawMail(before + to.encode() + after)
    found = raw.mailboxes("To")
    assert [each.address for each in found] == [address for _, address in people]
    for each in found:
        mail = raw.addressed_to(each.written)
        assert mail == before + each.written.encode() + after
        assert RawMail(mail).mailboxes("To") == (each,)
