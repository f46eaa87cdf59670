"""Write the sent log: deliveries as CSV or JSON lines, streamed."""

import csv
import json
from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from typing import IO

from sestui.core.clock import iso
from sestui.core.spreadsheet import guarded
from sestui.store.ledger.deliveries import Deliveries
from sestui.store.ledger.log_rows import LogFilter, LogRow

COLUMNS = (
    "campaign",
    "run",
    "email",
    "state",
    "message_id",
    "attempts",
    "code",
    "reason",
    "queued_at",
    "sent_at",
    "outcome",
    "outcome_at",
    "outcome_code",
    "opened_at",
    "clicked_at",
)


class Format(StrEnum):
    """The log's format."""

    CSV = "csv"
    JSONL = "jsonl"


def write_log(
    deliveries: Deliveries,
    wanted: LogFilter,
    out: IO[str],
    *,
    form: Format,
    raw: bool,
    on_progress: Callable[[int], object] = lambda _count: None,
) -> int:
    """Write matching deliveries to ``out`` (opened with newline=''); returns their number.

    CSV cells that a spreadsheet would run as formulas get a leading apostrophe, unless ``raw``.
    ``on_progress`` is called with the number written so far; an error it raises ends the writing.
    """
    rows = _rows(deliveries.log(wanted), on_progress)
    return _write_csv(rows, out, raw=raw) if form is Format.CSV else _write_jsonl(rows, out)


def _rows(
    batches: Iterable[list[LogRow]], on_progress: Callable[[int], object]
) -> Iterator[tuple[str | int, ...]]:
    count = 0
    for batch in batches:
        count += len(batch)
        on_progress(count)
        for row in batch:
            delivery = row.delivery
            yield (
                row.campaign,
                row.run,
                delivery.email,
                delivery.state,
                delivery.message_id,
                delivery.attempts,
                delivery.code,
                delivery.reason,
                iso(delivery.queued_at),
                iso(delivery.sent_at),
                delivery.outcome,
                iso(delivery.outcome_at),
                delivery.outcome_code,
                iso(delivery.opened_at),
                iso(delivery.clicked_at),
            )


def _write_csv(rows: Iterable[tuple[str | int, ...]], out: IO[str], *, raw: bool) -> int:
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    count = 0
    for count, row in enumerate(rows, 1):  # noqa: B007 - the count is the result
        writer.writerow(row if raw else [guarded(c) if isinstance(c, str) else c for c in row])
    return count


def _write_jsonl(rows: Iterable[tuple[str | int, ...]], out: IO[str]) -> int:
    count = 0
    for count, row in enumerate(rows, 1):  # noqa: B007 - the count is the result
        out.write(json.dumps(dict(zip(COLUMNS, row, strict=True)), ensure_ascii=False) + "\n")
    return count
