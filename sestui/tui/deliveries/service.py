"""The deliveries that screens show, and their export to a file."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sestui.core.delivery.bounces import has_diagnostic
from sestui.reports.output_file import output_file
from sestui.reports.sent_log import write_log
from sestui.runtime import Runtime
from sestui.store.db.database import Database
from sestui.store.events.diagnostics import diagnostics
from sestui.store.ledger.log_rows import LogFilter, LogRow
from sestui.store.ledger.pages import DeliveryPages, Search
from sestui.tui.dialogs.export_file import FileExport, plain_name


@dataclass(frozen=True, slots=True)
class DeliveryRows:
    """The deliveries of a filter, as a table's source."""

    database: Database
    pages: DeliveryPages
    wanted: LogFilter

    def count(self) -> int:
        """How many there are now."""
        return self.pages.count(self.wanted)

    def page(self, offset: int, limit: int) -> Sequence[LogRow]:
        """The newest first."""
        return with_diagnostics(self.database, self.pages.page(self.wanted, offset, limit))

    def place(self, row: LogRow, near: int) -> int:
        """The number that a delivery has by now."""
        return self.pages.place(self.wanted, row, near)


@dataclass(slots=True)
class FoundDeliveries:
    """What a search has found so far, as a table's source; a newer search may take its place."""

    database: Database
    search: Search

    def count(self) -> int:
        """How many were found so far."""
        return self.search.count()

    def page(self, offset: int, limit: int) -> Sequence[LogRow]:
        """The newest first."""
        return with_diagnostics(self.database, self.search.page(offset, limit))


def with_diagnostics(database: Database, rows: Sequence[LogRow]) -> Sequence[LogRow]:
    """The same deliveries, those that did not arrive with what their server said. Blocking."""
    asked = [row.delivery.id for row in rows if has_diagnostic(row.delivery.outcome)]
    said = diagnostics(database, asked)
    return [row._replace(diagnostic=said.get(row.delivery.id, "")) for row in rows]


def export_name(runtime: Runtime, wanted: LogFilter, states: str) -> str:
    """A name for the export: what is in it, and the day."""
    day = datetime.fromtimestamp(runtime.clock.now(), runtime.settings.zone)
    words = ["deliveries", wanted.campaign or "", states, wanted.find, f"{day:%Y-%m-%d}"]
    if wanted.run_id is not None:
        words[1] = runtime.runs.named(wanted.run_id)[1]
    return plain_name(words)


class Export(FileExport):
    """Writes deliveries."""

    noun = ("delivery", "deliveries")

    def __init__(self, runtime: Runtime, wanted: LogFilter, out: Path) -> None:
        """As :class:`FileExport`."""
        super().__init__(out)
        self._runtime = runtime
        self._wanted = wanted

    def work(self) -> int:
        """Write the file."""
        with output_file(self.out) as file:
            return write_log(
                self._runtime.deliveries,
                self._wanted,
                file,
                form=self.form,
                raw=False,
                on_progress=self.report,
            )
