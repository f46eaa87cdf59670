"""Parse a row to a contact, or to a reject with its reason."""

import csv
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from json.encoder import encode_basestring as _quoted

from sestui.audience.imports.address_columns import names_a_person
from sestui.audience.imports.column_types import CellFault, TypedColumns
from sestui.audience.imports.columns import Columns, tidy
from sestui.audience.imports.status_words import Meaning
from sestui.audience.imports.statuses import RowStatus, StatusReader
from sestui.audience.sources.file_cells import TypedCell, is_damaged, shown_bytes
from sestui.audience.sources.json_rows import as_cell, flattened, loads
from sestui.audience.sources.mailbox_cells import CellAddress, is_blank, read_cell
from sestui.core.contact.address_check import Address, Refusal, check_address
from sestui.core.delivery.states import ContactStatus
from sestui.core.text import printable
from sestui.store.contacts.upsert import ContactRow, More

MAX_VALUE = 65_536
"""The most characters of an attribute."""

SHOWN = 200
"""The most characters of a reject's value."""
_SHOWN_ROW = 500
_SHOWN_CELLS = 100


@dataclass(frozen=True, slots=True)
class Reject:
    """A rejected row."""

    line: int
    """The line where the row starts, from 1."""
    column: str
    value: str
    """The invalid cell as in the file, possibly cut."""
    reason: str
    """One sentence."""
    row: str = ""
    """The whole row's cells, joined and cut."""
    cells: tuple[str, ...] = ()
    """The whole row as in the file."""


@dataclass(frozen=True, slots=True)
class Mixed:
    """A row that isn't exactly one plain contact: tidied, several, with rejects, or empty."""

    contacts: tuple[ContactRow, ...] = ()
    rejects: tuple[Reject, ...] = ()
    tidied: int = 0
    """How many of the addresses were tidied."""


_NOTHING = Mixed()
_NAME = "name"


