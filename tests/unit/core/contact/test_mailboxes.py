"""The strict reader: it reads what SES reads, and nobody else reads another address."""

import email
import email.policy
from email.headerregistry import AddressHeader
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sestui.core.contact.mailboxes import AddressError, Mailbox, read_mailbox, read_mailboxes

LINES = [
    line.split("\t")
    for line in (Path(__file__).parents[3] / "data" / "addresses.tsv").read_text().splitlines()
    if not line.startswith("#")
]

OURS = {
    # A source route: SMTP servers ignore it (RFC 5321, appendix C), and so do other readers, for
    # whom this is a@x.net. The sentence is that of an address which begins with its @.
    "<@x.org:a@x.net>, b@x.net": "REFUSED Missing local name",
}
"""Where we differ from the list, and why."""


def outcome(kind: str, text: str) -> str:
    text = text.replace("\\n", "\n")
    try:
        if kind == "one":
            return read_mailbox(text).address
        return " ".join(each.address for each in read_mailboxes(text))
    except AddressError as error:
        return f"REFUSED {error}"


def test_the_list_is_there():
    assert len(LINES) == 116


@pytest.mark.parametrize(("kind", "text", "wanted"), LINES)
def test_an_address_is_read_as_ses_reads_it(kind, text, wanted):
    assert outcome(kind, text) == OURS.get(text, wanted)


@pytest.mark.parametrize(
    "text",
    [
        # What some readers take for one address and others for another.
        "<a@shop.example> <ceo@other.example>",
        "<a@shop.example>ceo@other.example",
        '<a@shop.example> "ceo@other.example"',
        "a@shop.example, ceo@other.example",
        "a@shop.example ceo@other.example",
        "a@shop.example@other.example",
        "a(b)@other.example",
        "a@shop.example(b).other.example",
        "a@[127.0.0.1]",
        "a@shop.example>ceo@other.example",
        "a@shop.example\r\nBcc: ceo@other.example",
        "a@shop.example\0",
        "a@shop.example\x7f",
        "Ada\n<a@shop.example>",
        "Ada: a@shop.example;",
        "ada@shop_example.com",
        "ünal@shop.example",
        '"ünal"@shop.example',
        "a@-shop.example",
        "a@shop-.example",
        "a@shop..example",
        "a@.example",
        "a@example.",
        "@example.com",
        "a.@example.com",
        'a"b"@example.com',
        '"a"b@example.com',
        "<>",
        "",
        " ",
        ",",
        f"{'a' * 320}@example.com",
        "Ada <a@shop.example",
        "(" * 5_000,
        '"' + "\\" * 5_000,
    ],
)
def test_what_two_readers_could_read_differently_is_refused(text):
    with pytest.raises(AddressError):
        read_mailbox(text)


@pytest.mark.parametrize(
    ("text", "name", "address", "written"),
    [
        ("Ada <a@x.org>", "Ada", "a@x.org", "Ada <a@x.org>"),
        ("Ada  Lovelace\t<A@X.org>", "Ada Lovelace", "A@X.org", "Ada Lovelace <A@X.org>"),
        ('"Doe, Jo" <a@x.org>', "Doe, Jo", "a@x.org", '"Doe, Jo" <a@x.org>'),
        ('"a \\"b\\" \\\\c" <a@x.org>', 'a "b" \\c', "a@x.org", '"a \\"b\\" \\\\c" <a@x.org>'),
        ("Shop (Köln) <a@x.org>", "Shop (Köln)", "a@x.org",
         "=?utf-8?b?U2hvcCAoS8O2bG4p?= <a@x.org>"),
        ("=?utf-8?b?RG9l?=\r\n =?utf-8?b?LCDDiQ==?= <a@x.org>", "Doe, É", "a@x.org",
         "=?utf-8?b?RG9lLCDDiQ==?= <a@x.org>"),
        ("=?iso-8859-1?Q?J=F6rg?= B. <a@x.org>", "Jörg B.", "a@x.org",
         "=?utf-8?b?SsO2cmcgQi4=?= <a@x.org>"),
        ('"=?utf-8?b?RG9lLCDDiQ==?=" <a@x.org>', "Doe, É", "a@x.org",
         "=?utf-8?b?RG9lLCDDiQ==?= <a@x.org>"),
        ("=?utf-8?q?J=C3=B6rg B.?= <a@x.org>", "Jörg B.", "a@x.org",
         "=?utf-8?b?SsO2cmcgQi4=?= <a@x.org>"),
        ("=?utf-8?q?x=0D=0ABcc=3A_y?= <a@x.org>", "x Bcc: y", "a@x.org", '"x Bcc: y" <a@x.org>'),
        ("=?no-such?q?x?= <a@x.org>", "=?no-such?q?x?=", "a@x.org",
         "=?utf-8?b?PT9uby1zdWNoP3E/eD89?= <a@x.org>"),
        ('"victim"@x.org', "", "victim@x.org", "victim@x.org"),
        ('"vic\\tim"@x.org', "", "victim@x.org", "victim@x.org"),
        ('"a@b"@x.org', "", '"a@b"@x.org', '"a@b"@x.org'),
        ("<a@x.org>", "", "a@x.org", "a@x.org"),
        ("friend@y.org <victim@x.org>", "friend@y.org", "victim@x.org",
         '"friend@y.org" <victim@x.org>'),
    ],
)  # fmt: skip
def test_it_is_written_anew(text, name, address, written):
    mailbox = read_mailbox(text)
    assert mailbox == Mailbox(name, address)
    assert mailbox.written == written
    assert read_mailbox(written) == mailbox


