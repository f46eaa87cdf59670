"""The service behind the migration screen."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sestui.atomic_write import text_output
from sestui.audience.imports.rejects import check_rejects_path
from sestui.audience.migrate.left_out import write_left_out
from sestui.audience.migrate.migrate import Reconciliation, migrate
from sestui.audience.migrate.opening import ToolData, open_data
from sestui.audience.migrate.progress import MigrationProgress
from sestui.audience.migrate.records import MigratedKind
from sestui.core.text import printable
from sestui.errors import StateError, UsageError
from sestui.runtime import Runtime
from sestui.tui.app.screens.background_jobs import BackgroundJob
from sestui.tui.widgets.format import counted, grouped


@dataclass(frozen=True, slots=True)
class MigrationFinding:
    """A line below the reconciliation."""

    kind: str
    place: str
    """How many, or where."""
    text: str
    stands_out: bool = False


@dataclass(frozen=True, slots=True)
class Migrated:
    """The result of a migration or its dry run."""

    data: ToolData
    found: Reconciliation

    def findings(self) -> Iterator[MigrationFinding]:
        """What was left out by reason, what is to be looked at in drafts, and the rows."""
        for kind, tally in self.found.tallies.items():
            for reason, count in tally.left_out.most_common():
                yield MigrationFinding(kind.value, grouped(count), reason)
        for note in self.found.notes:
            yield MigrationFinding("draft", note.draft, note.said, stands_out=True)
        for row in self.found.left_out:
            where = f"{row.file}, line" if row.file else "line"
            place = f"{where} {grouped(row.line)}"
            yield MigrationFinding(row.kind.value, place, f"{printable(row.value)}: {row.reason}")

    def question(self) -> str:
        """What a migration would write, in a sentence."""
        taken = {kind: tally.taken for kind, tally in self.found.tallies.items()}
        drafts = taken[MigratedKind.TEMPLATES] + taken[MigratedKind.CAMPAIGNS]
        return (
            f"{counted(taken[MigratedKind.SUPPRESSIONS], 'suppression')} first, then "
            f"{counted(taken[MigratedKind.LISTS], 'new list')}, "
            f"{counted(taken[MigratedKind.CONTACTS], 'contact')} that are new or change, "
            f"{counted(taken[MigratedKind.SUBSCRIPTIONS], 'subscription')} and "
            f"{counted(drafts, 'draft')}. Nobody gets mail by it."
        )

    def save_left_out(self, path: Path, *, overwrite: bool) -> str:
        """Write the rows that were left out to a file; where they are now, as a sentence.

        Raises:
            StateError: there is a file, and it isn't to be overwritten.
            UsageError: the file can't be written.
        """
        if self.data.path is not None:
            check_rejects_path(self.data.path, path)
        shown = printable(str(path))
        if not overwrite and path.exists():
            raise StateError(f"{shown} exists.")
        try:
            with text_output(path) as file:
                write_left_out(self.found.left_out, file)
        except OSError as error:
            raise UsageError(f"{shown} can't be written: {error.strerror}.") from error
        return f"{counted(len(self.found.left_out), 'row')} left out: {shown}."


class MigrationJob(BackgroundJob[Migrated]):
    """One migration or dry run; people are saved all at once, drafts after them."""

    stopped = "The migration has been stopped; what isn't here yet comes with the next one."

    def __init__(self, runtime: Runtime, data: ToolData, *, dry_run: bool) -> None:
        super().__init__()
        self._runtime = runtime
        self.data = data
        self.dry_run = dry_run
        self.progress: MigrationProgress | None = None
        """How far it is; None at first."""

    def work(self) -> Migrated:
        """Read all of it, then save it."""
        runtime = self._runtime
        with open_data(self.data, runtime.ses, runtime.clock, self._told, self._went_on) as source:
            found = migrate(
                runtime.database,
                source,
                now=runtime.clock.now(),
                dry_run=self.dry_run,
                on_progress=self._went_on,
            )
        return Migrated(self.data, found)

    def summary(self, result: Migrated) -> str:
        """The result for an operator on another screen."""
        if self.dry_run:
            return "The dry run had already finished; nothing has been changed."
        count = result.found.tallies[MigratedKind.CONTACTS].taken
        return f"The migration had already finished: {counted(count, 'contact')} taken over."

    def _went_on(self, progress: MigrationProgress) -> None:
        self.progress = progress
        self.check()
