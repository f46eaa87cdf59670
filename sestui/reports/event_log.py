"""Write events as CSV or JSON lines, streamed."""

import csv
import json
from collections.abc import Iterable
from typing import IO

from sestui.core.clock import iso
from sestui.core.spreadsheet import guarded
from sestui.reports.sent_log import Format
from sestui.store.events.event_log import LoggedEvent

COLUMNS = (
    "campaign",
    "run",
    "email",
    "message_id",
    "event",
    "type",
    "sub_type",
    "detail",
    "by_machine",
    "occurred_at",
    "mailed_at",
    "received_at",
    "run_kind",
)


def write_events(
    batches: Iterable[list[LoggedEvent]], out: IO[str], *, form: Format, raw: bool
) -> int:
    """Write events to ``out`` (opened with newline=''); returns their number.

    CSV cells that a spreadsheet would run as formulas get a leading apostrophe, unless ``raw``.
    """
    count = 0
    writer = csv.writer(out)
    if form is Format.CSV:
        writer.writerow(COLUMNS)
    for batch in batches:
        count += len(batch)
        for event in batch:
            row = _row(event)
            if form is Format.JSONL:
                out.write(json.dumps(dict(zip(COLUMNS, row, strict=True)), ensure_ascii=False))
                out.write("\n")
            else:
                writer.writerow(row if raw else [_guarded(cell) for cell in row])
    return count


def event_record(event: LoggedEvent) -> dict[str, str | int | None]:
    """An event's fields by the names of the columns."""
    return dict(zip(COLUMNS, _row(event), strict=True))


def _guarded(cell: str | int | None) -> str | int | None:
    return guarded(cell) if isinstance(cell, str) else cell


def _row(event: LoggedEvent) -> tuple[str | int | None, ...]:
    return (
        event.campaign or "",
        event.run,
        event.email or "",
        event.message_id,
        event.kind,
        event.type,
        event.sub_type,
        event.detail,
        event.by_machine,
        iso(event.occurred_at),
        iso(event.mailed_at),
        iso(event.received_at),
        event.run_kind or "",
    )
