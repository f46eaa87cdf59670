"""Contacts from a file, step by step: the file, its columns, the list, what became of the rows."""

import asyncio
from dataclasses import replace
from functools import partial
from pathlib import Path

from textual import on, work
from textual.app import ComposeResult
from textual.widgets import ContentSwitcher

from sestui.audience.imports.importer import check_list_name
from sestui.audience.imports.preview import Preview, preview
from sestui.audience.sources.file_cells import Reading
from sestui.errors import SestuiError, StateError, StoppedError
from sestui.store.contacts.imports import Imports
from sestui.tui.app.navigation.tabs import named_tab
from sestui.tui.app.screens.base_screen import BaseScreen
from sestui.tui.app.services import ScreenServices
from sestui.tui.contacts.undo_changes import UndoChanges
from sestui.tui.dialogs.confirm import ConfirmScreen
from sestui.tui.imports.columns_step import ColumnsStep
from sestui.tui.imports.file_step import FileStep
from sestui.tui.imports.head import StepHead
from sestui.tui.imports.list_step import ListStep
from sestui.tui.imports.migration_screen import MigrationScreen
from sestui.tui.imports.result_step import RejectTable, ResultStep
from sestui.tui.imports.service import Imported, ImportJob, ImportPlan
from sestui.tui.widgets.file_browser import working_folder
from sestui.tui.widgets.format import shorten
from sestui.tui.widgets.lazy_table import LazyTable

_FILE, _COLUMNS, _LIST, _RESULT = range(4)
_STEPS = ("File", "Columns", "List", "Result")
_PICK = "Pick a file: CSV, Excel, JSON, vCard or addresses alone. I takes over another tool."
_PROGRESS_SECONDS = 0.1
_RETRY_SECONDS = 1.0


