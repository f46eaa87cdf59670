"""Read exports of ``sestui export contacts``, CSV and JSON lines, back to the same contacts.

CSV is recognised by its header, JSON lines by the first one. Cells are not tidied; only the
apostrophe before formulas is removed.
"""

import csv
import io
import json
import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from json.encoder import encode_basestring as _quoted
from pathlib import Path
from typing import Any

from sestui.audience.exported_columns import COLUMNS, is_own_header
from sestui.audience.imports.column_types import CellFault, TypedColumns
from sestui.audience.imports.columns import Columns
from sestui.audience.imports.reader import RowFile
from sestui.audience.imports.rows import Reject, RowParser
from sestui.audience.imports.statuses import StatusCount, UnknownStatus
from sestui.audience.sources.file_cells import MAX_RECORD, Reading, RowFormat, is_damaged
from sestui.audience.sources.json_rows import loads
from sestui.audience.sources.opening import OpenedFile, open_contacts
from sestui.audience.sources.text_source import ByteSource
from sestui.core.contact.address_check import Refusal, check_address, domain_key
from sestui.core.delivery.states import ContactStatus
from sestui.core.spreadsheet import unguarded
from sestui.core.text import printable
from sestui.errors import BadFileError
from sestui.store.contacts.upsert import ContactRow, More

_ATTRIBUTES = "attributes"
_SHOWN = 200
_has_nul = re.compile(r"(?<!\\)(?:\\\\)*\\u0000").search


class _BadFieldError(Exception):
    """A field isn't as exported; ``column`` and ``cell`` are the field's."""

    def __init__(self, column: str, cell: str, reason: str) -> None:
        super().__init__(reason)
        self.column = column
        self.cell = cell


@dataclass(slots=True)
class _Record:
    """One exported contact, or suppressed address or domain."""

    email: str
    status: str = ""
    status_reason: str = ""
    suppressed: str = ""
    suppressed_at: str = ""
    created_at: str = ""
    updated_at: str = ""
    tags: list[str] = field(default_factory=list)
    lists: list[str] = field(default_factory=list)
    attributes: str = "{}"
    """A JSON object."""


class OwnRecords:
    """Turns records into contacts, and counts their statuses."""

    tells = True

    def __init__(self, *, all_active: bool) -> None:
        """``all_active`` makes everybody active; statuses are only counted."""
        self._all_active = all_active
        self._counts: Counter[tuple[str, str, str]] = Counter()

    def counts(self) -> tuple[StatusCount, ...]:
        """Word by word, the most frequent first."""
        return tuple(StatusCount(*said, rows) for said, rows in self._counts.most_common())

    def unknown(self) -> list[UnknownStatus]:
        """Empty, as unknown statuses are rejected row by row."""
        return []

    def row_of(self, record: _Record) -> ContactRow:
        """The contact.

        Raises:
            _BadFieldError: it can't be one.
        """
        more = More()
        if record.suppressed:
            reason, _, detail = record.suppressed.partition(": ")
            more |= More(suppressed=reason, detail=detail)
            _put_instant(more, "suppressed_at", record.suppressed_at)
        if record.suppressed and not record.status:
            return self._address_only(record, more)
        verdict = check_address(record.email)
        if isinstance(verdict, Refusal):
            told = verdict.reason if record.email else "There is no address in this row."
            raise _BadFieldError("email", record.email, told)
        status = record.status or ContactStatus.ACTIVE.value
        if status not in set(ContactStatus):
            known = ", ".join(ContactStatus)
            raise _BadFieldError("status", status, f"The status must be one of {known}.")
        weight = self._count(record, status)
        if self._all_active:
            more = More()
        else:
            more |= More(status=status, status_reason=record.status_reason)
        _put_instant(more, "created_at", record.created_at)
        _put_instant(more, "updated_at", record.updated_at)
        if record.lists:
            more["lists"] = [_list_name(name) for name in record.lists]
        return ContactRow(
            verdict.email,
            verdict.key,
            record.attributes,
            json.dumps(record.tags, ensure_ascii=False),
            weight,
            json.dumps(more, ensure_ascii=False),
        )

    def _address_only(self, record: _Record, more: More) -> ContactRow:
        """A suppressed address or domain without a contact."""
        verdict = check_address(record.email)
        key = domain_key(record.email) if isinstance(verdict, Refusal) else verdict.key
        if key is None:
            raise _BadFieldError("email", record.email, "That is neither an address nor a domain.")
        self._count(record, "")
        more["no_contact"] = True
        return ContactRow(key, key, "{}", "[]", 2, json.dumps(more, ensure_ascii=False))

    def _count(self, record: _Record, status: str) -> int:
        """Count the record's status; returns its weight as in ``ContactRow``."""
        if record.suppressed:
            reason = record.suppressed.partition(": ")[0]
            self._counts["suppressed", reason, f"suppressed ({reason})"] += 1
            return 2
        if status == ContactStatus.ACTIVE:
            return 0
        self._counts["status", status, status] += 1
        return 1


