"""Addresses as mail headers and SES's calls write them, read strictly (RFC 5322, RFC 2047).

The one reader for every door: ``Ada <ada@example.org>``, lists, groups, comments, quoted and
encoded names. It takes what SES takes and refuses the rest in the sentences of SES's own errors.
Where two readers of mail could see two different addresses it refuses too: a bound on senders or a
suppression holds only if everybody reads the same. :attr:`Mailbox.written` writes anew what was
read, so that the text it came from goes no further.
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
"""What nearly every address looks like, with a name or without: read ten times as fast."""

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
"""Characters that SES takes."""
_LONGEST_WORD = 75
"""Characters of an encoded word (RFC 2047, section 2)."""


class AddressError(ValueError):
    """The text is no address; it says why, as SES does."""


@dataclass(frozen=True, slots=True)
class Mailbox:
    """One mailbox: a name, which may be '', and a bare address."""

    name: str
    """Decoded: what a mail program shows."""
    address: str
    """``ada@example.org``, its case kept; quoted before the @ only where it has to be."""

    @property
    def written(self) -> str:
        """The mailbox as a header or a call takes it, in ASCII if its address is."""
        return f"{_written_name(self.name)} <{self.address}>" if self.name else self.address

    @property
    def shown(self) -> str:
        """The mailbox as people read it; not for a header."""
        return f"{self.name} <{self.address}>" if self.name else self.address


def read_mailbox(text: str) -> Mailbox:
    """The one mailbox that ``text`` is.

    Raises:
        AddressError: it isn't one, or more than one.
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
    """Everybody in an address list, as To and From have it; members of groups too, in order.

    Raises:
        AddressError: it can't be read to its end.
    """
    reader = _Reader(header)
    reader.read()
    return tuple(each.mailbox() for each in reader.found)


@dataclass(frozen=True, slots=True)
class _Item:
    """What stands between two commas."""

    phrase: tuple[str, ...]
    """Before the angle bracket; the whole item where there is none. Quoted strings and comments
    are pieces of their own."""
    bare: str
    """The same without comments."""
    route: str | None
    """Within the angle brackets; None where there are none."""
    after: str
    """Behind them, without comments."""

    def mailbox(self) -> Mailbox:
        if self.route is None:
            return Mailbox("", _checked(self.bare.strip()))
        address = _checked(self.route.strip())
        if "@" in self.after:
            raise AddressError("Illegal address")
        return Mailbox(_decoded_name(self.phrase), address)


class _Reader:
    """Splits a text into items at the commas that part mailboxes."""

    def __init__(self, text: str) -> None:
        unfolded = _FOLD.sub("", text)
        if _CONTROL.search(unfolded):
            raise AddressError("Address contains control characters")
        self._text = unfolded.replace("\t", " ")
        self._at = 0
        self.found: list[_Item] = []
        self.grouped = False
        """Whether there was a group."""
        self._group_at: int | None = None
        """Where the group began that is open."""
        self._item_at = 0
        self._phrase: list[str] = []
        self._after: list[str] = []
        self._route: str | None = None

    def read(self) -> None:
        """Read to the end; ``found`` has the items then."""
        while self._at < len(self._text):
            self._step(self._text[self._at])
        self._end_item()
        if self._group_at is not None:
            # Never closed, so it was no group: refused by what it is as an address.
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
        """A comment with those within it."""
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
        # A comment parts what it stands between: some readers join that, others don't.
        bare = "".join(" " if _is_comment(piece) else piece for piece in self._phrase)
        if self._route is not None or bare.strip():
            after = "".join(piece for piece in self._after if not _is_comment(piece))
            self.found.append(_Item(tuple(self._phrase), bare, self._route, after))
        self._at += 1
        self._begin_item()


def _checked(address: str) -> str:
    """The bare address in its one spelling.

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
    """Without its quotes, if it can be: two spellings of one mailbox are one address."""
    local = _ESCAPED.sub(r"\1", quoted[1:-1])
    if not local.isascii():
        raise AddressError("Local address contains illegal character")
    return local if re.fullmatch(_DOT_ATOM, local) else _in_quotes(local)


def _end_of_local(address: str) -> int:
    """Where the @ is."""
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
    """Letters of any script, digits, hyphens and dots; a literal (``[127.0.0.1]``) is refused."""
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
    """The name as people read it: quotes gone, encoded words decoded, one line."""
    texts = []
    for quoted, pieces in groupby(phrase, lambda piece: piece.startswith('"')):
        if quoted:
            # No encoded word should be in quotes, but programs write it, and mail programs read it.
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
