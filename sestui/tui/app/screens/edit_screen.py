"""A screen that edits one thing, all of it at once."""

from textual import on, work

from sestui.tui.app.screens.base_screen import BaseScreen
from sestui.tui.dialogs.confirm import ConfirmScreen
from sestui.tui.widgets.form import LOW, Form


class EditScreen(BaseScreen):
    """Holds a :class:`Form`; leaving it with unsaved changes asks first."""

    VERTICAL_BREAKPOINTS = LOW

    @property
    def touched(self) -> bool:
        """Whether a field has been changed."""
        raise NotImplementedError

    @property
    def would_lose(self) -> str:
        """What was typed, until it is saved."""
        return "Your changes will be lost." if self.touched else ""

    def action_save(self) -> object:
        """Save, unless something is wrong, and go back."""
        raise NotImplementedError

    def step_back(self) -> bool:
        """Ask before discarding what was typed."""
        touched = self.touched
        if touched:
            self._ask_to_leave()
        return touched

    @work(group="leave", exclusive=True)
    async def _ask_to_leave(self) -> None:
        question = ConfirmScreen(
            "Leave without saving?", self.would_lose, recipients=0, yes="Leave"
        )
        if await self.app.push_screen_wait(question):
            self.app.pop_screen()

    @on(Form.Accepted)
    def _accepted(self) -> None:
        self.action_save()

    @on(Form.Refused)
    def _refused(self) -> None:
        self.action_go_back()