class ImportScreen(BaseScreen):
    """Four steps on one screen; esc goes one back."""

    PLACE = "Contacts"
    TITLE = "import"

    def __init__(self, services: ScreenServices) -> None:
        super().__init__(services)
        folder = working_folder()
        self._head = StepHead("Import", _STEPS, _PICK)
        self._file = FileStep(folder, self.services.at)
        self._columns = ColumnsStep()
        self._list = ListStep()
        compose = named_tab("compose", services.runtime.settings.keymap)
        self._result = ResultStep(folder, compose)
        self._undo = UndoChanges(self, self._next)
        self._seen: Preview | None = None
        self._plan: ImportPlan | None = None
        self._job: ImportJob | None = None
        self._imported: Imported | None = None

    def body(self) -> ComposeResult:
        """Where one is, and the step."""
        yield self._head
        with ContentSwitcher(initial="import-file", id="import"):
            yield self._file
            yield self._columns
            yield self._list
            yield self._result

    def on_mount(self) -> None:
        """Begin with the file."""
        self._go(_FILE)
        self.set_interval(_PROGRESS_SECONDS, self._show_progress)

    def on_unmount(self) -> None:
        """Stop a running import and delete its rejects."""
        if self._job is not None:
            self._job.stop()
        if self._imported is not None:
            self._imported.rejects.close()

    async def read(self) -> None:
        """Read the lists there are; what an import rejected is in sight now, and so seen."""
        lists = await self.fetch(self.services.runtime.contacts.lists)
        self.refresh_seconds = _RETRY_SECONDS if lists is None else None
        if lists is not None:
            self._list.show(lists)
        note = self._imported.result.note if self._imported is not None else None
        if note is not None and self.is_current:
            runtime = self.services.runtime
            await self.fetch(lambda: Imports(runtime.database).seen(note, runtime.clock.now()))

    # the steps

    def _go(self, step: int) -> None:
        steps = (self._file, self._columns, self._list, self._result)
        self._head.step = step
        self.query_one("#import", ContentSwitcher).current = steps[step].id
        if step != _RESULT:
            (self._file, self._columns, self._list)[step].enter()

    @property
    def would_lose(self) -> str:
        """An import that is under way, or what was chosen for one."""
        if self._job is not None:
            return "The import is under way: it will be stopped, and nothing saved."
        over = self._imported is not None and not self._imported.plan.dry_run
        begun = self._seen is not None and not over
        return "What you chose for the import will be lost." if begun else ""

    def step_back(self) -> bool:
        """Close what is open in a step, then go to the step before."""
        step = self._head.step
        steps = (self._file, self._columns, self._list, self._result)
        if steps[step].step_back():
            return True
        if self._job is not None:
            self.ask_to_stop()
            return True
        over = self._imported is not None and not self._imported.plan.dry_run
        if step == _FILE or over:
            return False
        self._go(step - 1)
        return True

    @on(FileStep.Taken)
    def _taken(self, event: FileStep.Taken) -> None:
        self._preview_file(event.path, event.reading)

    @work(exclusive=True, group="preview")
    async def _preview_file(self, path: Path, reading: Reading) -> None:
        self._head.about = f"Looking at {path}…"
        try:
            seen = await asyncio.to_thread(preview, path, reading)
        except SestuiError as error:
            self._head.about = ""
            self._file.say(str(error))
            return
        self._seen = seen
        self._head.about = f"{path.name} · {seen.summary}"
        self._file.say("")
        self._columns.show(seen)
        self._go(_COLUMNS)

    @on(FileStep.MigrationWanted)
    def _migration_wanted(self) -> None:
        self.app.push_screen(MigrationScreen(self.services))

    @on(ColumnsStep.Settled)
    def _settled(self) -> None:
        self._go(_LIST)

    @on(ListStep.Wanted)
    def _wanted(self, event: ListStep.Wanted) -> None:
        try:
            check_list_name(event.list_name)
        except SestuiError as error:
            self._list.say(str(error))
            return
        if self._seen is not None:
            mapping = self._columns.choice.mapping()
            self._run(
                ImportPlan(
                    self._seen.path,
                    mapping,
                    event.list_name,
                    event.on_conflict,
                    event.dry_run,
                    self._seen.reading,
                )
            )

    @on(ResultStep.ImportWanted)
    def _confirmed(self) -> None:
        if self._plan is not None:
            self._run(replace(self._plan, dry_run=False))

    @on(ResultStep.NextWanted)
    def _next(self) -> None:
        self._result.forget()
        self._imported = None
        self._head.about = ""
        self._go(_FILE)

    @on(ResultStep.UndoWanted)
    def _undo_wanted(self, event: ResultStep.UndoWanted) -> None:
        self._undo.undo(event.change)

    # importing

    @work(group="import")
    async def _run(self, plan: ImportPlan) -> None:
        """Run the import or its dry run; an error leads back to the list step."""
        if self._job is not None:
            return
        self._plan, self._imported = plan, None
        self._job = job = ImportJob(self.services.runtime, plan)
        self.services.jobs.add(job)
        self._go(_RESULT)
        self._result.follow(plan)
        try:
            self._imported = await asyncio.to_thread(job.run)
        except SestuiError as error:
            self._go(_LIST)
            if isinstance(error, StoppedError):
                self.toast(str(error))
            else:
                self._list.say(str(error))
            return
        finally:
            self._job = None
            self.services.jobs.remove(job)
        self._result.show(self._imported)
        if not self.is_current:  # the operator is elsewhere meanwhile
            self.toast(job.last_words)
        if not plan.dry_run:
            self.reload()

    def _show_progress(self) -> None:
        if self._job is not None:
            self._result.went_on(self._job.progress)

    @on(ResultStep.StopWanted)
    def _stop_wanted(self) -> None:
        self.ask_to_stop()

    @work(exclusive=True, group="stop")
    async def ask_to_stop(self) -> None:
        """Stop the import after a confirmation; a dry run at once."""
        job = self._job
        if job is None:
            return
        question = ConfirmScreen(
            "Stop the import?",
            "Nothing will be saved; you can start it again.",
            recipients=0,
            yes="Stop it",
        )
        if not job.plan.dry_run and not await self.app.push_screen_wait(question):
            return
        job.stop()
        if self._job is not job:
            self.toast("It has just finished.")

    # rejects

    @on(RejectTable.Copied)
    def _copied(self, event: RejectTable.Copied) -> None:
        self.copy(event.text)

    @on(LazyTable.Opened)
    def _reject_opened(self, event: LazyTable.Opened) -> None:
        reject = event.table.selected
        if reject is not None:
            self.toast(f"Line {reject.line}, {reject.column}: {reject.reason} {reject.row}")

    @on(ResultStep.SaveWanted)
    def _save_wanted(self, event: ResultStep.SaveWanted) -> None:
        if self._imported is not None:
            self._save(self._imported, event.path)

    @work(exclusive=True, group="action")
    async def _save(self, imported: Imported, path: Path) -> None:
        """Save the rejects; asks before overwriting a file."""
        save = partial(imported.save_rejects, path)
        try:
            try:
                said = await asyncio.to_thread(save, overwrite=False)
            except StateError as error:
                text = f"{shorten(str(error), 300)} Its content will be lost."
                question = ConfirmScreen(
                    "Overwrite the file?", text, recipients=0, yes="Overwrite it"
                )
                if not await self.app.push_screen_wait(question):
                    return
                said = await asyncio.to_thread(save, overwrite=True)
        except SestuiError as error:
            self._result.say(str(error))
            return
        self._result.step_back()
        self.toast(said)
