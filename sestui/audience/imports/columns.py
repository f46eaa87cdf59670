"""Recognise the columns of a file: address, tags, statuses, attributes and their names."""

import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sestui.audience.exported_columns import COLUMNS, attribute_of, is_own_header
from sestui.audience.imports.address_columns import address_column, other_address_columns
from sestui.audience.imports.statuses import StatusColumn, find_status_columns
from sestui.audience.sources.file_cells import looks_like_address
from sestui.core.content.message import OWN_NAMES
from sestui.core.spreadsheet import unguarded
from sestui.core.text import folded, printable
from sestui.errors import BadFileError, UsageError

EMAIL = "email"
TAGS = "tags"
STATUS = "status"
"""The use of a column of statuses; no attribute can have that name."""

IGNORE = "-"
"""The use of an ignored column; no attribute can have that name."""

ColumnMap = Mapping[str, str] | Mapping[int, str]
"""Column to field; a column is a name or number as text, or a number from 1."""

_TAG_NAMES = frozenset({"tags", "tag", "labels", "groupmembership", "libelles", "etiquetas"})
_MAX_NAME = 64
_SHOWN = 3
_MAX_SHOWN = 40


OWN = "="
"""The use of a column of sestui's own export."""

_WORDS = {
    EMAIL: "the address",
    TAGS: "tags",
    STATUS: "who may be mailed",
    OWN: "as it was exported",
    IGNORE: "left out",
}


_MANY = {TAGS, STATUS, OWN, IGNORE}
"""Uses that several columns can have."""


def in_words(use: str) -> str:
    """A column's use for people; an attribute's is its name."""
    return _WORDS.get(use, use)


@dataclass(frozen=True, slots=True)
class Columns:
    """The uses of a file's columns."""

    labels: tuple[str, ...]
    """Each column's name in the file, or ``column 3``."""
    fields: tuple[str, ...]
    """Each column's attribute name; '' for the address, tags and statuses."""
    email: int
    """Position of the address."""
    tags: tuple[int, ...]
    """Positions of columns that hold tags."""
    ignored: tuple[int, ...]
    """Positions of columns that are left out."""
    has_header: bool
    statuses: tuple[StatusColumn, ...] = ()
    """Columns of statuses."""
    roles: tuple[tuple[int, str], ...] = ()
    """Of sestui's own export: position and name of its own columns."""
    others: tuple[int, ...] = ()
    """Positions of further addresses of the contact, for rows without the first one."""
    unpacked: tuple[int, ...] = ()
    """Positions of JSON objects whose members are attributes, as in listmonk's export."""

    @property
    def width(self) -> int:
        """The most cells of a row."""
        return len(self.labels)

    @property
    def email_label(self) -> str:
        """The address column's name in the file."""
        return self.labels[self.email]

    @property
    def uses(self) -> tuple[str, ...]:
        """Each column's use: ``email``, ``tags``, ``status``, ``=`` (exported), ``-`` or a name."""
        uses = list(self.fields)
        uses[self.email] = EMAIL
        for position in self.tags:
            uses[position] = TAGS
        for column in self.statuses:
            uses[column.position] = STATUS
        for position, _ in self.roles:
            uses[position] = OWN
        for position in self.ignored:
            uses[position] = IGNORE
        return tuple(uses)

    @property
    def named(self) -> tuple[tuple[str, str], ...]:
        """Each column's name with its use."""
        return tuple(zip(self.labels, self.uses, strict=True))


@dataclass(frozen=True, slots=True)
class Head:
    """The columns' names."""

    labels: tuple[str, ...]
    """Each column's name in the file, or ``column 3``."""
    given: bool
    """Whether they are from the file's first row."""


