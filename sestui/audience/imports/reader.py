"""Read the rows of a file of contacts in any format."""

import io
import os
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Self

from sestui.audience.imports.rejects import is_rejects_header, without_reasons
from sestui.audience.sources.address_lines import AddressListSource, is_address_list
from sestui.audience.sources.delimited import DelimitedSource
from sestui.audience.sources.encoding import PIECE, Encoding, find_encoding, unicode_by_sight
from sestui.audience.sources.file_cells import (
    KEEP_BYTES,
    MAX_RECORD,
    ContactSource,
    Reading,
    RowFormat,
)
from sestui.audience.sources.mailbox_cells import is_blank
from sestui.audience.sources.opening import OpenedFile, open_contacts
from sestui.audience.sources.titles import rows_above_header
from sestui.errors import BadFileError

_MAGICS = {
    b"\xd0\xcf\x11\xe0": "an old Office document; save it as CSV or xlsx",
    b"%PDF": "a PDF",
    b"SQLite format 3\x00": "a database",
    b"BZh": "compressed by bzip2; unpack it first",
    b"\xfd7zXZ\x00": "compressed by xz; unpack it first",
    b"\x28\xb5\x2f\xfd": "compressed by zstd; unpack it first",
    b"7z\xbc\xaf\x27\x1c": "a 7-Zip archive; unpack it first",
}
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\v\f\r\x1a")) + b"\x7f"
_STRUCTURED = (b"{", b"[", b"BEGIN:")


class RowFile:
    """An open file of contacts; close it or use it as a context manager.

    Raises:
        BadFileError: it can't be opened, or its format or encoding is unknown.
        StorageError: it has to be unpacked, and the disk for temporary files is full.
    """

    def __init__(
        self,
        file: Path | OpenedFile,
        reading: Reading = Reading(),  # noqa: B008 - frozen
        source: ContactSource | None = None,
    ) -> None:
        """``source`` reads it if its format is known; None detects it."""
        opened = open_contacts(file) if isinstance(file, Path) else file
        self.name = opened.name
        self.members = opened.members
        """The file's name within its archives."""
        try:
            self._source = source or _source(opened, reading)
            self.format = self._source.format
            sample = self.format.sample
            self._has_reasons = bool(sample) and is_rejects_header(sample[0])
            if self._has_reasons:
                self.format = _without_reasons(self.format)
            if source is None:
                self.format = _without_titles(self.format, opened.notes)
        except BaseException:
            opened.file.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._source.close()

    @property
    def bytes_read(self) -> int:
        """The position, out of ``format.size``."""
        return self._source.bytes_read

    def records(self) -> Iterator[tuple[int, int, list[str]]]:
        """Every row from the header on: its line (from 1), its characters, its cells.

        Raises:
            BadFileError: a record has no end, or isn't valid.
        """
        records = self._source.records()
        for _ in islice(records, self.format.titles):
            pass
        if self._has_reasons:
            return ((line, size, without_reasons(cells)) for line, size, cells in records)
        return records


def _without_reasons(form: RowFormat) -> RowFormat:
    """The format of the file whose rejects these are."""
    sample = tuple(tuple(without_reasons(row)) for row in form.sample)
    return replace(form, sample=sample, notes=(*form.notes, "rejects of an earlier import"))


def _without_titles(form: RowFormat, notes: tuple[str, ...]) -> RowFormat:
    """The format with titles counted and removed from the sample."""
    titles = rows_above_header(form.sample) if form.kind in {"CSV", "xlsx"} else 0
    told = sum(not all(map(is_blank, row)) for row in form.sample[:titles])
    above = (f"{told} row{'' if told == 1 else 's'} above the header left out",) if told else ()
    return replace(
        form, sample=form.sample[titles:], titles=titles, notes=(*notes, *form.notes, *above)
    )


def _source(opened: OpenedFile, reading: Reading) -> ContactSource:
    if opened.is_workbook:
        # Only for those who have one.
        from sestui.audience.sources.workbook import WorkbookSource  # noqa: PLC0415

        return WorkbookSource(opened.file, opened.name)
    file, name = opened.file, opened.name
    size = os.fstat(file.fileno()).st_size
    head = file.read(PIECE)
    if not head.strip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n\x1a"):
        raise BadFileError(f"{name} is empty.")
    if reading.encoding is None and unicode_by_sight(head) is None:
        _refuse_binary(head, name)
    begins_structured = head.lstrip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n").startswith(_STRUCTURED)
    if size > len(head) and b"\n" not in head and b"\r" not in head and not begins_structured:
        raise BadFileError(
            f"{name}, line 1 is longer than {MAX_RECORD:,} characters; this is not a file of rows."
        )
    encoding = find_encoding(file, head, name, reading.encoding)
    return _text_source(opened, head, encoding, size=size, delimiter=reading.delimiter)


def _text_source(
    opened: OpenedFile, head: bytes, encoding: Encoding, *, size: int, delimiter: str | None
) -> ContactSource:
    file, name = opened.file, opened.name
    text = head.decode(encoding.codec, KEEP_BYTES).removeprefix("\ufeff")
    if delimiter is None:
        # Only for those who have one.
        from sestui.audience.sources.json_rows import JsonSource, is_json  # noqa: PLC0415
        from sestui.audience.sources.vcard import VcardSource, is_vcard  # noqa: PLC0415

        if is_json(text):
            return JsonSource(file, name, encoding, size=size)
        if is_vcard(text):
            return VcardSource(file, name, encoding, size=size)
        lines = list(islice(io.StringIO(text), 1000))
        if is_address_list(lines):
            return AddressListSource(file, name, lines, encoding, size=size)
    return DelimitedSource(
        file, name, text, encoding, size=size, complete=size <= len(head), delimiter=delimiter
    )


def _refuse_binary(head: bytes, name: str) -> None:
    for magic, what in _MAGICS.items():
        if head.startswith(magic):
            raise BadFileError(f"{name} is not text but {what}.")
    controls = len(head) - len(head.translate(None, _CONTROLS))
    # A single NUL makes a row invalid, not the file.
    if controls >= 4 and controls * 20 > len(head):
        raise BadFileError(f"{name} is not a text file; export the contacts as CSV.")
