"""Read JSON objects (JSON lines, an array, or an API's answer), streamed."""

import codecs
import json
import re
from collections.abc import Iterator
from math import isfinite
from typing import BinaryIO

from sestui.audience.imports.status_words import SUBSCRIPTIONS
from sestui.audience.sources.encoding import Encoding
from sestui.audience.sources.file_cells import (
    KEEP_BYTES,
    MAX_RECORD,
    Json,
    RowFormat,
    TypedCell,
    looks_like_address,
)
from sestui.audience.sources.text_source import ByteSource
from sestui.core.text import folded
from sestui.errors import BadFileError

_PIECE = 256 * 1024
_SAMPLE_ROWS = 200
_MAX_NAMES = 10_000
"""The most names in a file's objects; each becomes a column."""
_UNPACKED = frozenset(
    {"attributes", "attribs", "custom_fields", "fields", "properties", "merge_fields"}
)
"""Objects whose members become attributes without the object's name as a prefix."""
_LABELS = ("name", "title", "label", "slug", "value", "id")
_begins = re.compile(r"\ufeff?\s*(?:\{\s*[\"}]|\[\s*[\{\"\[\]])").match
_SPACE = re.compile(r"[\s,\x1e\x1a]*")
_MAX_DIGITS = 18
"""The most digits of whole numbers that all databases store exactly; longer ones stay text."""


def _whole(digits: str) -> Json:
    return int(digits) if len(digits) <= _MAX_DIGITS else digits


def _broken(digits: str) -> Json:
    number = float(digits)
    return number if isfinite(number) else digits


_decoder = json.JSONDecoder(parse_int=_whole, parse_float=_broken, parse_constant=str)
_decode = _decoder.raw_decode


def loads(text: str) -> Json:
    """Parse JSON; numbers that databases can't store (``NaN``, 40 digits) become text.

    Raises:
        ValueError: it isn't JSON, or is nested too deep.
    """
    try:
        value: Json = _decoder.decode(text)
    except RecursionError as error:
        raise ValueError("nested too deep") from error
    return value


def is_json(text: str) -> bool:
    """Whether a file with this beginning is JSON: an object, or an array of objects or strings."""
    return _begins(text) is not None


class JsonSource(ByteSource):
    """A row for each object; the columns are all names in the file's objects."""

    def __init__(self, file: BinaryIO, name: str, encoding: Encoding, *, size: int) -> None:
        super().__init__(file, name)
        self._codec = encoding.codec
        names: dict[str, int] = {}
        sample: list[dict[str, str]] = []
        for _line, _size, cells in self._objects():
            for label in cells:
                names.setdefault(label, len(names))
            if len(names) > _MAX_NAMES:
                raise BadFileError(
                    f"{name} has objects with more than {_MAX_NAMES:,} different names; a column "
                    "for each would be too many."
                )
            if len(sample) < _SAMPLE_ROWS:
                sample.append(cells)
        self._names = names
        rows = [[each.get(label, "") for label in names] for each in sample]
        self.format = RowFormat(
            kind="JSON",
            encoding=encoding.codec,
            delimiter="",
            damaged=True,  # "\u0000" and half a surrogate pair can be written anywhere
            size=size,
            lines=encoding.lines,
            sample=tuple(map(tuple, [list(names), *rows])) if rows else (),
            accented=encoding.accented,
            typed=True,
        )

    def records(self) -> Iterator[tuple[int, int, list[str]]]:
        """A row of names, then each object's values in that order.

        Raises:
            BadFileError: a value isn't an object, is too long, or has no end.
        """
        yield 1, sum(map(len, self._names)), list(self._names)
        width = len(self._names)
        for line, size, cells in self._objects():
            row = [""] * width
            for label, cell in cells.items():
                row[self._names[label]] = cell
            yield line, size, row

    def _objects(self) -> Iterator[tuple[int, int, dict[str, str]]]:
        stream = _Stream(self._file, self._codec, self._name)
        first = True
        for line, size, value in stream.values():
            try:
                contacts = _inner(value) if first and isinstance(value, dict) else None
                first = False
                for each in [value] if contacts is None else contacts:
                    cells = self._cells(each, line)
                    yield line, size, cells
            except RecursionError as error:
                raise BadFileError(f"{self._name}, line {line} is nested too deep.") from error

    def _cells(self, contact: Json, line: int) -> dict[str, str]:
        if isinstance(contact, str):
            contact = {"email": contact}  # an array of addresses
        if not isinstance(contact, dict):
            raise BadFileError(
                f"{self._name}, line {line}: a contact must be a JSON object, in braces."
            )
        return flattened(contact)


def flattened(value: dict[str, Json]) -> dict[str, str]:
    """An object's values as cells; nested ones are named ``outer.inner``.

    Empty ones are left out. A list of objects becomes a list of their names, and their subscription
    statuses are kept (``lists.subscription_status``). Members of ``attributes`` and the like have
    no prefix, or ``attribute_`` if the name exists, as in our own export.
    """
    cells: dict[str, str] = {}
    for name, inner in value.items():
        if isinstance(inner, dict) and name.lower() in _UNPACKED:
            own = {f"attribute_{key}" if key in value else key: inner[key] for key in inner}
            _flatten(own, "", cells)
        else:
            _flatten({name: inner}, "", cells)
    return cells