def head_of(sample: Sequence[Sequence[str]], file_name: str) -> Head:
    """The columns' names, from the first row if it has no address.

    Raises:
        BadFileError: there is no row.
    """
    if not sample:
        raise BadFileError(f"{file_name} is empty.")
    given = not any(looks_like_address(cell) for cell in sample[0])
    labels = tuple(
        (cell.strip() if given else "") or f"column {number}"
        for number, cell in enumerate(sample[0], 1)
    )
    if is_own_header(labels):
        labels = tuple(map(unguarded, labels))
    return Head(labels, given)


def recognise(sample: Sequence[Sequence[str]], mapping: ColumnMap, file_name: str) -> Columns:
    """Recognise the columns from the first rows; ``mapping`` has precedence.

    Raises:
        BadFileError: no column holds addresses.
        UsageError: ``mapping`` names a column that is not there, or one field twice.
    """
    head = head_of(sample, file_name)
    labels = head.labels
    rows = sample[1:] if head.given else sample
    mapped = _mapped(labels, mapping, file_name)
    if head.given and is_own_header(labels):
        return _own_columns(labels, mapped)
    email = address_column(labels, rows, _mapped_email(mapped), set(mapped), has_header=head.given)
    if email is None:
        known = ", ".join(printable(label) for label in labels[:12])
        raise BadFileError(
            f"{file_name} has no column of email addresses (its columns: {known}"
            f"{', …' if len(labels) > 12 else ''}); say which one holds them.",
            by_option="--map COL=email does.",
        )
    ignored = tuple(position for position, field in mapped.items() if field == IGNORE)
    tags = tuple(
        position
        for position, label in enumerate(labels)
        if position != email
        and (
            mapped.get(position) == TAGS or (position not in mapped and folded(label) in _TAG_NAMES)
        )
    )
    statuses = _status_columns(head, rows, mapped, {email, *tags})
    told = {column.position for column in statuses}
    fields = attribute_names(labels, mapped, {email, *tags, *ignored, *told})
    taken = {email, *tags, *mapped, *told}
    free = [position for position in range(len(labels)) if position not in taken]
    return Columns(
        labels,
        fields,
        email,
        tags,
        ignored,
        head.given,
        statuses,
        others=other_address_columns(labels, rows, free, has_header=head.given),
        unpacked=tuple(position for position in free if _holds_objects(rows, position)),
    )


def _own_columns(labels: Sequence[str], mapped: Mapping[int, str]) -> Columns:
    """The columns of sestui's own export; ``mapped`` has precedence."""
    roles = [
        (position, label)
        for position, label in enumerate(labels)
        if label in COLUMNS and mapped.get(position, OWN) == OWN
    ]
    by_name = {name: position for position, name in roles}
    email = next((p for p, field in mapped.items() if field == EMAIL), by_name.get(EMAIL, 0))
    roles = [(position, name) for position, name in roles if name != EMAIL]
    tags = tuple(position for position, field in mapped.items() if field == TAGS)
    ignored = tuple(p for p, field in mapped.items() if field in {IGNORE, STATUS})
    taken = {email, *tags, *ignored, *(position for position, _ in roles)}
    fields = tuple(
        "" if position in taken else mapped.get(position, attribute_of(label))
        for position, label in enumerate(labels)
    )
    return Columns(tuple(labels), fields, email, tags, ignored, True, roles=tuple(roles))


def _status_columns(
    head: Head, rows: Sequence[Sequence[str]], mapped: Mapping[int, str], taken: set[int]
) -> tuple[StatusColumn, ...]:
    forced = [position for position, field in mapped.items() if field == STATUS]
    free = [p for p in range(len(head.labels)) if p not in mapped and p not in taken]
    return find_status_columns(head.labels, rows, forced, free if head.given else [])


