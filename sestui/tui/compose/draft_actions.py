"""What can be done with a draft: write and see it elsewhere, test it, make it a file."""

from pathlib import Path

from textual import work
from textual.app import SuspendNotSupported

from sestui.compose.save_file import FileInTheWayError
from sestui.errors import SestuiError
from sestui.tui.app.browser import open_in_browser
from sestui.tui.app.services import ScreenServices
from sestui.tui.campaigns.run_screen import RunScreen
from sestui.tui.compose.draft_screen import DraftScreen
from sestui.tui.compose.editor import edit, editor_command
from sestui.tui.compose.mail_preview import Drawn
from sestui.tui.compose.saving import save_draft
from sestui.tui.compose.service import ENDINGS
from sestui.tui.dialogs.ask import AskScreen
from sestui.tui.dialogs.ask_path import AskPathScreen
from sestui.tui.dialogs.choose import ChooseScreen
from sestui.tui.widgets.format import shorten


class DraftActions(DraftScreen):
    """A draft with its mail for one contact."""

    def __init__(self, services: ScreenServices) -> None:
        super().__init__(services)
        self.drawn: Drawn | None = None
        """The newest look at the draft; None: there was none yet."""
        self._tested = ""
        """The address of the last test."""
        self._file = ""
        """The path of the last file."""

    @work(group="action")
    async def action_edit_outside(self) -> None:
        """Hand the terminal to the operator's editor, and take what it leaves."""
        area = self.form.area
        name = "alternative.txt" if self.form.page == "text" else f"body.{self.form.ending}"
        text, line = area.text, area.cursor_location[0] + 1
        try:
            command = editor_command()
        except SestuiError as error:
            self.tell(str(error), failed=True)
            return
        path = await self.attempt(lambda: self.drafts.scratch(name, text))
        if path is None:
            return
        problem, written = "", text
        try:
            with self.app.suspend():
                # The terminal is the editor's until it ends: nothing else could be shown meanwhile.
                try:
                    written = edit(command, path, line)
                except SestuiError as error:
                    problem = str(error)
        except SuspendNotSupported:
            problem = "There is no terminal here that an editor could have."
        await self.attempt(lambda: self.drafts.drop(path))
        if problem:
            self.tell(problem, failed=True)
        elif _without_end(written) != _without_end(text):
            area.replace_all(written if text.endswith("\n") else _without_end(written))
            area.go_to_line(line)

    @work(group="action")
    async def action_browse(self) -> None:
        """Show the HTML in a browser, or say where it is."""
        mail = self.drawn.look.mail if self.drawn is not None else None
        if mail is None:
            return
        # The mark at its head says that it is UTF-8, whatever the HTML says.
        path = await self.attempt(lambda: self.drafts.scratch("mail.html", f"\ufeff{mail.html}"))
        if path is None:
            return
        if not self.app.is_web and open_in_browser(self.app, path.as_uri()):
            self.tell(f"Your browser shows {path}")
        else:
            self.app.copy_to_clipboard(str(path))
            self.tell(f"For a browser, until you leave sestui: {path} (copied)")

    @work(group="action")
    async def action_test(self) -> None:
        """Save it, and mail it to one address."""
        look = self.drawn.look if self.drawn is not None else None
        shown_as = look.contact.email if look is not None and look.contact is not None else ""
        whose = f"as it would go to {shorten(shown_as, 50)}" if shown_as else "as it is"
        saved = "What is on the screen is saved first. " if self.unsaved else ""
        address = await self.app.push_screen_wait(
            AskScreen(
                f"Test mail of {self.called}",
                f"{saved}One real mail, {whose}; it is no run of the campaign.",
                placeholder="you@example.com",
                value=self._tested,
            )
        )
        if not address:
            return
        self._tested = address
        if self.unsaved:
            async with self.turn:
                if not await save_draft(self, ask_about_time=False):
                    return
        seen = self.on_desk.seen
        if seen is None:
            return
        run_id = await self.attempt(lambda: self.drafts.test(seen.name, address, shown_as))
        if run_id is not None:
            self.app.push_screen(RunScreen(self.services, run_id))

    @work(group="action")
    async def action_attach(self) -> None:
        """Ask for a file, and attach it."""
        path = await self.app.push_screen_wait(
            AskPathScreen("Attach a file", "It travels with each mail, so small files only.")
        )
        if path is None:
            return
        others = self.form.draft.attachments
        files = await self.attempt(lambda: self.drafts.attach(others, path))
        if files is not None:
            self.form.attach(files)

    @work(group="action")
    async def action_save_file(self) -> None:
        """Write the campaign as a file."""
        name = self.form.draft.name.strip() or "campaign"
        path = await self.app.push_screen_wait(
            AskPathScreen(
                f"Save {self.called} as a file",
                "`sestui apply` reads it back; attachments are written beside it.",
                endings=ENDINGS,
                value=self._file or f"{name}.md",
            )
        )
        if path is not None and await self._save_file(path):
            self._file = str(path)
            self.tell(f"Written: {path}")

    async def _save_file(self, path: Path) -> bool:
        read = self.read_draft()
        if read.faults:
            fault = read.faults[0]
            self.tell(f"Not written: {fault.field}: {fault.problem}.", failed=True)
            return False

        def write(*, overwrite: bool) -> FileInTheWayError | None:
            try:
                self.drafts.save_file(path, read, overwrite=overwrite)
            except FileInTheWayError as error:
                return error
            return None

        in_the_way = await self.attempt(lambda: (write(overwrite=False),))
        if in_the_way is None or in_the_way[0] is None:
            return in_the_way is not None
        answer = await self.app.push_screen_wait(
            ChooseScreen("Replace what is there?", str(in_the_way[0]), {"overwrite": "Replace it"})
        )
        if answer != "overwrite":
            return False
        return await self.attempt(lambda: (write(overwrite=True),)) is not None


def _without_end(text: str) -> str:
    """Editors end a file's last line, whether it was ended before or not."""
    return text.removesuffix("\n")
