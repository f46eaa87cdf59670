"""What every screen that shows deliveries looks at, and their export to a file."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sestui.errors import UsageError
from sestui.reports.output_file import output_file
from sestui.reports.sent_log import Format, write_log
from sestui.runtime import Runtime
from sestui.store.ledger.pages import DeliveryPages, Search
from sestui.store.ledger.walk import LogFilter, LogRow
from sestui.tui.app.background_jobs import BackgroundJob

ENDINGS = tuple(f".{form}" for form in Format)
"""What an exported file may be called."""

_LONGEST_NAME = 60


@dataclass(frozen=True, slots=True)
class DeliveryRows:
    """The deliveries of a filter, as a table's source."""

    pages: DeliveryPages
    wanted: LogFilter

    def count(self) -> int:
        """How many there are now."""
        return self.pages.count(self.wanted)

    def page(self, offset: int, limit: int) -> Sequence[LogRow]:
        """The newest first."""
        return self.pages.page(self.wanted, offset, limit)

    def place(self, row: LogRow, near: int) -> int:
        """The number that a delivery has by now."""
        return self.pages.place(self.wanted, row, near)


@dataclass(slots=True)
class FoundDeliveries:
    """What a search has found so far, as a table's source; a newer search may take its place."""

    search: Search

    def count(self) -> int:
        """How many were found so far."""
        return self.search.count()

    def page(self, offset: int, limit: int) -> Sequence[LogRow]:
        """The newest first."""
        return self.search.page(offset, limit)


def export_to(runtime: Runtime, wanted: LogFilter, out: Path) -> "Export":
    """The export of what matches, not begun yet.

    Raises:
        UsageError: the file's name doesn't say what it is to be.
    """
    ending = out.suffix.lower()
    if ending not in ENDINGS:
        raise UsageError(f"Give the file a name that ends with {' or '.join(ENDINGS)}.")
    return Export(runtime, wanted, out, Format(ending[1:]))


def export_name(runtime: Runtime, wanted: LogFilter, states: str) -> str:
    """A name for the export: what is in it, and the day."""
    day = datetime.fromtimestamp(runtime.clock.now(), runtime.settings.zone)
    words = ["deliveries", wanted.campaign or "", states, wanted.find, f"{day:%Y-%m-%d}"]
    if wanted.run_id is not None:
        words[1] = runtime.runs.named(wanted.run_id)[1]
    plain = [re.sub(r"[^A-Za-z0-9_.@]+", "-", word)[:_LONGEST_NAME].strip("-.") for word in words]
    return f"{'-'.join(word for word in plain if word)}.csv"


class Export(BackgroundJob[int]):
    """Writes deliveries to a file that appears whole or not at all; the result is how many."""

    stopped = "The export has been stopped; no file has been written."

    def __init__(self, runtime: Runtime, wanted: LogFilter, out: Path, form: Format) -> None:
        super().__init__()
        self._runtime = runtime
        self._wanted = wanted
        self._form = form
        self.out = out
        self.written = 0
        """Deliveries written so far."""

    def work(self) -> int:
        """Write the file."""
        with output_file(self.out) as file:
            return write_log(
                self._runtime.deliveries,
                self._wanted,
                file,
                form=self._form,
                raw=False,
                told=self._tell,
            )

    def said(self, result: int) -> str:
        """What was written where."""
        return f"{result:,} {'delivery' if result == 1 else 'deliveries'} written to {self.out}."

    def _tell(self, count: int) -> None:
        self.written = count
        self.check()