def _put_instant(more: More, name: str, text: str) -> None:
    if not text:
        return
    try:
        more[name] = datetime.fromisoformat(text).timestamp()  # type: ignore[literal-required] # of the instants
    except ValueError as error:
        raise _BadFieldError(name, text, "That is not a date as sestui writes it.") from error


def _list_name(name: str) -> str:
    if not name.strip() or name != name.strip() or len(name) > _SHOWN or printable(name) != name:
        raise _BadFieldError("lists", name, "That can't be the name of a list.")
    return name


class OwnRowParser(RowParser):
    """Reads rows of an exported CSV."""

    def __init__(
        self,
        columns: Columns,
        records: OwnRecords,
        *,
        damaged: bool,
        types: TypedColumns | None = None,
    ) -> None:
        super().__init__(columns, damaged=damaged)
        self._records = records
        self._roles = columns.roles
        self._types = types

    def parse(self, line: int, size: int, cells: list[str]) -> ContactRow | Reject:
        """The contact in a row of ``size`` characters; consumes ``cells``."""
        refused = self.refused(line, size, cells)
        if refused is not None:
            return refused
        cells = [unguarded(cell) for cell in cells]
        cells += [""] * (self._columns.width - len(cells))
        fields: dict[str, Any] = {role: cells[position] for position, role in self._roles}
        for name in ("tags", "lists"):
            if name in fields:
                fields[name] = split_exported(fields[name])
        for position in self._columns.tags:
            fields["tags"] = [*fields.get("tags", []), *split_exported(cells[position])]
        row = cells.copy()
        try:
            typed = self._types.take(cells) if self._types is not None else []
            members = [
                f"{_quoted(name)}:{_quoted(cell)}"
                for name, cell in zip(self._columns.fields, cells, strict=False)
                if name and cell
            ]
            attributes = f"{{{','.join(members + typed)}}}"
            record = _Record(cells[self._columns.email], **fields, attributes=attributes)
            return self._records.row_of(record)
        except (_BadFieldError, CellFault) as error:
            return _reject(line, error, row)


def split_exported(cell: str) -> list[str]:
    """Tags or lists that ``tags_text`` joined."""
    rows = csv.reader(io.StringIO(cell, newline=""), skipinitialspace=True)
    return list(dict.fromkeys(part for row in rows for part in row))


def _reject(line: int, error: "_BadFieldError | CellFault", cells: Sequence[str]) -> Reject:
    row = ", ".join(cell[:_SHOWN] for cell in cells if cell)
    return Reject(line, error.column, error.cell[:_SHOWN], str(error), row[:_SHOWN])


def is_own_export(path: Path, reading: Reading) -> bool:
    """Whether a file is sestui's own export; False if it can't be read."""
    try:
        opened = open_contacts(path)
        if is_own_lines(opened):
            opened.file.close()
            return True
        with RowFile(opened, reading) as file:
            sample = file.format.sample
    except BadFileError:
        return False
    return bool(sample) and is_own_header([unguarded(cell.strip()) for cell in sample[0]])


