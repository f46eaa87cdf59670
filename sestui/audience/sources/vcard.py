"""Read vCard 3.0 and 4.0 (RFC 2426, RFC 6350), and 2.1 of phones."""

import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from sestui.audience.sources.encoding import Encoding
from sestui.audience.sources.file_cells import KEEP_BYTES, MAX_RECORD, RowFormat
from sestui.audience.sources.text_source import TextSource
from sestui.errors import BadFileError

_SAMPLE_ROWS = 200
_MAX_ADDRESSES = 20
"""Columns for addresses; further ones of a card are in the last, separated by commas."""
_FIRST = "email"
_PROPERTIES = {
    "FN": "name",
    "TITLE": "job_title",
    "TEL": "phone",
    "URL": "url",
    "BDAY": "birthday",
    "NOTE": "note",
}
_PARTS = {
    # The names of properties' parts.
    "N": (("last_name", 0), ("first_name", 1)),
    "ADR": (("city", 3), ("country", 6)),
    "ORG": (("company", 0), ("department", 1)),
}
_COLUMNS = (
    "name", "first_name", "last_name", "company", "department", "job_title", "phone", "city",
    "country", "url", "birthday", "note", "tags",
)  # fmt: skip
_LINE = re.compile(
    r"(?:[A-Za-z0-9-]+\.)?(?P<name>[A-Za-z0-9-]+)"
    r"(?P<parameters>(?:;(?:\"[^\"]*\"|[^\":;])*)*):(?P<value>.*)",
    re.DOTALL,
)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_PREFERRED = re.compile(r"PREF(?:=|\b)", re.IGNORECASE)
_CHARSET = re.compile(r"CHARSET=([^;]+)", re.IGNORECASE)
_begins = re.compile(r"\ufeff?\s*BEGIN:VCARD\s", re.IGNORECASE).match


def is_vcard(text: str) -> bool:
    """Whether a file with this beginning has vCards."""
    return _begins(text) is not None


@dataclass(slots=True)
class _Card:
    line: int
    size: int = 0
    addresses: list[tuple[bool, str]] = field(default_factory=list)
    """(Preferred, address) pairs."""
    cells: dict[str, str] = field(default_factory=dict)


class VcardSource(TextSource):
    """A row for each card: its addresses, the preferred one first, name, company, and so on."""

    def __init__(self, file: BinaryIO, name: str, encoding: Encoding, *, size: int) -> None:
        super().__init__(file, name, encoding)
        addresses = 1
        used: set[str] = set()
        sample: list[_Card] = []
        for card in self._cards():
            addresses = max(addresses, min(len(card.addresses), _MAX_ADDRESSES))
            used.update(card.cells)
            if len(sample) < _SAMPLE_ROWS:
                sample.append(card)
        self._addresses = addresses
        self._columns = [each for each in _COLUMNS if each in used]
        header = [_FIRST, *(f"{_FIRST} {number}" for number in range(2, addresses + 1))]
        self._header = header + self._columns
        rows = map(tuple, [self._header, *map(self._row, sample)])
        self.format = RowFormat(
            kind="vCard",
            encoding=encoding.codec,
            delimiter="",
            damaged=True,  # a card may have another character set
            size=size,
            lines=encoding.lines,
            sample=tuple(rows) if sample else (),
            accented=encoding.accented,
        )

    def records(self) -> Iterator[tuple[int, int, list[str]]]:
        """The columns' names, then each card with its first line's number.

        Raises:
            BadFileError: a card has no end, or is too long.
        """
        yield 1, 0, list(self._header)
        for card in self._cards():
            yield card.line, card.size, self._row(card)

    def _row(self, card: _Card) -> list[str]:
        addresses = [address for _, address in sorted(card.addresses, key=lambda each: not each[0])]
        last = self._addresses - 1
        if len(addresses) > self._addresses:
            addresses[last:] = [", ".join(addresses[last:])]
        addresses += [""] * (self._addresses - len(addresses))
        return addresses + [card.cells.get(each, "") for each in self._columns]

    def _cards(self) -> Iterator[_Card]:
        card: _Card | None = None
        for number, line in self._lines():
            found = _LINE.fullmatch(line)
            if found is None:
                continue
            name, value = found["name"].upper(), found["value"]
            if name == "BEGIN" and value.strip().upper() == "VCARD":
                card = _Card(number)
            elif name == "END" and card is not None:
                yield card
                card = None
            elif card is not None:
                card.size += len(value)
                if card.size > MAX_RECORD:
                    raise BadFileError(
                        f"{self._name}, line {card.line}: a card starts here that is longer than "
                        f"{MAX_RECORD:,} characters; is its END:VCARD missing?"
                    )
                _add(card, name, found["parameters"], value)
        if card is not None:
            raise BadFileError(
                f"{self._name}, line {card.line}: a card starts here that has no END:VCARD."
            )

    def _lines(self) -> Iterator[tuple[int, str]]:
        """Unfolded lines with their first line's number."""
        self._text.seek(0)
        whole, first, number = "", 1, 0
        while line := self._text.readline(MAX_RECORD):
            number += 1
            line = line.rstrip("\n").removeprefix("\ufeff")
            if line.startswith((" ", "\t")) and whole:
                if len(whole) < MAX_RECORD:
                    whole += line[1:]
            elif whole.endswith("=") and "QUOTED-PRINTABLE" in whole.partition(":")[0].upper():
                whole = whole[:-1] + line.lstrip()
            else:
                if whole:
                    yield first, whole
                whole, first = line, number
        if whole:
            yield first, whole


def _add(card: _Card, name: str, parameters: str, value: str) -> None:
    """Add a property to the card, unless it has one of that name."""
    if name in {"PHOTO", "LOGO", "SOUND", "KEY"}:
        card.size -= len(value)  # not kept, and often large
        return
    if "QUOTED-PRINTABLE" in parameters.upper():
        charset = _CHARSET.search(parameters)
        value = _quoted_printable(value, charset[1].strip('"') if charset else "utf-8")
    if name == "EMAIL":
        address = _plain(value).strip()
        if address:
            card.addresses.append((_PREFERRED.search(parameters) is not None, address))
    elif name == "CATEGORIES":
        card.cells["tags"] = ",".join(filter(None, (card.cells.get("tags", ""), _plain(value))))
    elif name in _PARTS:
        parts = _structured(value)
        for column, position in _PARTS[name]:
            _keep(card, column, parts[position] if position < len(parts) else "")
    elif name in _PROPERTIES:
        _keep(card, _PROPERTIES[name], _plain(value).strip().removeprefix("tel:"))


def _keep(card: _Card, column: str, text: str) -> None:
    if text:
        card.cells.setdefault(column, text)


def _structured(value: str) -> list[str]:
    return [_plain(part).strip() for part in re.split(r"(?<!\\);", value)]


def _plain(value: str) -> str:
    return _ESCAPE.sub(lambda found: "\n" if found[1] in "nN" else found[1], value)


def _quoted_printable(value: str, charset: str) -> str:
    data = quopri.decodestring(value.encode("utf-8", "surrogateescape"))
    try:
        return data.decode(charset, KEEP_BYTES)
    except LookupError:
        return data.decode("utf-8", KEEP_BYTES)