class RowParser:
    """Parses rows by the columns of one file."""

    def __init__(
        self,
        columns: Columns,
        *,
        damaged: bool,
        typed: bool = False,
        types: TypedColumns | None = None,
        statuses: StatusReader | None = None,
        source: str = "",
        all_active: bool = False,
    ) -> None:
        """``typed``: cells may be :class:`TypedCell`; ``types``: the user's types.

        ``statuses`` reads the statuses, ``all_active`` only counts them; ``source`` is the
        file's name.
        """
        self._typed = typed
        self._types = types
        self._columns = columns
        self._email = columns.email
        self._width = columns.width
        self._ignored = columns.ignored
        self._damaged = damaged
        self._careful = damaged or bool(columns.ignored)
        self._statuses = statuses if statuses is not None and statuses.tells else None
        self._source = source
        self._all_active = all_active
        # Rows become JSON text directly, as building a dict first would double the time.
        self._prefixes = tuple(f"{_quoted(field)}:" for field in columns.fields)
        self._taken = frozenset(columns.fields)
        self._takes_names = _NAME in columns.fields or not any(map(names_a_person, columns.labels))

    def parse(self, line: int, size: int, cells: list[str]) -> ContactRow | Reject | Mixed:
        """Parse a row of ``size`` characters; consumes ``cells``."""
        if self._careful or size > MAX_VALUE or len(cells) > self._width:
            refused = self.refused(line, size, cells)
            if refused is not None:
                return refused
        typed = cells[self._email] if len(cells) > self._email else ""
        verdict = check_address(typed)
        if isinstance(verdict, Refusal):
            return self._second_look(line, typed, verdict, cells)
        cells[self._email] = ""
        said = self._statuses.read(cells) if self._statuses is not None else None
        tags = self._tags(cells) if self._columns.tags else "[]"
        try:
            attributes = self._attributes(cells)
        except CellFault as fault:
            return _reject(line, fault.column, fault.cell, str(fault), [verdict.email, *cells])
        contact = self._contact(verdict, attributes, tags, said)
        if not typed.isascii() and typed.strip(" \t\r\n") != typed.strip():
            return Mixed((contact,), tidied=1)  # a non-breaking space or the like was around it
        return contact

    def _contact(
        self, address: Address, attributes: str, tags: str, said: RowStatus | None
    ) -> ContactRow:
        if said is None or said.meaning is Meaning.ACTIVE:
            return ContactRow(address.email, address.key, attributes, tags)
        more = "" if self._all_active else _more(said, self._source)
        weight = 2 if said.meaning.suppresses else 1
        return ContactRow(address.email, address.key, attributes, tags, weight, more)

    def _second_look(
        self, line: int, typed: str, refusal: Refusal, cells: list[str]
    ) -> Reject | Mixed:
        """Parse a row whose address cell is not a plain address.

        Another column's address replaces an empty cell only, so that wrong ones are reported.
        """
        if all(map(is_blank, cells)):
            return _NOTHING
        skipped = False  # something that is no address stands before the one that is
        for position in (self._email, *self._columns.others):
            if position >= len(cells) or is_blank(cells[position]):
                continue
            cell = cells[position]
            verdict = refusal if position == self._email else check_address(cell)
            found = (
                read_cell(cell, verdict)
                if isinstance(verdict, Refusal)
                else [CellAddress(cell, "", verdict)]
            )
            if any(isinstance(each.verdict, Address) for each in found):
                cells[self._email] = cells[position] = ""
                return self._found(line, position, cell, found, cells, skipped=skipped)
            if position == self._email:
                break
            skipped = True
        reason = "There is no address in this row." if is_blank(typed) else refusal.reason
        return _reject(line, self._columns.email_label, typed, reason, cells)

    def _found(
        self,
        line: int,
        position: int,
        cell: str,
        found: Sequence[CellAddress],
        cells: list[str],
        *,
        skipped: bool,
    ) -> Mixed:
        label = self._columns.labels[position]
        rejects = [
            _reject(line, label, each.text, each.verdict.reason, [cell, *cells])
            for each in found
            if isinstance(each.verdict, Refusal)
        ]
        row = [cell, *cells]
        said = self._statuses.read(cells) if self._statuses is not None else None
        tags = self._tags(cells) if self._columns.tags else "[]"
        try:
            attributes = self._attributes(cells)
        except CellFault as fault:
            no_value = _reject(line, fault.column, fault.cell, str(fault), row)
            return Mixed(rejects=(*rejects, *[no_value] * (len(found) - len(rejects))))
        contacts = []
        tidied = 0
        for each in found:
            if isinstance(each.verdict, Address):
                own = self._with_name(attributes, each.name)
                contacts.append(self._contact(each.verdict, own, tags, said))
                written = cell if len(found) == 1 else each.text
                tidied += skipped or written.strip(" ").lower() != each.verdict.email.lower()
        return Mixed(tuple(contacts), tuple(rejects), tidied)

    def _with_name(self, attributes: str, name: str) -> str:
        """The attributes, with the mailbox's name if they have none."""
        member = f"{_quoted(_NAME)}:"
        if not name or not self._takes_names or member in attributes:
            return attributes
        named = member + _quoted(name[:MAX_VALUE])
        return f"{{{named}}}" if attributes == "{}" else f"{attributes[:-1]},{named}}}"

    def _attributes(self, cells: list[str]) -> str:
        """A JSON object of the row's remaining cells.

        Raises:
            CellFault: a cell doesn't have its column's type.
        """
        more = self._types.take(cells) if self._types is not None else []
        if self._columns.unpacked:
            more += self._unpacked(cells)
        if self._typed:
            more += self._values(cells)
        members = [
            prefix + _quoted(value)
            # zip takes a third of all this longer if told strict=False, which it is anyway.
            for prefix, value in zip(self._prefixes, map(str.strip, cells))  # noqa: B905
            if value
        ]
        return f"{{{','.join(members + more)}}}"

    def _values(self, cells: list[str]) -> list[str]:
        """Take the typed cells out of the row; returns them as JSON members."""
        found = []
        for position, (prefix, cell) in enumerate(zip(self._prefixes, cells, strict=False)):
            if type(cell) is TypedCell:
                found.append(prefix + _json_of(cell))
                cells[position] = ""
        return found

    def _unpacked(self, cells: list[str]) -> list[str]:
        """Take the cells with JSON objects out of the row; returns the objects' members."""
        found: dict[str, str] = {}
        for position in self._columns.unpacked:
            if position >= len(cells) or not cells[position].strip():
                continue
            try:
                value = loads(cells[position])
                members = flattened(value) if isinstance(value, dict) else None
            except (ValueError, RecursionError):
                continue  # stays in the row as text
            if members is not None:
                cells[position] = ""
                for label, cell in members.items():
                    found[self._member(label)] = cell
        return [
            f"{_quoted(name)}:{self._member_json(name, cell)}"
            for name, cell in found.items()
            if name and cell.strip()
        ]

    def _member_json(self, name: str, cell: str) -> str:
        said = self._types.member(name, cell.strip()) if self._types is not None else None
        return said or _json_of(cell)

    def _member(self, label: str) -> str:
        """An attribute name for a member, different from all columns'."""
        name = tidy(label)
        return f"{name}_2" if name in self._taken else name

    def refused(self, line: int, size: int, cells: list[str]) -> Reject | None:
        """A reject if the row is too long or damaged, else None; empties ignored cells."""
        if len(cells) > self._width and any(map(str.strip, cells[self._width :])):
            return self._too_many(line, cells)
        for position in self._ignored:
            if position < len(cells):
                cells[position] = ""
        return self._fault(line, cells) if self._damaged or size > MAX_VALUE else None

    def _tags(self, cells: list[str]) -> str:
        """Take the tags out of the row; returns them as a JSON array."""
        found: dict[str, None] = {}
        for position in self._columns.tags:
            if position < len(cells) and cells[position]:
                found.update(dict.fromkeys(split_tags(cells[position])))
                cells[position] = ""
        return f"[{','.join(map(_quoted, found))}]"

    def _too_many(self, line: int, cells: Sequence[str]) -> Reject:
        extra = next(
            position for position in range(self._width, len(cells)) if cells[position].strip()
        )
        reason = f"The row has {len(cells)} cells where the first one has {self._width}."
        return _reject(line, f"column {extra + 1}", cells[extra], reason, cells)

    def _fault(self, line: int, cells: Sequence[str]) -> Reject | None:
        for position, cell in enumerate(cells):
            if len(cell) > MAX_VALUE:
                reason = f"The value has {len(cell):,} characters; {MAX_VALUE:,} are allowed."
            elif not is_damaged(cell):
                continue
            elif "\0" in cell:
                reason = "The value has a NUL character in it."
            else:
                reason = "The value has bytes in it that are not text in the file's encoding."
            label = (
                self._columns.labels[position]
                if position < self._width
                else f"column {position + 1}"
            )
            return _reject(line, label, cell, reason, cells)
        return None


