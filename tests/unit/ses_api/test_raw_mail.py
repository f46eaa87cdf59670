"""Raw mail: another To header, and every other byte as it was."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sestui.ses_api.raw_mail import RawMail

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
        (b"To: a@x.org\r\nSubject: x\r\nTo: b@x.org\r\n", ["a@x.org", "b@x.org"]),
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


def test_further_to_headers_go():
    data = b"To: a@x.org\r\nX: 1\r\nto: b@x.org,\r\n c@x.org\r\nY: 2\r\n\r\nTo: body"
    assert RawMail(data).addressed_to("c@x.org") == b"To: c@x.org\r\nX: 1\r\nY: 2\r\n\r\nTo: body"


def test_a_mail_without_the_header_or_without_headers_is_left_alone():
    for data in (b"Subject: x\r\n\r\nTo: a@x.org\r\n", b"\r\nTo: a@x.org\r\n", b"", b"To"):
        assert RawMail(data).addressed_to("b@x.org") == data


def test_names_in_eight_bits_stay_the_bytes_they_were():
    data = "To: Ünal <u@x.org>, b@x.org\r\n\r\n".encode()
    written = RawMail(data).mailboxes("To")[0].written
    assert RawMail(data).addressed_to(written) == "To: Ünal <u@x.org>\r\n\r\n".encode()


def test_nothing_breaks_out_of_the_header():
    assert RawMail(b"To: x@x.org\n\nbody").addressed_to("a@x.org\r\nBcc: b@x.org") == (
        b"To: a@x.org  Bcc: b@x.org\n\nbody"
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
    for each in raw.mailboxes("To"):
        assert "\n" not in each.written
    changed = raw.addressed_to("one@x.org")
    if raw.values("to"):
        assert RawMail(changed).values("to") == ["one@x.org"]
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
    for each, (name, address) in zip(found, people, strict=True):
        assert raw.addressed_to(each.written) == before + f"{name}<{address}>".encode() + after
