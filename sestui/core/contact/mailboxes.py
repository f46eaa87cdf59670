"""Strict parser of addresses in mail headers and SES calls (RFC 5322, RFC 2047).

It reads ``Ada <ada@example.org>``, lists, groups, comments, quoted and encoded names. It accepts
what SES accepts and refuses the rest in SES's own words. It also refuses text in which two mail
programs could see different addresses: limits on senders and suppressions would not hold there.
:attr:`Mailbox.written` is written anew from what was parsed; the original text goes no further.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from email.header import Header
from itertools import groupby

from sestui.core.contact.encoded_words import decoded_words
from sestui.core.text import encodable

_ATEXT = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_DOT_ATOM = rf"{_ATEXT}(?:\.{_ATEXT})*"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_SIMPLE = re.compile(
    rf"{_DOT_ATOM}@{_LABEL}(?:\.{_LABEL})*"
    rf"|(?P<name>(?!=\?){_ATEXT}(?: (?!=\?){_ATEXT})*) "
    rf"<(?P<address>{_DOT_ATOM}@{_LABEL}(?:\.{_LABEL})*)>"
).fullmatch
"""Fast path (ten times) for nearly every address, with or without a name."""

_FOLD = re.compile(r"\r?\n(?=[ \t])")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_TEXT = re.compile(r'[^"(\[<>),;:\]]+')
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_BRACKETED = re.compile(r"\[(?:[^\]\\]|\\.)*\]")
_ANGLED = re.compile(r'<((?:"(?:[^"\\]|\\.)*"|[^>"\\]|\\.)*)>')
_ESCAPED = re.compile(r"\\(.)")
_PLAIN_NAME = re.compile(rf"{_ATEXT}(?: {_ATEXT})*").fullmatch
_SPECIALS = frozenset('()<>,;:\\"[]')

LONGEST_ADDRESS = 320
"""Characters that SES accepts."""
_LONGEST_WORD = 75
"""Characters of an encoded word (RFC 2047, section 2)."""


class AddressError(ValueError):
    """The text is not an address; the message is SES's."""


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A bare address, with a name that may be ''."""

    name: str
    """Decoded, as a mail program shows it."""
    address: str
    """``ada@example.org``, case kept; the local part is quoted only where it has to be."""

    @property
    def written(self) -> str:
        """The mailbox for a header or a call, in ASCII if its address is."""
        return f"{_written_name(self.name)} <{self.address}>" if self.name else self.address

    @property
    def shown(self) -> str:
        """The mailbox for people to read; not for headers."""
        return f"{self.name} <{self.address}>" if self.name else self.address


def read_mailbox(text: str) -> Mailbox:
    """Parse a single mailbox.

    Raises:
        AddressError: it isn't one, or holds several.
    """
    simple = _SIMPLE(text)
    if simple and len(text) <= LONGEST_ADDRESS:
        return Mailbox(simple["name"] or "", simple["address"] or text)
    reader = _Reader(text)
    reader.read()
    if len(reader.found) != 1 or reader.grouped:
        raise AddressError("Illegal address" if text.strip() else "Empty address")
    return reader.found[0].mailbox()


def read_mailboxes(header: str) -> tuple[Mailbox, ...]:
    """Parse an address list such as a To header, in order, members of groups included.

    Raises:
        AddressError: a part of it is invalid.
    """
    reader = _Reader(header)
    reader.read()
    return tuple(each.mailbox() for each in reader.found)


@dataclass(frozen=True, slots=True)
class _Item:
    """One item of an address list."""

    phrase: tuple[str, ...]
    """The text before the angle bracket, or the whole item if there is none; quoted strings and
    comments are pieces of their own."""
    bare: str
    """``phrase`` without comments."""
    route: str | None
    """The text within angle brackets; None if there are none."""
    after: str
    """The text behind them, without comments."""

    def mailbox(self) -> Mailbox:
        if self.route is None:
            return Mailbox("", _checked(self.bare.strip()))
        address = _checked(self.route.strip())
        if "@" in self.after:
            raise AddressError("Illegal address")
        return Mailbox(_decoded_name(self.phrase), address)


class _Reader:
    """Splits an address list into items."""

    def __init__(self, text: str) -> None:
        unfolded = _FOLD.sub("", text)
        if _CONTROL.search(unfolded):
            raise AddressError("Address contains control characters")
        self._text = unfolded.replace("\t", " ")
        self._at = 0
        self.found: list[_Item] = []
        self.grouped = False
        """Whether the text holds a group."""
        self._group_at: int | None = None
        """Where the open group began."""
        self._item_at = 0
        self._phrase: list[str] = []
        self._after: list[str] = []
        self._route: str | None = None

    def read(self) -> None:
        """Parse all of the text into ``found``."""
        while self._at < len(self._text):
            self._step(self._text[self._at])
        self._end_item()
        if self._group_at is not None:
            # Not closed, so not a group: refuse it as the address that it then is.
            _checked(self._text[self._group_at :].strip())

    def _step(self, character: str) -> None:
        if character == '"':
            self._take(self._matched(_QUOTED, "Missing '\"'"))
        elif character == "[":
            self._take(self._matched(_BRACKETED, "Missing ']'"))
        elif character == "(":
            self._take(self._comment())
        elif character == "<":
            self._angle()
        elif character == ")":
            raise AddressError("Missing '('")
        elif character == ">":
            raise AddressError("Missing '<'")
        elif character == ",":
            self._end_item()
        elif character == ";":
            self._end_group()
        elif character == ":":
            self._begin_group()
        else:
            match = _TEXT.match(self._text, self._at)
            self._take(match[0] if match else character)

    def _matched(self, pattern: re.Pattern[str], fault: str) -> str:
        match = pattern.match(self._text, self._at)
        if match is None:
            raise AddressError(fault)
        return match[0]

    def _comment(self) -> str:
        """A comment, with nested ones."""
        depth, at = 0, self._at
        while at < len(self._text):
            character = self._text[at]
            depth += (character == "(") - (character == ")")
            at += 2 if character == "\\" else 1
            if not depth:
                return self._text[self._at : at]
        raise AddressError("Missing ')'")

    def _take(self, piece: str) -> None:
        self._at += len(piece)
        (self._phrase if self._route is None else self._after).append(piece)

    def _angle(self) -> None:
        if self._route is not None:
            raise AddressError("Extra route-addr")
        match = _ANGLED.match(self._text, self._at)
        if match is None:
            raise AddressError("Missing '>'")
        self._route = match[1]
        self._at = match.end()

    def _begin_group(self) -> None:
        if self._group_at is not None:
            raise AddressError("Nested group")
        self._group_at = self._item_at
        self.grouped = True
        self._at += 1
        self._begin_item()

    def _end_group(self) -> None:
        if self._group_at is None:
            raise AddressError("Illegal semicolon, not in group")
        self._end_item()
        self._group_at = None

    def _begin_item(self) -> None:
        self._item_at = self._at
        self._phrase, self._after = [], []
        self._route = None

    def _end_item(self) -> None:
        # A comment counts as a blank: some parsers join the text around it, others don't.
        bare = "".join(" " if _is_comment(piece) else piece for piece in self._phrase)
        if self._route is not None or bare.strip():
            after = "".join(piece for piece in self._after if not _is_comment(piece))
            self.found.append(_Item(tuple(self._phrase), bare, self._route, after))
        self._at += 1
        self._begin_item()


def _checked(address: str) -> str:
    """The bare address in its normal spelling.

    Raises:
        AddressError: it isn't one.
    """
    if not address:
        raise AddressError("Empty address")
    if len(address) > LONGEST_ADDRESS:
        raise AddressError(f"Address length is more than {LONGEST_ADDRESS} characters long")
    quoted = _QUOTED.match(address)
    if quoted:
        local = _quoted_local(quoted[0])
        end = quoted.end()
        if address[end : end + 1] != "@":
            raise AddressError("Quote not at end of local address")
    else:
        end = _end_of_local(address)
        local = address[:end]
    domain = address[end + 1 :]
    _check_domain(domain)
    return f"{local}@{domain}"


def _quoted_local(quoted: str) -> str:
    """The local part without quotes where possible, so that one mailbox has one spelling."""
    local = _ESCAPED.sub(r"\1", quoted[1:-1])
    if not local.isascii():
        raise AddressError("Local address contains illegal character")
    return local if re.fullmatch(_DOT_ATOM, local) else _in_quotes(local)


def _end_of_local(address: str) -> int:
    """The index of the @."""
    before = ""
    for at, character in enumerate(address):
        if character == "@":
            if not before:
                raise AddressError("Missing local name")
            if before == ".":
                raise AddressError("Local address ends with dot")
            return at
        if character == "." and not before:
            raise AddressError("Local address starts with dot")
        if character == before == ".":
            raise AddressError("Local address contains dot-dot")
        if character.isspace():
            raise AddressError("Local address contains control or whitespace")
        if character in _SPECIALS or not character.isascii():
            raise AddressError("Local address contains illegal character")
        before = character
    raise AddressError("Missing final '@domain'")


def _check_domain(domain: str) -> None:
    """Allow letters of any script, digits, hyphens and dots; no literal (``[127.0.0.1]``)."""
    if not domain:
        raise AddressError("Missing domain")
    if domain[0] == ".":
        raise AddressError("Domain starts with dot")
    if domain[-1] == ".":
        raise AddressError("Domain ends with dot")
    if any(character.isspace() for character in domain):
        raise AddressError("Domain contains control or whitespace")
    labels = domain.split(".")
    if not all(labels):
        raise AddressError("Domain contains dot-dot")
    for label in labels:
        if "-" in {label[0], label[-1]} or not label.replace("-", "").isalnum():
            raise AddressError("Domain contains illegal character")


def _is_comment(piece: str) -> bool:
    return piece.startswith("(")


def _decoded_name(phrase: Sequence[str]) -> str:
    """The name on one line, without quotes, its encoded words decoded."""
    texts = []
    for quoted, pieces in groupby(phrase, lambda piece: piece.startswith('"')):
        if quoted:
            # Encoded words don't belong in quotes, but programs write and mail programs read them.
            texts += [decoded_words(_ESCAPED.sub(r"\1", piece[1:-1])) for piece in pieces]
        else:
            texts.append(decoded_words("".join(pieces)))
    return " ".join(encodable(_CONTROL.sub(" ", "".join(texts))).split())


def _written_name(name: str) -> str:
    if not name.isascii() or "=?" in name:
        words = Header(name, "utf-8", maxlinelen=_LONGEST_WORD).encode()
        return " ".join(words.split())
    return name if _PLAIN_NAME(name) else _in_quotes(name)


def _in_quotes(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
