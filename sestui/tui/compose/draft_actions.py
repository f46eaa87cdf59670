"""Actions on a draft: external editor, browser, test mail, file."""

from collections.abc import Callable
from pathlib import Path

from textual.app import SuspendNotSupported

from sestui.compose.browser_picture import with_images
from sestui.compose.save_file import FileInTheWayError, save_campaign
from sestui.compose.snippets import Snippet
from sestui.errors import SestuiError
from sestui.tui.app.navigation.browser import open_in_browser
from sestui.tui.app.navigation.navigation import open_run
from sestui.tui.app.screens.base_screen import FAILED
from sestui.tui.app.screens.screen_part import ScreenPart, in_worker
from sestui.tui.compose.draft_screen import DraftScreen
from sestui.tui.compose.editor import edit, editor_command
from sestui.tui.compose.mail_preview import Drawn
from sestui.tui.compose.service import ENDINGS
from sestui.tui.dialogs.ask import AskScreen, not_an_address
from sestui.tui.dialogs.ask_path import AskPathScreen
from sestui.tui.dialogs.choose import ChooseScreen
from sestui.tui.dialogs.pick import Item, PickScreen
from sestui.tui.widgets.format import shorten

_NOTE_CELLS = 54
_NOTE_SIGNS = 200


class DraftActions(ScreenPart):
    """The actions on a screen's draft."""

    def __init__(self, screen: DraftScreen, mail: Callable[[], Drawn | None]) -> None:
        """``mail`` returns the newest check of the draft; None before the first."""
        super().__init__(screen)
        self._draft = screen
        self._drafts = screen.drafts
        self._mail = mail
        self._tested = ""
        """The address of the last test."""
        self._file = ""
        """The path of the last file."""

    @in_worker("action")
    async def action_edit_outside(self) -> None:
        """Edit the text in the operator's editor."""
        form, area = self._draft.form, self._draft.form.area
        name = "alternative.txt" if form.page == "text" else f"body.{form.ending}"
        text, line = area.text, area.cursor_location[0] + 1
        try:
            command = editor_command()
        except SestuiError as error:
            self.screen.toast(str(error), failed=True)
            return
        path = await self.screen.attempt(lambda: self._drafts.autosave.temporary_file(name, text))
        if path is FAILED:
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
            problem = "There is no terminal here for an editor."
        await self.screen.attempt(lambda: path.unlink(missing_ok=True))
        if problem:
            self.screen.toast(problem, failed=True)
        elif _without_end(written) != _without_end(text):
            area.replace_all(written if text.endswith("\n") else _without_end(written))
            area.go_to_line(line)

    @in_worker("action")
    async def action_browse(self) -> None:
        """Show the HTML in a browser, or say where it is."""
        drawn = self._mail()
        mail = drawn.checked.mail if drawn is not None else None
        if mail is None:
            return
        # The mark at its head says that it is UTF-8, whatever the HTML says.
        path = await self.screen.attempt(
            lambda: self._drafts.autosave.temporary_file("mail.html", f"\ufeff{with_images(mail)}")
        )
        if path is FAILED:
            return
        if not self.app.is_web and open_in_browser(self.app, path.as_uri()):
            self.screen.toast(f"Opened in your browser: {path}")
        else:
            self.app.copy_to_clipboard(str(path))
            self.screen.toast(f"Open it in a browser before you quit sestui: {path} (copied)")

    @in_worker("action")
    async def action_test(self) -> None:
        """Save it, and mail it to one address."""
        drawn = self._mail()
        look = drawn.checked if drawn is not None else None
        shown_as = look.contact.email if look is not None and look.contact is not None else ""
        whose = f"as it would go to {shorten(shown_as, 50)}" if shown_as else "as it is"
        saved = "The draft is saved first. " if self._draft.unsaved else ""
        address = await self.app.push_screen_wait(
            AskScreen(
                f"Test mail of {self._draft.called}",
                f"{saved}Sends one mail, {whose}; not counted as a run.",
                placeholder="you@example.com",
                value=self._tested,
                fault=not_an_address,
            )
        )
        if not address:
            return
        self._tested = address
        if self._draft.unsaved:
            async with self._draft.turn:
                if not await self._draft.saving.save(ask_about_time=False):
                    return
        seen = self._draft.opened_draft.seen
        if seen is None:
            return
        run_id = await self.screen.attempt(lambda: self._drafts.test(seen.name, address, shown_as))
        if run_id is not FAILED:
            open_run(self.screen, run_id)

    @in_worker("action")
    async def action_snippet(self) -> None:
        """Ask for a snippet, and write it where the cursor is."""
        form = self._draft.form
        html = form.ending == "html" and form.page != "text"
        snippets = await self.screen.attempt(lambda: self._drafts.snippets(html=html))
        if snippets is FAILED:
            return
        items = [_item(each) for each in snippets]
        folder = self.runtime.settings.snippets_dir
        text = f"Files in {folder} are offered here too."
        screen = PickScreen("Insert a snippet", items, text=text, finding=True)
        index = await self.app.push_screen_wait(screen)
        if index is not None:
            form.insert(snippets[index].text)

    @in_worker("action")
    async def action_attach(self) -> None:
        """Ask for a file, and attach it."""
        path = await self.app.push_screen_wait(
            AskPathScreen("Attach a file", "It is sent with every mail, so keep it small.")
        )
        if path is None:
            return
        others = self._draft.form.draft.attachments
        files = await self.screen.attempt(lambda: self._drafts.attach(others, path))
        if files is not FAILED:
            self._draft.form.attach(files)

    @in_worker("action")
    async def action_save_file(self) -> None:
        """Write the campaign as a file."""
        name = self._draft.form.draft.name.strip() or "campaign"
        path = await self.app.push_screen_wait(
            AskPathScreen(
                f"Save {self._draft.called} as a file",
                "`sestui apply` reads it back; attachments are written beside it.",
                endings=ENDINGS,
                value=self._file or f"{name}.md",
            )
        )
        if path is not None and await self._save_file(path):
            self._file = str(path)
            self.screen.toast(f"Saved {path}")

    async def _save_file(self, path: Path) -> bool:
        read = self._draft.read_draft()
        if read.faults:
            fault = read.faults[0]
            self.screen.toast(f"Not saved: {fault.field}: {fault.problem}.", failed=True)
            return False

        def write(*, overwrite: bool) -> FileInTheWayError | None:
            try:
                save_campaign(path, read.campaign, read.message, overwrite=overwrite)
            except FileInTheWayError as error:
                return error
            return None

        in_the_way = await self.screen.attempt(lambda: write(overwrite=False))
        if in_the_way is FAILED or in_the_way is None:
            return in_the_way is None
        answer = await self.app.push_screen_wait(
            ChooseScreen("Overwrite it?", str(in_the_way), {"overwrite": "Overwrite it"})
        )
        if answer != "overwrite":
            return False
        return await self.screen.attempt(lambda: write(overwrite=True)) is not FAILED


def _item(snippet: Snippet) -> Item:
    """A snippet by its name, with its beginning or why it can't be used."""
    note = snippet.problem or " ".join(snippet.text[:_NOTE_SIGNS].split())
    return Item(snippet.name, shorten(note, _NOTE_CELLS), enabled=not snippet.problem)


def _without_end(text: str) -> str:
    """Editors end a file's last line, whether it was ended before or not."""
    return text.removesuffix("\n")
