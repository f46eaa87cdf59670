"""One row of a file: a contact, or a reject with its reason."""

import csv
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from json.encoder import encode_basestring as _quoted

from sestui.audience.columns import Columns
from sestui.audience.files import is_damaged, shown_bytes
from sestui.audience.status_words import Meaning
from sestui.audience.statuses import Said, StatusReader
from sestui.core.addresses import Refusal, check_address
from sestui.core.states import ContactStatus
from sestui.core.text import printable
from sestui.store.contact_upsert import ContactRow, More

MAX_VALUE = 65_536
"""Characters an attribute may have."""

_SHOWN = 200
_SHOWN_ROW = 500
_SHOWN_CELLS = 100


@dataclass(frozen=True, slots=True)
class Reject:
    """A row that was not imported, and why."""

    line: int
    """The line of the file on which the row starts, from 1."""
    column: str
    value: str
    """The offending cell, as in the file; cut if it is over-long."""
    reason: str
    """One sentence."""
    row: str = ""
    """The whole row, its cells joined and cut."""


class RowParser:
    """Turns cells into contacts by the columns of one file."""

    def __init__(
        self,
        columns: Columns,
        *,
        damaged: bool,
        statuses: StatusReader | None = None,
        source: str = "",
        all_active: bool = False,
    ) -> None:
        """``statuses`` reads what the file says of who may be mailed, ``source`` is its name;
        ``all_active`` only counts it."""
        self._columns = columns
        self._email = columns.email
        self._width = columns.width
        self._ignored = columns.ignored
        self._damaged = damaged
        self._careful = damaged or bool(columns.ignored)
        self._statuses = statuses if statuses is not None and statuses.tells else None
        self._source = source
        self._all_active = all_active
        # A row becomes JSON text at once: a dict in between costs as much as all the rest.
        self._prefixes = tuple(f"{_quoted(field)}:" for field in columns.fields)

    def parse(self, line: int, size: int, cells: list[str]) -> ContactRow | Reject:
        """The contact in a row of ``size`` characters; consumes ``cells``."""
        if self._careful or size > MAX_VALUE or len(cells) > self._width:
            refused = self.refused(line, size, cells)
            if refused is not None:
                return refused
        typed = cells[self._email] if len(cells) > self._email else ""
        verdict = check_address(typed)
        if isinstance(verdict, Refusal):
            reason = verdict.reason if typed.strip() else "There is no address in this row."
            return _reject(line, self._columns.email_label, typed, reason, cells)
        cells[self._email] = ""
        said = self._statuses.read(cells) if self._statuses is not None else None
        tags = self._tags(cells) if self._columns.tags else "[]"
        attributes = ",".join(
            [
                prefix + _quoted(value)
                for prefix, cell in zip(self._prefixes, cells, strict=False)
                if cell and (value := cell.strip())
            ]
        )
        if said is None or said.meaning is Meaning.ACTIVE:
            return ContactRow(verdict.email, verdict.key, f"{{{attributes}}}", tags)
        more = "" if self._all_active else _more(said, self._source)
        weight = 2 if said.meaning.suppresses else 1
        return ContactRow(verdict.email, verdict.key, f"{{{attributes}}}", tags, weight, more)

    def refused(self, line: int, size: int, cells: list[str]) -> Reject | None:
        """Why a row can't be taken whatever is in it; empties the cells that are left out."""
        if len(cells) > self._width and any(map(str.strip, cells[self._width :])):
            return self._too_many(line, cells)
        for position in self._ignored:
            if position < len(cells):
                cells[position] = ""
        return self._fault(line, cells) if self._damaged or size > MAX_VALUE else None

    def _tags(self, cells: list[str]) -> str:
        """All tags of a row as a JSON array; takes them out of the row."""
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


def _reject(line: int, column: str, cell: str, reason: str, cells: Sequence[str]) -> Reject:
    row = ", ".join(shown_bytes(each[:_SHOWN]) for each in cells[:_SHOWN_CELLS] if each)
    return Reject(line, column, shown_bytes(cell)[:_SHOWN], reason, row[:_SHOWN_ROW])


@lru_cache(maxsize=4096)
def _more(said: Said, source: str) -> str:
    """What becomes of a person of whom the file says no, with the file's own word as the reason.

    A suppressed person is unsubscribed too: who lets the address be mailed again one day has not
    subscribed them.
    """
    why = printable(f"{said.column}: {said.value} ({source})")[:_SHOWN_ROW]
    more = More(status=ContactStatus.UNSUBSCRIBED.value, status_reason=why)
    if said.meaning.suppresses:
        more |= More(suppressed=said.meaning.value, detail=why)
    return json.dumps(more, ensure_ascii=False)


@lru_cache(maxsize=4096)
def split_tags(cell: str) -> tuple[str, ...]:
    """Tags in one cell: ``"customer","vip"`` (Mailchimp), ``* myContacts ::: Friends`` (Google).

    Google marks its own groups with an asterisk, which is no part of the name.
    """
    if ":::" in cell or cell.startswith("* "):
        parts = [re.sub(r"^\* ", "", part.strip()) for part in cell.split(":::")]
    else:
        delimiter = "," if "," in cell else ";"
        parts = [
            part
            for row in csv.reader(cell.splitlines(), delimiter=delimiter, skipinitialspace=True)
            for part in row
        ]
    return tuple(dict.fromkeys(part.strip() for part in parts if part.strip()))
