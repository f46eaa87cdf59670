"""The service behind the import screen."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sestui.audience.imports.importer import (
    ImportOptions,
    ImportResult,
    Progress,
    import_contacts,
)
from sestui.audience.imports.rejects import labels_of
from sestui.audience.imports.rejects_store import RejectsStore
from sestui.audience.sources.file_cells import Reading
from sestui.core.contact.conflict_policy import OnConflict
from sestui.core.text import printable
from sestui.runtime import Runtime
from sestui.tui.app.screens.background_jobs import BackgroundJob
from sestui.tui.widgets.format import grouped


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """All choices for an import."""

    path: Path
    mapping: Mapping[int, str]
    """Column number, from 1, to its use."""
    list_name: str
    on_conflict: OnConflict
    dry_run: bool
    reading: Reading = field(default_factory=Reading)
    """What the operator said of the file."""


@dataclass(frozen=True, slots=True)
class Imported:
    """The result of an import."""

    plan: ImportPlan
    result: ImportResult
    rejects: RejectsStore
    """To be closed by whoever is done with it."""

    def save_rejects(self, path: Path, *, overwrite: bool) -> str:
        """Write the rejects to a file; where they are now, as a sentence."""
        labels = labels_of(self.result.columns)
        self.rejects.save(path, labels, source=self.plan.path, overwrite=overwrite)
        count = self.result.rejects
        rejects = "1 reject is" if count == 1 else f"{grouped(count)} rejects are"
        return f"{rejects} in {printable(str(path))}."


class ImportJob(BackgroundJob[Imported]):
    """One import or dry run, all or nothing."""

    stopped = "The import has been stopped; nothing has been saved."

    def __init__(self, runtime: Runtime, plan: ImportPlan) -> None:
        super().__init__()
        self._runtime = runtime
        self.plan = plan
        self.progress: Progress | None = None
        """How far it is; None before the first rows were read."""

    def work(self) -> Imported:
        """Read the whole file, then save the whole file."""
        rejects = RejectsStore()
        try:
            result = import_contacts(
                self._runtime.database,
                self.plan.path,
                ImportOptions(
                    list_names=[self.plan.list_name] if self.plan.list_name else [],
                    mapping=dict(self.plan.mapping),
                    reading=self.plan.reading,
                    on_conflict=self.plan.on_conflict,
                    dry_run=self.plan.dry_run,
                ),
                now=self._runtime.clock.now(),
                rejected=rejects.add,
                progress=self._went_on,
            )
        except BaseException:
            rejects.close()
            raise
        return Imported(self.plan, result, rejects)

    def summary(self, result: Imported) -> str:
        """The result for an operator on another screen."""
        if result.plan.dry_run:
            return "The dry run had already finished; nothing has been changed."
        count = result.result.contacts
        name = printable(self.plan.list_name)
        return f"The import had already finished: {grouped(count)} of its contacts are on {name}."

    def _went_on(self, progress: Progress) -> None:
        self.progress = progress
        self.check()