def _json_of(cell: str) -> str:
    """A cell as JSON: its typed value if it has one, else its text."""
    if type(cell) is TypedCell:
        return json.dumps(cell.value, ensure_ascii=False)
    return _quoted(cell.strip())


def _reject(line: int, column: str, cell: str, reason: str, cells: Sequence[str]) -> Reject:
    row = ", ".join(shown_bytes(each[:SHOWN]) for each in cells[:_SHOWN_CELLS] if each)
    return Reject(line, column, shown_bytes(cell)[:SHOWN], reason, row[:_SHOWN_ROW])


@lru_cache(maxsize=4096)
def _more(said: RowStatus, source: str) -> str:
    """``ContactRow.more`` for a status that forbids mail; its word becomes the reason.

    A suppressed contact is unsubscribed too, as unsuppressing the address must not subscribe it.
    """
    why = printable(f"{said.column}: {said.value} ({source})")[:_SHOWN_ROW]
    more = More(status=ContactStatus.UNSUBSCRIBED.value, status_reason=why)
    if said.meaning.suppresses:
        more |= More(suppressed=said.meaning.value, detail=why)
    return json.dumps(more, ensure_ascii=False)


@lru_cache(maxsize=4096)
def split_tags(cell: str) -> tuple[str, ...]:
    """Split a cell of tags.

    Forms: ``"customer","vip"`` (Mailchimp), ``["customer", "vip"]`` (JSON), ``{customer,vip}``
    (PostgreSQL), ``* myContacts ::: Friends`` (Google). Google's asterisk
    before its own groups isn't part of the name.
    """
    array = _json_array(cell)
    if array is not None:
        parts = array
    elif ":::" in cell or cell.startswith("* "):
        parts = [re.sub(r"^\* ", "", part.strip()) for part in cell.split(":::")]
    else:
        cell = _BRACES.sub(r"\1", cell.strip())
        delimiter = next((each for each in ",;|" if each in cell), ",")
        parts = [
            part
            for row in csv.reader(cell.splitlines(), delimiter=delimiter, skipinitialspace=True)
            for part in row
        ]
    return tuple(dict.fromkeys(part.strip() for part in parts if part.strip()))


_BRACES = re.compile(r"\A\{(.*)\}\Z", re.DOTALL)


def _json_array(cell: str) -> list[str] | None:
    if not cell.lstrip().startswith("["):
        return None
    try:
        values = json.loads(cell)
    except (ValueError, RecursionError):
        return None
    return [each if isinstance(each, str) else as_cell(each) for each in values if each is not None]
