"""Autosave of a draft while it is typed, so that a crash loses about a second of it."""

import asyncio
from typing import TYPE_CHECKING

from sestui.compose.autosave import AutosavedDraft
from sestui.core.campaign.draft import Draft
from sestui.core.clock import Instant
from sestui.errors import SestuiError
from sestui.tui.app.screens.screen_part import ScreenPart, in_worker

if TYPE_CHECKING:
    from sestui.tui.compose.draft_screen import DraftScreen


class DraftAutosave(ScreenPart):
    """Writes a screen's unsaved draft to the disk."""

    def __init__(self, screen: "DraftScreen") -> None:
        super().__init__(screen)
        self._draft = screen
        self._on_disk: Draft | None = None
        """The draft on the disk; None if there is none."""
        self.saved_at: Instant | None = None
        """When it was written."""
        self._is_saving = False
        self.fails = False
        """Whether the last attempt failed."""

    @property
    def _unsaved(self) -> Draft | None:
        return self._draft.form.draft if self._draft.unsaved else None

    def adopt(self, kept: AutosavedDraft) -> None:
        """Continue with a draft that a crash has left on the disk."""
        self._on_disk, self.saved_at = kept.draft, kept.at

    def save_changes(self) -> None:
        """Write the draft in a worker, if it has changed and is not being written."""
        if self._unsaved != self._on_disk and not self._is_saving:
            self._save_in_worker()

    @in_worker("keep")
    async def _save_in_worker(self) -> None:
        self._is_saving = True
        try:
            await self.save()
            self.fails = False
        except SestuiError as error:
            if not self.fails:
                self.screen.toast(f"What you type can't be autosaved: {error}", failed=True)
            self.fails = True
        finally:
            self._is_saving = False
            self._draft.saved_state_changed()

    async def save(self) -> None:
        """Write the draft, or delete what is on the disk if nothing is unsaved.

        Raises:
            StorageError: the disk refused.
        """
        draft, seen = self._unsaved, self._draft.opened_draft.seen
        autosave = self._draft.drafts.autosave
        if draft is None:
            await asyncio.to_thread(autosave.forget)
        else:
            await asyncio.to_thread(autosave.keep, draft, seen)
        self._on_disk = draft
        self.saved_at = self.services.clock.now() if draft is not None else None

    async def close(self) -> None:
        """Write what is unsaved, however the app ends, and close the files."""
        try:
            if self._unsaved != self._on_disk:
                await self.save()
        except SestuiError as error:
            self.screen.toast(str(error), failed=True)
        await asyncio.to_thread(self._draft.drafts.autosave.close)