def _flatten(value: dict[str, Json], prefix: str, cells: dict[str, str]) -> None:
    for name, inner in value.items():
        if isinstance(inner, dict):
            _flatten(inner, f"{prefix}{name}.", cells)
        elif inner not in (None, "", []):
            cells[prefix + name] = as_cell(inner)
            if isinstance(inner, list):
                _add_subscriptions(inner, prefix + name, cells)


def _add_subscriptions(lists: list[Json], name: str, cells: dict[str, str]) -> None:
    """Add the distinct subscription statuses of a list's objects."""
    said: dict[str, list[str]] = {}
    for each in lists:
        for member, value in each.items() if isinstance(each, dict) else ():
            if isinstance(value, str) and value and folded(member) in SUBSCRIPTIONS:
                words = said.setdefault(f"{name}.{member}", [])
                if value not in words:
                    words.append(value)
    cells.update((label, ", ".join(sorted(words))) for label, words in said.items())


def as_cell(value: Json) -> str:
    """A value as a typed cell."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return TypedCell("true" if value else "false", value)
    if isinstance(value, list):
        value = [_label(each) if isinstance(each, dict) else each for each in value]
    text = json.dumps(value, ensure_ascii=False)
    # A NUL within a list would go unseen, and PostgreSQL takes it only as text.
    return text if "\\u0000" in text else TypedCell(text, value)


def _label(value: dict[str, Json]) -> Json:
    """The name of an object in a list, as of other tools' tags and lists."""
    return next((value[each] for each in _LABELS if value.get(each)), value)


def _inner(answer: dict[str, Json]) -> list[Json] | None:
    """The contacts in an API's answer; None if it is a contact itself."""
    near = [*answer.values()]
    near += [each for inner in near if isinstance(inner, dict) for each in inner.values()]
    if any(isinstance(each, str) and looks_like_address(each) for each in near):
        return None
    for inner in answer.values():
        if isinstance(inner, dict):
            members = list(inner.values())
            several = len(members) > 1 and all(isinstance(each, dict) for each in members)
            found = members if several and _are_contacts(members) else _inner(inner)
            if found:
                return found
        elif isinstance(inner, list) and _are_contacts(inner):
            return inner
    return None


def _are_contacts(values: list[Json]) -> bool:
    return any(
        isinstance(each, dict) and any(map(looks_like_address, flattened(each).values()))
        for each in values
    )


class _Stream:
    """Reads a file's values one by one, with their lines."""

    def __init__(self, file: BinaryIO, codec: str, name: str) -> None:
        file.seek(0)
        self._file = file
        self._name = name
        self._decoder = codecs.getincrementaldecoder(codec)(KEEP_BYTES)
        self._text = ""
        self._at = 0
        self._line = 1
        self._ended = False

    def values(self) -> Iterator[tuple[int, int, Json]]:
        """The line, characters and value of each value, or of each array's members.

        Raises:
            BadFileError: it isn't JSON.
        """
        self._more()
        in_array = self._enter_array()
        while True:
            self._skip_space()
            if self._at == len(self._text):
                if self._more():
                    continue
                if in_array:
                    raise BadFileError(f"{self._name} ends within a JSON array; is it complete?")
                return
            if self._text[self._at] == "]" and in_array:
                self._at += 1
                in_array = self._enter_array()  # arrays in sequence
                continue
            line = self._line
            value, end = self._value()
            size = end - self._at
            self._line += self._text.count("\n", self._at, end)
            self._at = end
            yield line, size, value

    def _enter_array(self) -> bool:
        self._skip_space()
        if self._text[self._at : self._at + 1] != "[":
            return False
        self._at += 1
        return True

    def _skip_space(self) -> None:
        found = _SPACE.match(self._text, self._at)
        end = found.end() if found else self._at
        self._line += self._text.count("\n", self._at, end)
        self._at = end

    def _value(self) -> tuple[Json, int]:
        """The value at the position and its end; reads until it is complete."""
        while True:
            try:
                value, end = _decode(self._text, self._at)
            except json.JSONDecodeError as error:
                fault = error
            except RecursionError as error:
                raise BadFileError(
                    f"{self._name}, line {self._line} is nested too deep."
                ) from error
            else:
                return value, end
            if len(self._text) - self._at >= MAX_RECORD * 16:
                raise BadFileError(
                    f"{self._name}, line {self._line}: an object starts here that is longer than "
                    f"{MAX_RECORD * 16:,} characters, or is not JSON ({fault.msg})."
                )
            if not self._more():
                line = self._line + self._text.count("\n", self._at, fault.pos)
                raise BadFileError(
                    f"{self._name}, line {line} is not valid JSON: {fault.msg}."
                ) from fault

    def _more(self) -> bool:
        """Read more and drop consumed text; False at the end."""
        if self._ended:
            return False
        kept = self._text[self._at :]
        piece = self._file.read(max(_PIECE, len(kept)))
        self._ended = not piece
        self._text = kept + self._decoder.decode(piece, final=self._ended)
        if not self._at and self._text.startswith("\ufeff"):
            self._text = self._text[1:]
        self._at = 0
        return not self._ended or len(self._text) > len(kept)