def tidy(label: str) -> str:
    """A column's name as an attribute: ``First Name`` becomes ``first_name``.

    Lower case; letters and digits of any script stay, everything else becomes ``_``; the result is
    a name that templates and expressions can use.
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", label).lower())
    kept = "".join(sign if f"a{sign}".isidentifier() else "_" for sign in folded)
    name = re.sub("_+", "_", kept).strip("_")[:_MAX_NAME].rstrip("_")
    if not name:
        return ""
    if not name.isidentifier():
        return f"column_{name}"
    return f"{name}_" if name in OWN_NAMES else name


def _mapped_email(mapped: Mapping[int, str]) -> int | None:
    return next((position for position, field in mapped.items() if field == EMAIL), None)


def _holds_objects(rows: Sequence[Sequence[str]], position: int) -> bool:
    """Whether all filled cells of a column are JSON objects."""
    cells = [cell for row in rows if position < len(row) and (cell := row[position].strip())]
    if not cells or not all(cell[0] == "{" and cell[-1] == "}" for cell in cells):
        return False
    try:
        return all(isinstance(json.loads(cell), dict) for cell in cells)
    except (ValueError, RecursionError):
        return False


def _mapped(labels: Sequence[str], mapping: ColumnMap, file_name: str) -> dict[int, str]:
    """The user's mapping of positions to fields."""
    mapped: dict[int, str] = {}
    used: set[str] = set()
    for column, wanted in mapping.items():
        name = printable(str(column))
        field = wanted if wanted in _WORDS else tidy(wanted)
        if not field:
            raise UsageError(
                f"{name}={printable(wanted)}: give it the name of an attribute, or email, "
                "tags or status, or - to leave it out.",
                option="--map",
            )
        position = _position(labels, column)
        if position is None:
            known = ", ".join(printable(label) for label in labels[:12])
            raise UsageError(
                f"{name}: {file_name} has no such column (its columns: {known}).",
                option="--map",
            )
        if position in mapped or (field not in _MANY and field in used):
            raise UsageError(f"{name}={field}: that is mapped twice.", option="--map")
        mapped[position] = field
        used.add(field)
    return mapped


def _position(labels: Sequence[str], column: str | int) -> int | None:
    if isinstance(column, int):
        return column - 1 if 1 <= column <= len(labels) else None
    if column in labels:
        return labels.index(column)
    folded = [label.casefold() for label in labels]
    if column.strip().casefold() in folded:
        return folded.index(column.strip().casefold())
    if column.isdecimal() and 1 <= int(column) <= len(labels):
        return int(column) - 1
    return None


def column_position(columns: Columns, name: str) -> int | None:
    """The position of the column, or attribute, with this name; None if there is none."""
    position = _position(columns.labels, name)
    if position is None and tidy(name) in columns.fields:
        return columns.fields.index(tidy(name))
    return position


def attribute_names(
    labels: Sequence[str], mapped: Mapping[int, str], taken: set[int]
) -> tuple[str, ...]:
    """Attribute names, each once: ``mapped`` first, then ``name``, ``name_2``, ...

    Positions with another use (``taken``) get ''.
    """
    used = set(mapped.values())
    numbers: dict[str, int] = {}  # the next number, as thousands of columns may share a name
    fields: list[str] = []
    for position, label in enumerate(labels):
        if position in taken:
            fields.append("")
        elif position in mapped:
            fields.append(mapped[position])
        else:
            base = tidy(label) or f"column_{position + 1}"
            name, number = base, numbers.get(base, 2)
            while name in used:
                name, number = f"{base}_{number}", number + 1
            numbers[base] = number
            used.add(name)
            fields.append(name)
    return tuple(fields)


def telling_cells(sample: Sequence[Sequence[str]], columns: Columns) -> tuple[str, ...]:
    """Cells of the first rows, names if possible, that show whether the encoding is right."""
    texts = [
        cell.strip()[:_MAX_SHOWN]
        for row in sample[columns.has_header :]
        for position, cell in enumerate(row)
        if position != columns.email and cell.strip() and "@" not in cell
    ]
    telling = [text for text in texts if not text.isascii()] or texts
    return tuple(dict.fromkeys(telling))[:_SHOWN]
