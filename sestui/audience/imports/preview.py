"""What a file of contacts looks like before it is imported: its format, columns and first rows."""

from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from sestui.audience.imports.columns import attribute_names, head_of, recognise
from sestui.audience.imports.reader import RowFile
from sestui.audience.imports.statuses import StatusColumn, StatusCount, StatusReader, UnknownStatus
from sestui.audience.sources.file_cells import Reading
from sestui.errors import BadFileError

_ROWS = 20
_COUNTED = 10_000
"""Rows read to count them; of a longer file the number is estimated from its lines."""

_DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}


@dataclass(frozen=True, slots=True)
class Preview:
    """A file as the importer reads it."""

    path: Path
    reading: Reading
    """What the user said of it."""
    kind: str
    """``CSV``, ``JSON``, ``vCard``, ``xlsx`` or ``addresses``."""
    encoding: str
    """The codec; a byte order mark makes no other encoding. '' where the format says it."""
    delimiter: str
    """'' where there is none."""
    labels: tuple[str, ...]
    """Each column as the file calls it, or ``column 3``."""
    has_header: bool
    uses: tuple[str, ...]
    """What each column becomes unless somebody says otherwise: ``email``, ``tags``, ``status`` or
    an attribute's name. None is ``email`` where no column holds addresses."""
    rows: tuple[tuple[str, ...], ...]
    """The first rows below the header, as they are in the file."""
    count: int
    """Rows below the header."""
    counted: bool
    """Whether ``count`` is exact; else it is an estimate from the first rows."""
    statuses: tuple[StatusCount, ...]
    """What the first rows say of who may be mailed."""
    unknown: tuple[UnknownStatus, ...]
    """What of that is not understood, and has to be said by somebody."""
    found: tuple[str, ...]
    """What else was found about the file, each a few words."""

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
    """How a file is read, in words: its kind unless that is CSV, encoding, delimiter."""
    parts = [
        "" if kind == "CSV" else kind,
        encoding.removesuffix("-sig"),
        _DELIMITERS.get(delimiter, f"delimiter {delimiter}") if delimiter else "",
    ]
    return [part for part in parts if part]


def preview(path: Path, reading: Reading = Reading()) -> Preview:  # noqa: B008 - frozen
    """Look at a file, read as the user says it is.

    Raises:
        BadFileError: it can't be imported: missing, no text, no rows, or a row that never ends.
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
        count = sum(1 for _ in islice(records, _COUNTED))
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
    """Two digits: more would promise too much."""
    return int(float(f"{estimate:.1e}"))
