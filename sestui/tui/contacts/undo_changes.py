"""Undo of the last change to contacts or lists, on every screen that changes them."""

from collections.abc import Callable
from typing import ClassVar

from textual.binding import Binding

from sestui.store.contacts.changes.journal import Noted
from sestui.store.contacts.changes.undo import NOTHING
from sestui.tui.app.screens.base_screen import FAILED, BaseScreen
from sestui.tui.app.screens.screen_part import ScreenPart, in_worker
from sestui.tui.contacts.changes import ContactChanges
from sestui.tui.dialogs.confirm import TYPED_ABOVE, ConfirmScreen
from sestui.tui.widgets.format import shorten


class UndoChanges(ScreenPart):
    """Undoes the last change, whoever made it and on whichever screen."""

    BINDINGS: ClassVar[list[Binding]] = [
        Binding(
            "u",
            "undo",
            "Undo",
            id="contacts.undo",
            tooltip="Take back the last change to contacts or lists",
        ),
    ]

    def __init__(self, screen: BaseScreen, changed: Callable[[], None]) -> None:
        """``changed`` is called when something was undone."""
        super().__init__(screen)
        self._changed = changed
        self._changes = ContactChanges(screen.services.runtime)

    @in_worker("action", exclusive=True)
    async def action_undo(self) -> None:
        """Undo the last change after showing which one it is."""
        change = await self.screen.attempt(self._changes.last)
        if change is FAILED:
            return
        if change is None:
            self.screen.toast(NOTHING)
            return
        await self.ask_and_undo(change)

    @in_worker("action", exclusive=True)
    async def undo(self, change_id: int) -> None:
        """Undo this change after showing what that does."""
        change = await self.screen.attempt(lambda: self._changes.wanted(change_id))
        if change is not FAILED:
            await self.ask_and_undo(change)

    async def ask_and_undo(self, change: Noted) -> None:
        """Tell what would be undone, ask, and undo it."""
        if change.size > TYPED_ABOVE:
            self.screen.toast("Counting…")
        would = await self.screen.attempt(lambda: self._changes.undo(change.id, dry_run=True))
        if would is FAILED:
            return
        question = ConfirmScreen(
            "Undo this?",
            f"{shorten(change.said, 200)} ({self.services.at(change.at)}).\n"
            + (
                f"Afterwards: {' '.join(would.notes)}"
                if would.notes
                else "All of it is taken back."
            ),
            recipients=change.size,
            yes="Undo",
        )
        if not await self.app.push_screen_wait(question):
            return
        if change.size > TYPED_ABOVE:
            self.screen.toast("Undoing…")
        done = await self.screen.attempt(lambda: self._changes.undo(change.id))
        if done is not FAILED:
            self.screen.toast(done.sentence)
            self._changed()
