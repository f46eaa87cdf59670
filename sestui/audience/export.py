"""Export contacts as CSV or JSON lines, streamed."""

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import IO, Any

from sestui.audience.contact_form import tags_text
from sestui.audience.exported_columns import COLUMNS, attribute_label
from sestui.core.clock import iso
from sestui.core.delivery.states import Standing
from sestui.core.spreadsheet import guarded
from sestui.reports.sent_log import Format
from sestui.store.contacts.changes.selection import Selection
from sestui.store.contacts.export import (
    ExportedContact,
    attribute_names,
    export_contacts,
    export_selected,
    selected_attribute_names,
)
from sestui.store.contacts.key_queries import Which
from sestui.store.db.database import Database

_TOLD_EACH = 1_000


def write_contacts(
    database: Database,
    wanted: Which | Selection,
    out: IO[str],
    *,
    form: Format,
    raw: bool,
    on_progress: Callable[[int], None] = lambda _: None,
) -> int:
    """Write the selected contacts to ``out`` (opened with newline=''); returns their number.

    ``on_progress`` is called now and then with the number written so far; an error it raises ends
    the writing.

    The importer reads it back to the same contacts (see ``own_export``); JSON lines keep the types
    of attributes too.

    CSV cells that a spreadsheet would run as formulas get a leading apostrophe, unless ``raw``.

    Raises:
        NotFoundError: there is no list by that name.
    """
    found = _all(database, wanted) if isinstance(wanted, Which) else _chosen(database, wanted)
    contacts = _followed(found, on_progress)
    if form is Format.JSONL:
        return _write_jsonl(contacts, out)
    if isinstance(wanted, Which):
        names = attribute_names(database, wanted)
    else:
        names = selected_attribute_names(database, wanted)
    return _write_csv(contacts, names, out, raw=raw)


def _chosen(database: Database, selection: Selection) -> Iterator[ExportedContact]:
    return (each for batch in export_selected(database, selection) for each in batch)


def _followed(
    contacts: Iterable[ExportedContact], on_progress: Callable[[int], None]
) -> Iterator[ExportedContact]:
    for number, contact in enumerate(contacts):
        if number % _TOLD_EACH == 0:
            on_progress(number)
        yield contact


def _all(database: Database, which: Which) -> Iterator[ExportedContact]:
    """The selected contacts, and without a selection all suppressed addresses and domains.

    An import of the export restores those too.
    """
    for batch in export_contacts(database, which):
        yield from batch
    if which == Which():
        for batch in export_contacts(database, Which(None, Standing.SUPPRESSED)):
            yield from (each for each in batch if not each.status)


def _fixed(contact: ExportedContact) -> tuple[str, ...]:
    return (
        contact.email,
        contact.status,
        contact.status_reason,
        contact.suppressed,
        iso(contact.suppressed_at),
        tags_text(contact.tags),
        tags_text(contact.lists),
        iso(contact.created_at),
        iso(contact.updated_at),
    )


def _write_csv(
    contacts: Iterable[ExportedContact], names: Sequence[str], out: IO[str], *, raw: bool
) -> int:
    def cells(row: Iterable[str]) -> Iterable[str]:
        return row if raw else map(guarded, row)

    writer = csv.writer(out)
    writer.writerow(cells((*COLUMNS, *map(attribute_label, names))))
    count = 0
    for count, contact in enumerate(contacts, 1):  # noqa: B007 - the count is the result
        attributes = (_cell(contact.attributes.get(name)) for name in names)
        writer.writerow(cells((*_fixed(contact), *attributes)))
    return count


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _write_jsonl(contacts: Iterable[ExportedContact], out: IO[str]) -> int:
    count = 0
    for count, contact in enumerate(contacts, 1):  # noqa: B007 - the count is the result
        record = dict(zip(COLUMNS, _fixed(contact), strict=True)) | {
            "tags": contact.tags,
            "lists": contact.lists,
            "attributes": contact.attributes,
        }
        out.write(json.dumps(record, ensure_ascii=False) + "\n")
    return count
