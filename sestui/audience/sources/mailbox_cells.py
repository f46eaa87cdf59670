"""Find addresses in cells with more than an address: names, links, lists, remains of copying.

Only for cells that :func:`~sestui.core.contact.address_check.check_address` refuses, so it needn't
be fast, and it must never guess an address.
"""

import re
import unicodedata
from dataclasses import dataclass
from urllib.parse import unquote

from sestui.core.contact.address_check import Address, Refusal, check_address
from sestui.core.contact.mailboxes import AddressError, read_mailbox, read_mailboxes

_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff]"
)
_FULL_WIDTH = re.compile("[\uff01-\uff5e\u3002]")
_FULL_STOP = "\u3002"  # ideographic, which input methods insert between labels
_LINK = re.compile(r"\[[^\[\]]*\]\(\s*(?:mailto:)?([^()\s]+)\)", re.IGNORECASE)
_WRAPPED = re.compile(r"\A\{(.*)\}\Z", re.DOTALL)
_PIECE = re.compile(r'"(?:[^"\\]|\\.)*"|<[^<>]*>|:::|[^"<:]|.', re.DOTALL)
_NAMED = re.compile(r"(?P<name>[^<>]*)<(?P<address>[^<>]+)>[\s;,.]*", re.DOTALL)
_SCHEME = re.compile(r"(?:mailto|e-?mail|mail|smtp|internet)\s*:\s*", re.IGNORECASE)
_QUERY = re.compile(r"\?[a-z]+=.*\Z", re.IGNORECASE | re.DOTALL)
_BEFORE = " \t\r\n\"'`<([{=:;,•‘’‚“”„«‹"
_AFTER = " \t\r\n\"'`>)]}=:;,.‘’“”»›"
_PARTING = frozenset(";,|\n\r")
_MANY = 1_000
"""The most addresses of a cell."""


@dataclass(frozen=True, slots=True)
class CellAddress:
    """One of the mailboxes in a cell."""

    text: str
    """The text in the cell."""
    name: str
    """'' if it has none."""
    verdict: Address | Refusal


def read_cell(cell: str, refusal: Refusal) -> list[CellAddress]:
    """Every mailbox in a cell, in order; a single refusal if none is valid.

    ``refusal`` is that of the untidied cell.
    """
    refused = [CellAddress(cell, "", refusal)]
    if "@" not in cell and "\uff20" not in cell:
        return refused
    text = _WRAPPED.sub(r"\1", visible(cell))
    parts = split_mailboxes(text)[:_MANY]
    if len(parts) == 1 and "<" not in text and "(" not in text and _tidied(text) == cell.strip():
        return refused  # nothing to tidy
    found = _read_list(text) or [_read(part) for part in parts]
    if any(isinstance(each.verdict, Address) for each in found):
        return found
    return refused


def visible(cell: str) -> str:
    """The cell without zero-width characters, with plain spaces and normal-width ASCII."""
    if cell.isascii() and cell.isprintable():
        return cell.strip()
    kept = _INVISIBLE.sub("", cell)
    kept = _FULL_WIDTH.sub(
        lambda found: "." if found[0] == _FULL_STOP else unicodedata.normalize("NFKC", found[0]),
        kept,
    )
    return "".join(" " if each.isspace() and each not in "\r\n" else each for each in kept).strip()


def is_blank(cell: str) -> bool:
    """Whether a cell has no visible character: only spaces of any kind, a DOS end mark."""
    return not cell or not visible(cell)


def split_mailboxes(text: str) -> list[str]:
    """Split a list of mailboxes at ``;``, ``,``, ``|``, ``:::`` or line ends.

    A part without @ belongs to the next: ``Lee, Ann <ann@example.org>`` is one.
    """
    text = _LINK.sub(r"<\1>", text)
    if text.count("@") < 2:
        return [text]
    parts, part = [], ""
    for piece in _PIECE.findall(text):
        if (piece in _PARTING or piece == ":::") and ("@" in part or not part.strip()):
            parts.append(part)
            part = ""
        else:
            part += piece
    parts.append(part)
    return [each for part in parts if part.strip() for each in _spaced(part.strip())]


def _spaced(part: str) -> list[str]:
    """``ann@example.org bob@example.org`` as two, if every word is an address."""
    words = [word for word in re.split(r"[\s/]+|(?<=\s)(?:and|or|&)(?=\s)", part) if word]
    if len(words) > 1 and "<" not in part and all(word.count("@") == 1 for word in words):
        return words
    return [part]


def _read_list(text: str) -> list[CellAddress]:
    """The strict parser's mailboxes, including groups, if all are valid; else []."""
    if text.count("@") < 2:
        return []
    try:
        mailboxes = read_mailboxes(text)
    except AddressError:
        return []
    found = [CellAddress(each.shown, each.name, check_address(each.address)) for each in mailboxes]
    return [] if any(isinstance(each.verdict, Refusal) for each in found) else found


def _read(part: str) -> CellAddress:
    try:
        mailbox = read_mailbox(part)
    except AddressError:
        pass
    else:
        verdict = check_address(mailbox.address)
        if isinstance(verdict, Address):
            return CellAddress(part, _name(mailbox.name, verdict), verdict)
    named = _NAMED.fullmatch(part)
    name, bare = (named["name"], named["address"]) if named else ("", part)
    verdict = check_address(_tidied(bare))
    if isinstance(verdict, Refusal):
        return CellAddress(part, "", verdict)
    return CellAddress(part, _name(name, verdict), verdict)


def _tidied(bare: str) -> str:
    """An address without the remains of a link, a sentence or quotes around it."""
    text = bare.split("|", 1)[0].rstrip(_AFTER).lstrip(_BEFORE)  # <mailto:a@b|a@b> is Slack's
    scheme = _SCHEME.match(text)
    if scheme:
        text = unquote(text[scheme.end() :])
    return _QUERY.sub("", text).rstrip(_AFTER).lstrip(_BEFORE)


def _name(written: str, address: Address) -> str:
    """A mailbox's name; '' for Outlook's repetition of the address."""
    name = " ".join(written.strip(_BEFORE + _AFTER).split())
    return "" if name.casefold() in {address.email.casefold(), address.key} else name
