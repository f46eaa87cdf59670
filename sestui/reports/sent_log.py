"""Write the sent log: deliveries as CSV or JSON lines, streamed."""

import json
from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from typing import IO

from sestui.core.clock import isos
from sestui.reports.csv_columns import csv_text
from sestui.store.ledger.deliveries import Deliveries
from sestui.store.ledger.log_rows import LogBatch, LogFilter

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
    "run_kind",
    "variant",
)
_INSTANTS = frozenset(name for name in COLUMNS if name.endswith("_at"))
_NUMBERS = ("run", "attempts")
_FREE = [
    COLUMNS.index(name)
    for name in ("campaign", "email", "message_id", "code", "reason", "outcome_code")
]
"""Columns of other people's words, by position."""


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

    def written(batch: LogBatch) -> tuple[int, str]:
        if form is Format.CSV:
            return len(batch), csv_text(_texts(batch), free=_FREE, raw=raw)
        return len(batch), _json_lines(batch)

    if form is Format.CSV:
        out.write(csv_text([[name] for name in COLUMNS], free=(), raw=raw))
    count = 0
    for number, text in deliveries.log(wanted, written):
        count += number
        on_progress(count)
        out.write(text)
    return count


def _texts(batch: LogBatch) -> list[Sequence[str]]:
    """The cells by column."""
    runs = batch.columns["run_id"]
    parts = [batch.parts[each] for each in ((runs[0],) if runs[0] == runs[-1] else runs)]
    each_of = len(runs) // len(parts)
    return [
        [part.campaign for part in parts] * each_of,
        [str(part.number) for part in parts] * each_of,
        *(_text(batch, name) for name in COLUMNS[2:-2]),
        [part.kind for part in parts] * each_of,
        [
            variant or winner
            for variant, winner in zip(
                batch.columns["variant"], [part.winner for part in parts] * each_of, strict=True
            )
        ],
    ]


def _text(batch: LogBatch, name: str) -> Sequence[str]:
    cells = batch.columns[name]
    if name in _INSTANTS:
        return isos(cells)
    return list(map(str, cells)) if name in _NUMBERS else cells


_encoded = json.JSONEncoder(ensure_ascii=False).encode


def _json_lines(batch: LogBatch) -> str:
    columns: list[Iterable[str | int]] = list(_texts(batch))
    for position in map(COLUMNS.index, _NUMBERS):
        columns[position] = map(int, columns[position])
    rows = zip(*columns, strict=True)
    return "".join(f"{_encoded(dict(zip(COLUMNS, row, strict=True)))}\n" for row in rows)
