"""Another tool taken over, step by step: the tool, its data, a dry run, what became of it all."""

import asyncio
from pathlib import Path

from textual import on, work
from textual.app import ComposeResult
from textual.widgets import ContentSwitcher

from sestui.audience.migrate.opening import Tool, ToolData
from sestui.core.text import printable
from sestui.errors import SestuiError, StateError, StoppedError
from sestui.tui.app.screens.base_screen import BaseScreen
from sestui.tui.app.services import ScreenServices
from sestui.tui.dialogs.ask import AskScreen
from sestui.tui.dialogs.confirm import ConfirmScreen
from sestui.tui.imports.head import StepHead
from sestui.tui.imports.migration_result import FindingTable, MigrationResult
from sestui.tui.imports.migration_service import Migrated, MigrationJob
from sestui.tui.imports.source_step import SourceStep
from sestui.tui.imports.tool_step import ToolChoice, ToolStep
from sestui.tui.widgets.file_browser import working_folder
from sestui.tui.widgets.format import shorten

_TOOL, _SOURCE, _DRY_RUN, _RESULT = range(4)
_STEPS = ("Tool", "Source", "Dry run", "Result")
_PROGRESS_SECONDS = 0.1
_USUAL_LIST = "Mailchimp"


class MigrationScreen(BaseScreen):
    """Four steps on one screen; esc goes one back."""

    PLACE = "Contacts"
    TITLE = "migration"

    def __init__(self, services: ScreenServices) -> None:
        super().__init__(services)
        folder = working_folder()
        self._head = StepHead("Migration", _STEPS, "Choose the tool that you come from.")
        self._tool = ToolStep()
        self._source = SourceStep(folder, services.at)
        self._result = MigrationResult(folder)
        self._choice: ToolChoice | None = None
        self._job: MigrationJob | None = None
        self._migrated: Migrated | None = None

    def body(self) -> ComposeResult:
        """Where one is, and the step."""
        yield self._head
        with ContentSwitcher(initial="migration-tool", id="migration"):
            yield self._tool
            yield self._source
            yield self._result

    def on_mount(self) -> None:
        """Begin with the tool."""
        self._go(_TOOL)
        self.set_interval(_PROGRESS_SECONDS, self._show_progress)

    def on_unmount(self) -> None:
        """Stop what is running."""
        if self._job is not None:
            self._job.stop()

    # the steps

    def _go(self, step: int) -> None:
        shown = (self._tool, self._source, self._result, self._result)[step]
        self._head.step = step
        self.query_one("#migration", ContentSwitcher).current = shown.id
        if not isinstance(shown, MigrationResult):
            shown.enter()

    @property
    def _is_over(self) -> bool:
        return self._migrated is not None and not self._migrated.found.dry_run

    @property
    def would_lose(self) -> str:
        """A migration that is under way."""
        return "The migration is under way: it will be stopped." if self._job is not None else ""

    def step_back(self) -> bool:
        """Close what is open in a step, then go to the step before."""
        step = self._head.step
        if (self._tool, self._source, self._result, self._result)[step].step_back():
            return True
        if self._job is not None:
            self.ask_to_stop()
            return True
        if step == _TOOL or self._is_over:
            return False
        self._back()
        return True

    def _back(self) -> None:
        """From a result to the source, where the tool has one; from there to the tools."""
        choice = self._choice
        if self._head.step > _SOURCE and choice is not None and choice.endings:
            self._head.about = choice.name
            self._go(_SOURCE)
        else:
            self._head.about = ""
            self._go(_TOOL)

    @on(ToolStep.Chosen)
    def _chosen(self, event: ToolStep.Chosen) -> None:
        self._choice = event.choice
        self._head.about = event.choice.name
        if event.choice.endings:
            self._source.say("")
            self._source.offer(event.choice)
            self._go(_SOURCE)
        else:
            self._run(ToolData(event.choice.tool), dry_run=True)

    @on(SourceStep.Taken)
    def _taken(self, event: SourceStep.Taken) -> None:
        self._look(event.data)

    @work(exclusive=True, group="ask")
    async def _look(self, data: ToolData) -> None:
        """Begin with the dry run; of Mailchimp's audience the name is asked first."""
        if data.tool is Tool.MAILCHIMP:
            question = AskScreen(
                "Which list?",
                "An audience's export doesn't name it; that of a whole account does.",
                placeholder="newsletter",
                value=_USUAL_LIST,
            )
            name = await self.app.push_screen_wait(question)
            if not name:
                return
            data = ToolData(data.tool, data.source, name)
        self._run(data, dry_run=True)

    @on(MigrationResult.MigrationWanted)
    def _wanted(self) -> None:
        self._confirm()

    @work(exclusive=True, group="ask")
    async def _confirm(self) -> None:
        """Take it over after a question that names the numbers."""
        planned = self._migrated
        if planned is None:
            return
        question = ConfirmScreen(
            f"Take over {planned.found.tool}?",
            planned.question(),
            recipients=0,
            yes="Take it over",
        )
        if await self.app.push_screen_wait(question):
            self._run(planned.data, dry_run=False)

    @on(MigrationResult.NextWanted)
    def _next(self) -> None:
        self._result.forget()
        self._migrated, self._choice = None, None
        self._head.about = ""
        self._go(_TOOL)

    # migrating

    @work(group="migration")
    async def _run(self, data: ToolData, *, dry_run: bool) -> None:
        """Run the migration or its dry run; an error leads back to the source."""
        choice = self._choice
        if self._job is not None or choice is None:
            return
        self._migrated = None
        self._job = job = MigrationJob(self.services.runtime, data, dry_run=dry_run)
        self.services.jobs.add(job)
        self._head.about = f"{choice.name} · {_place(data)}"
        self._go(_DRY_RUN if dry_run else _RESULT)
        self._result.follow(choice.name, dry_run=dry_run)
        try:
            self._migrated = await asyncio.to_thread(job.run)
        except SestuiError as error:
            self._back()
            if isinstance(error, StoppedError) or self._head.step == _TOOL:
                self.toast(str(error), failed=not isinstance(error, StoppedError))
            else:
                self._source.say(str(error))
            return
        finally:
            self._job = None
            self.services.jobs.remove(job)
        self._result.show(self._migrated)
        if not self.is_current:  # the operator is elsewhere meanwhile
            self.toast(job.last_words)

    def _show_progress(self) -> None:
        if self._job is not None:
            self._result.went_on(self._job.progress)

    @on(MigrationResult.StopWanted)
    def _stop_wanted(self) -> None:
        self.ask_to_stop()

    @work(exclusive=True, group="stop")
    async def ask_to_stop(self) -> None:
        """Stop it after a confirmation; a dry run at once."""
        job = self._job
        if job is None:
            return
        question = ConfirmScreen(
            "Stop the migration?",
            "People are saved all at once or not at all; you can start it again.",
            recipients=0,
            yes="Stop it",
        )
        if not job.dry_run and not await self.app.push_screen_wait(question):
            return
        job.stop()
        if self._job is not job:
            self.toast("It has just finished.")

    # what was left out

    @on(FindingTable.Copied)
    def _copied(self, event: FindingTable.Copied) -> None:
        self.copy(event.text)

    @on(MigrationResult.SaveWanted)
    def _save_wanted(self, event: MigrationResult.SaveWanted) -> None:
        if self._migrated is not None:
            self._save(self._migrated, event.path)

    @work(exclusive=True, group="action")
    async def _save(self, migrated: Migrated, path: Path) -> None:
        """Save the rows left out; asks before overwriting a file."""
        try:
            try:
                said = await asyncio.to_thread(migrated.save_left_out, path, overwrite=False)
            except StateError as error:
                text = f"{shorten(str(error), 300)} Its content will be lost."
                question = ConfirmScreen(
                    "Overwrite the file?", text, recipients=0, yes="Overwrite it"
                )
                if not await self.app.push_screen_wait(question):
                    return
                said = await asyncio.to_thread(migrated.save_left_out, path, overwrite=True)
        except SestuiError as error:
            self._result.say(str(error))
            return
        self._result.step_back()
        self.toast(said)


def _place(data: ToolData) -> str:
    """Where the data are, without a password."""
    if data.path is None:
        return "the database" if data.source else "the account"
    return printable(data.path.name)
