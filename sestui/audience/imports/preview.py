"""Preview a file of contacts before the import: its format, columns and first rows."""

from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from sestui.audience.imports.columns import attribute_names, head_of, recognise
from sestui.audience.imports.reader import RowFile
from sestui.audience.imports.statuses import StatusColumn, StatusCount, StatusReader, UnknownStatus
from sestui.audience.sources.file_cells import Reading
from sestui.audience.sources.mailbox_cells import is_blank
from sestui.errors import BadFileError

_ROWS = 20
_COUNTED = 10_000
"""The most rows that are read to count them; a longer file's number is estimated."""

_DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}


@dataclass(frozen=True, slots=True)
class Preview:
    """A file as the importer would read it."""

    path: Path
    reading: Reading
    """The encoding and delimiter that the user gave."""
    kind: str
    """``CSV``, ``JSON``, ``vCard``, ``xlsx`` or ``addresses``."""
    encoding: str
    """The codec, the same with a byte order mark; '' if the format determines it."""
    delimiter: str
    """'' where there is none."""
    labels: tuple[str, ...]
    """Each column's name in the file, or ``column 3``."""
    has_header: bool
    uses: tuple[str, ...]
    """Each column's recognised use: ``email``, ``tags``, ``status`` or an attribute's name; none is
    ``email`` if no column holds addresses."""
    rows: tuple[tuple[str, ...], ...]
    """The first rows below the header."""
    count: int
    """Rows below the header that aren't blank."""
    counted: bool
    """Whether ``count`` is exact; else it is an estimate from the first rows."""
    statuses: tuple[StatusCount, ...]
    """The first rows' statuses."""
    unknown: tuple[UnknownStatus, ...]
    """Unknown statuses, whose meaning the user has to give."""
    found: tuple[str, ...]
    """Notes about the file, a few words each."""

    @property
    def summary(self) -> str:
        """``utf-8, semicolon, 9 columns, about 20,000 rows``."""
        columns = "1 column" if len(self.labels) == 1 else f"{len(self.labels):,} columns"
        rows = "1 row" if self.count == 1 else f"{self.count:,} rows"
        parts = [
            *read_as(self.kind, self.encoding, self.delimiter),
            columns if self.has_header else f"{columns} without a header",
            rows if self.counted else f"about {rows}",
            *self.found,
        ]
        return ", ".join(parts)


def read_as(kind: str, encoding: str, delimiter: str) -> list[str]:
    """How a file is read, in words: its kind (unless CSV), encoding, delimiter."""
    parts = [
        "" if kind == "CSV" else kind,
        encoding.removesuffix("-sig"),
        _DELIMITERS.get(delimiter, f"delimiter {delimiter}") if delimiter else "",
    ]
    return [part for part in parts if part]


def preview(path: Path, reading: Reading = Reading()) -> Preview:  # noqa: B008 - frozen
    """Preview a file with the given encoding and delimiter.

    Raises:
        BadFileError: it can't be imported: missing, binary, empty, or with an endless row.
    """
    with RowFile(path, reading) as file:
        sample = file.format.sample
        head = head_of(sample, file.name)
        columns: tuple[StatusColumn, ...] = ()
        try:
            recognised = recognise(sample, {}, file.name)
            uses, columns = recognised.uses, recognised.statuses
        except BadFileError:
            uses = attribute_names(head.labels, {}, set())
        statuses = StatusReader(columns, file_name=path.name, members=file.members, words={})
        for row in sample[head.given :]:
            statuses.read(list(row))
        records = file.records()
        header = len(list(islice(records, 1 if head.given else 0)))
        # Blank rows are no rows to the import: one figure for one thing.
        sampled = islice(records, _COUNTED)
        count = sum(not all(map(is_blank, cells)) for _line, _size, cells in sampled)
        beyond = next(records, None)
        if beyond is not None:
            line, _size, _cells = beyond
            count = _rounded(count * file.format.lines / line)
        return Preview(
            path=path,
            reading=reading,
            kind=file.format.kind,
            encoding=file.format.encoding.removesuffix("-sig"),
            delimiter=file.format.delimiter,
            labels=head.labels,
            has_header=head.given,
            uses=uses,
            rows=tuple(sample[header : header + _ROWS]),
            count=count,
            counted=beyond is None,
            found=file.format.notes,
            statuses=statuses.counts(),
            unknown=tuple(statuses.unknown()),
        )


def _rounded(estimate: float) -> int:
    """Rounded to two digits, as estimates aren't more exact."""
    return int(float(f"{estimate:.1e}"))
