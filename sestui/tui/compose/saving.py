"""Saving a draft, with the questions that may come up."""

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from sestui.compose.drafts import Opened
from sestui.core.campaign.draft import ReadDraft
from sestui.core.clock import Instant
from sestui.core.content.lint.findings import Finding
from sestui.errors import ConflictError, SestuiError
from sestui.store.campaigns.campaigns import CampaignVersion
from sestui.tui.app.navigation.tabs import named_tab
from sestui.tui.app.screens.base_screen import FAILED
from sestui.tui.app.screens.screen_part import ScreenPart, in_worker
from sestui.tui.compose.service import OpenDraft
from sestui.tui.dialogs.choose import ChooseScreen
from sestui.tui.dialogs.confirm import ConfirmScreen
from sestui.tui.widgets.format import not_mailed, recipients, shorten, to_the_minute

if TYPE_CHECKING:
    from sestui.tui.compose.draft_screen import DraftScreen

_DRAFT = "Save as a draft"


class DraftSaving(ScreenPart):
    """Saves a screen's draft, and asks what has to be decided."""

    def __init__(self, screen: "DraftScreen") -> None:
        super().__init__(screen)
        self._draft = screen

    @in_worker("action")
    async def action_save(self) -> None:
        """Save the draft."""
        async with self._draft.turn:
            await self.save()

    async def save(self, *, ask_about_time: bool = True) -> bool:
        """Save what is on the screen into the database; False: it was not, and the screen says why.

        Without ``ask_about_time`` nothing new starts by itself.
        """
        self._draft.form.pin_start()
        read = self._draft.read_draft()
        if read.faults:
            fault = read.faults[0]
            self.screen.toast(
                f"Not saved: {Finding(fault.field, fault.problem).sentence}", failed=True
            )
            self._draft.form.go_to(fault.field, None)
            return False
        seen = self._draft.opened_draft.seen
        if seen is not None and read.campaign.name != seen.name:
            answer = await self._ask_about_name(seen, read)
            if not answer:
                return False
            seen = seen if answer == "rename" else None
        scheduled: bool | None = None
        if ask_about_time:
            due = await self.screen.attempt(lambda: self._draft.drafts.would_start(seen, read))
            if due is FAILED:
                return False
            if due is not None:
                answer = await self._ask_about_time(read, due)
                if not answer:
                    self.screen.toast("Neither saved nor scheduled.")
                    return False
                scheduled = True if answer == "start" else None
        opened = await self._save(seen, read, scheduled=scheduled)
        if opened is None:
            return False
        self._draft.keep_shown(OpenDraft(self._draft.form.draft, opened))
        if scheduled:  # it is done with: the next key goes somewhere else
            self.screen.set_focus(None)
        trouble = await self._draft.trouble() if opened.next_due_at is not None else ""
        self.screen.toast(f"{self._said(opened)} {trouble}".rstrip(), failed=bool(trouble))
        return True

    def _said(self, opened: Opened) -> str:
        name = shorten(opened.seen.name, 60)
        if opened.next_due_at is None:
            campaigns = named_tab("campaigns", self.services.runtime.settings.keymap)
            return f"Saved {name}; not scheduled. Test, start or schedule it in {campaigns}."
        return f"Saved {name}; it is scheduled {self._for(opened.next_due_at)}."

    def _for(self, instant: Instant) -> str:
        return f"for {to_the_minute(instant, self.services.zone)}"

    async def _ask_about_name(self, seen: CampaignVersion, read: ReadDraft) -> str:
        old, new = shorten(seen.name, 40), shorten(read.campaign.name, 40)
        return await self.app.push_screen_wait(
            ChooseScreen(
                f"The name has changed from {old} to {new}",
                "A renamed campaign keeps its runs and their deliveries.",
                {
                    "rename": f"Rename {old} to {new}",
                    "copy": f"Save {new} as a new campaign; {old} stays as it is",
                },
            )
        )

    async def _ask_about_time(self, read: ReadDraft, due: Instant) -> str:
        """``start``, ``draft`` or '' for going back."""
        name = shorten(read.campaign.name, 40)
        counted = await self.screen.attempt(lambda: self._draft.drafts.audience(read))
        if counted is FAILED:
            return ""
        audience, count = counted
        by_task = await self.screen.attempt(lambda: self._draft.drafts.in_the_way(read))
        if by_task is FAILED:
            return ""
        trouble = by_task or await self._draft.trouble()
        question = f"Schedule {name} {self._for(due)}?"
        if trouble:
            text = f"It can't be scheduled: {shorten(trouble, 600)}"
            return await self.app.push_screen_wait(
                ChooseScreen(question, text, {"draft": f"{_DRAFT}: nothing is scheduled"})
            )
        text = (
            f"It starts by itself then, for {recipients(count)} as of now, while sestui is open or "
            f"`sestui run-due` is in your crontab. {not_mailed(audience - count)}"
            f"\nMail goes to {self.services.label.text}.\n"
            f"Subject: {shorten(read.message.subject, 120)}"
        )
        confirm = ConfirmScreen(
            question, text, recipients=count, yes="Schedule it", instead=_DRAFT, harmless=True
        )
        if await self.app.push_screen_wait(confirm):
            return "start"
        return "draft" if confirm.took_other else ""

    async def _save(
        self, seen: CampaignVersion | None, read: ReadDraft, *, scheduled: bool | None
    ) -> Opened | None:
        while True:
            try:
                return await asyncio.to_thread(
                    self._draft.drafts.save, seen, read, scheduled=scheduled
                )
            except ConflictError as conflict:
                if seen is None or not await self._overwrite(conflict):
                    return None
                newest = await self.screen.attempt(partial(self._draft.drafts.newest, seen))
                if newest is FAILED:
                    return None
                seen = newest.seen if newest is not None else None
            except SestuiError as error:
                self.screen.toast(f"Not saved: {error}", failed=True)
                return None

    async def _overwrite(self, conflict: ConflictError) -> bool:
        """Ask which version to keep; True for ours."""
        seen = self._draft.opened_draft.seen
        assert seen is not None  # noqa: S101 - only what was opened can have been changed
        answer = await self.app.push_screen_wait(
            ChooseScreen(
                str(conflict).rstrip("."),
                "`sestui apply` or another screen did that after you opened it. Which version do "
                "you want to keep?",
                {
                    "theirs": "Theirs: show it, and discard what is on this screen",
                    "ours": "Yours: overwrite theirs with what is on this screen",
                },
            )
        )
        if answer == "theirs":
            newest = await self.screen.attempt(lambda: self._draft.drafts.newest(seen))
            if newest is not FAILED:
                self._draft.show_draft(newest or OpenDraft(self._draft.form.draft, unsaved=True))
        return answer == "ours"