# JSON lines


def is_own_lines(opened: OpenedFile) -> bool:
    """Whether a file is sestui's own export as JSON lines; leaves it at its start."""
    if opened.is_workbook:
        return False
    first = opened.file.readline(MAX_RECORD)
    opened.file.seek(0)
    if not first.lstrip(b"\xef\xbb\xbf").startswith(b"{"):
        return False
    try:
        record = json.loads(first)
    except (ValueError, RecursionError):
        return False
    return isinstance(record, dict) and {*COLUMNS, _ATTRIBUTES} <= record.keys()


def own_line_columns() -> Columns:
    """The uses of the fields of exported JSON lines."""
    labels = (*COLUMNS, _ATTRIBUTES)
    roles = tuple((position, label) for position, label in enumerate(labels) if position)
    return Columns(
        labels,
        ("",) * len(labels),
        0,
        (),
        (),
        has_header=False,
        roles=roles,
        unpacked=(len(COLUMNS),),
    )


class OwnLineSource(ByteSource):
    """Exported JSON lines; each is a record of one cell."""

    def __init__(self, opened: OpenedFile) -> None:
        super().__init__(opened.file, opened.name)
        self.format = RowFormat(
            kind="JSON",
            encoding="utf-8",
            delimiter="",
            damaged=False,
            size=os.fstat(self._file.fileno()).st_size,
            lines=0,
            sample=((*COLUMNS, _ATTRIBUTES),),
            notes=("sestui's own export", *opened.notes),
        )

    def records(self) -> Iterator[tuple[int, int, list[str]]]:
        """Every line that is not blank: its number, its bytes, its text.

        Raises:
            BadFileError: a line is too long.
        """
        number = 0
        while line := self._file.readline(MAX_RECORD):
            number += 1
            if len(line) == MAX_RECORD:
                raise BadFileError(
                    f"{self._name}, line {number} is longer than {MAX_RECORD:,} bytes; this is "
                    "not an export of contacts."
                )
            if line.strip():
                yield number, len(line), [line.decode("utf-8", "replace")]


class OwnLineParser:
    """Reads exported JSON lines."""

    def __init__(self, records: OwnRecords, types: TypedColumns | None = None) -> None:
        self._records = records
        self._types = types

    def parse(self, line: int, _size: int, cells: list[str]) -> ContactRow | Reject:
        """The contact on a line."""
        try:
            return self._records.row_of(_record_of(cells[0], self._types))
        except (_BadFieldError, CellFault) as error:
            return _reject(line, error, cells)


def _record_of(text: str, types: TypedColumns | None) -> _Record:
    try:
        found: Any = loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise _BadFieldError("", text.strip(), "The line is not a JSON object.")
    fields = {name: found.get(name, [] if name in {"tags", "lists"} else "") for name in COLUMNS}
    attributes = found.get(_ATTRIBUTES, {})
    for name, value in fields.items():
        of_texts = name in {"tags", "lists"}
        if not (_is_texts(value) if of_texts else isinstance(value, str)):
            wanted = "a list of strings" if of_texts else "a text"
            raise _BadFieldError(name, str(value), f"{name} must be {wanted}.")
    if not isinstance(attributes, Mapping):
        raise _BadFieldError(_ATTRIBUTES, str(attributes), "attributes must be an object.")
    packed = _packed(attributes, types)
    if is_damaged(packed + "".join(map(str, fields.values()))) or _has_nul(packed):
        raise _BadFieldError("", text.strip(), "A value contains an invalid character.")
    return _Record(**fields, attributes=packed)


def _packed(attributes: Mapping[str, Any], types: TypedColumns | None) -> str:
    """Attributes as JSON text, with the user's ``types``."""
    members = []
    for name, value in attributes.items():
        cell = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        said = types.member(name, cell.strip()) if types is not None and cell.strip() else None
        members.append(f"{_quoted(name)}:{said or json.dumps(value, ensure_ascii=False)}")
    return f"{{{','.join(members)}}}"


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)