def test_a_domain_may_be_of_any_script():
    assert read_mailbox("Ünal <u@bücher.example>").address == "u@bücher.example"


def test_the_words_of_a_long_name_keep_to_75_characters():
    mailbox = Mailbox("Łódź i żółte książki " * 12, "a@x.org")
    words = mailbox.written.rpartition(" ")[0].split(" ")
    assert len(words) > 3
    assert max(map(len, words)) <= 75
    assert read_mailbox(mailbox.written).name == mailbox.name.strip()


@pytest.mark.parametrize(
    ("piece", "name"),
    [
        ('"a"', "a"),
        ("()", "()"),
        ('(\\")', '(\\")'),
        ("[a]", "[a]"),
        ("=?utf-8?q?a?= ", "a"),
        ('"a" ', "a "),
        ("é ", "é "),
    ],
)
def test_a_name_of_any_length_is_read_in_time_by_its_length(piece, name):
    # By the square of it, these would take many minutes.
    count = 1_000_000 // len(piece)
    mailbox = read_mailbox(f"{piece * count}<a@x.org>")
    assert mailbox == Mailbox((name * count).strip(), "a@x.org")


def test_what_is_escaped_within_a_comment_neither_quotes_nor_ends_it():
    assert read_mailbox('Ada (5" \\" x) "B" <a@x.org>').name == 'Ada (5" \\" x) B'
    assert read_mailbox("Ada (:\\)) <a@x.org>").name == "Ada (:\\))"


@pytest.mark.parametrize(
    "text", ["{}@example.com", "<{}@example.com>", '"B, Ada" <{}@example.com>']
)
def test_an_address_has_320_characters_and_no_more(text):
    local = "a" * (320 - len("@example.com"))
    assert read_mailbox(text.format(local)).address == f"{local}@example.com"
    with pytest.raises(AddressError, match="more than 320 characters"):
        read_mailbox(text.format(local + "a"))


@pytest.mark.parametrize(("name", "shown"), [("Doe, É", "Doe, É <a@x.org>"), ("", "a@x.org")])
def test_people_are_shown_the_name_as_it_is(name, shown):
    assert Mailbox(name, "a@x.org").shown == shown


def test_a_group_that_is_never_closed_is_refused_from_its_begin():
    with pytest.raises(AddressError, match="Local address starts with dot"):
        read_mailboxes("a@x.org, .b: c@x.org")
    with pytest.raises(AddressError, match="Local address starts with dot"):
        read_mailboxes(".b: c@x.org")


def test_a_group_that_two_lists_share():
    found = read_mailboxes("A: a@x.org, B <b@x.org>; C:c@x.org;, d@x.org, none:;")
    assert [each.address for each in found] == ["a@x.org", "b@x.org", "c@x.org", "d@x.org"]


ATOM = st.text("abcXYZ019!#$%&'*+-/=?^_`{|}~", min_size=1, max_size=8)
ADDRESS = st.one_of(
    st.builds("{}@{}.org".format, ATOM, st.from_regex(r"[a-z0-9]{1,8}", fullmatch=True)),
    st.sampled_from(["a@x.org", '"a b"@x.org', '"a"@x.org', '"<b@y.org>"@x.org', "a@x", "@x.org"]),
)
NAME = st.one_of(
    st.text(max_size=12),
    st.text(' "\\(),<>@[]:;.=?\t\r\nab', max_size=12),
    st.sampled_from(
        ["=?utf-8?q?=C3=9Cnal?=", "=?utf-8?b?!!!?=", '"Doe, Jo"', "(x)", "b@y.org", ""]
    ),
)
TEXT = st.one_of(
    ADDRESS,
    st.builds("{} <{}>".format, NAME, ADDRESS),
    st.builds("{}<{}>{}".format, NAME, ADDRESS, NAME),
    st.builds("{}{}".format, ADDRESS, NAME),
    st.text('"\\(),<>@[]:;.=?\t\r\n ab', max_size=20),
)


def as_python_reads(written: str) -> list[str]:
    """The addresses that Python's mail package reads in a To header."""
    message = email.message_from_bytes(
        f"To: {written}\r\n\r\n".encode("ascii"), policy=email.policy.SMTP
    )
    header = message["To"]
    assert isinstance(header, AddressHeader)
    return [each.addr_spec for each in header.addresses]


@pytest.mark.long
@pytest.mark.ci
@settings(max_examples=400)
@given(TEXT)
@example("a@x.org (b@y.org)")
@example("Ada <a@x.org> b")
def test_what_is_written_is_read_alike_by_others(text):
    try:
        mailbox = read_mailbox(text)
    except AddressError:
        return
    written = mailbox.written
    assert "\n" not in written
    assert "\r" not in written
    assert read_mailbox(written) == mailbox
    if mailbox.address.isascii():
        assert as_python_reads(written) == [mailbox.address]


@settings(max_examples=300)
@given(st.lists(TEXT, max_size=4), st.sampled_from([", ", ",", " ,\r\n ", ";"]))
def test_a_list_is_refused_or_read_alike(texts, comma):
    try:
        found = read_mailboxes(comma.join(texts))
    except AddressError:
        return
    written = ", ".join(each.written for each in found)
    assert read_mailboxes(written) == found
    if written.isascii() and found:
        assert as_python_reads(written) == [each.address for each in found]
