"""A draft on the screen: opened, autosaved, saved, and never lost without a question."""

import asyncio
from pathlib import Path
from typing import ClassVar

from textual import events, on, work

from sestui.compose.autosave import AutosavedDraft
from sestui.compose.draft_checker import PreviewTarget
from sestui.core.campaign.draft import Draft, ReadDraft, read_draft
from sestui.core.clock import Instant
from sestui.core.content.lint.findings import Severity
from sestui.store.campaigns.campaigns import CampaignVersion
from sestui.tui.app.screens.base_screen import FAILED, BaseScreen
from sestui.tui.app.screens.screen_part import ScreenPart
from sestui.tui.app.services import ScreenServices
from sestui.tui.compose.draft_autosave import DraftAutosave
from sestui.tui.compose.draft_form import DraftForm
from sestui.tui.compose.open_campaign import OpenCampaignScreen
from sestui.tui.compose.saving import DraftSaving
from sestui.tui.compose.service import ENDINGS, ComposeService, OpenDraft
from sestui.tui.dialogs.choose import ChooseScreen
from sestui.tui.widgets.format import clock_time, duration, shorten

_KEEP_SECONDS = 1.0
"""What a crash may cost of typing, about."""
_CHANGED_SECONDS = 5.0
"""How often to look whether somebody else has changed the campaign."""
_RETRY_SECONDS = 1.0


class DraftScreen(BaseScreen):
    """Holds one draft; what is typed stays when one goes to another place and comes back."""

    PARTS: ClassVar[tuple[type[ScreenPart], ...]] = (DraftSaving,)

    def __init__(self, services: ScreenServices) -> None:
        super().__init__(services)
        self.drafts = ComposeService(services.runtime)
        self.saving = self.take(DraftSaving(self))
        self._autosave = DraftAutosave(self)
        self.form = DraftForm(
            lambda: self._lists,
            self.drafts.forecast,
            self.drafts.in_segment,
            self.drafts.pinned_start,
            id="form",
        )
        self.opened_draft = OpenDraft(Draft())
        """What was opened last."""
        self._shown = self.opened_draft.draft
        """The same as the fields show it: they can't hold everything as it was."""
        self._lists: list[str] = []
        self.turn = asyncio.Lock()
        """One question about the draft at a time."""
        self._begun = False
        self._has_draft = False
        """Whether a draft has been shown yet."""
        self._told_of: CampaignVersion | None = None
        """What somebody else's change was told of."""

    # the draft

    @property
    def unsaved(self) -> bool:
        """Whether the fields differ from the database."""
        return self.opened_draft.unsaved or self.form.draft != self._shown

    @property
    def kept(self) -> str:
        """When what is shown was saved, or how long ago it was autosaved; '' if it never was."""
        if not self.unsaved:
            opened = self.opened_draft.opened
            return self._saved(opened.seen.version[0]) if opened is not None else ""
        if self._autosave.fails:
            return "can't be autosaved"
        if self._autosave.saved_at is None:
            return ""
        age = self.services.clock.now() - self._autosave.saved_at
        return f"autosaved {' '.join(duration(age).split()[:2])} ago"

    def _saved(self, instant: Instant) -> str:
        day = self.services.at(instant)
        time = clock_time(instant, self.services.zone)
        return f"saved {time if time.startswith(day) else day}"

    @property
    def keep_fails(self) -> bool:
        """Whether what is unsaved can't be autosaved."""
        return self.unsaved and self._autosave.fails

    @property
    def called(self) -> str:
        """The campaign's name for a sentence."""
        seen = self.opened_draft.seen
        name = self.form.draft.name.strip() or (seen.name if seen is not None else "")
        return shorten(name, 60) or "the new campaign"

    def read_draft(self) -> ReadDraft:
        """The fields as values."""
        origin = self.opened_draft.origin(self._shown)
        return read_draft(self.form.draft, origin, now=self.services.clock.now())

    async def trouble(self) -> str:
        """Why the draft can't be sent, as a sentence; '' if no error is known."""
        read, seen, number = self.read_draft(), self.opened_draft.seen, self.drafts.begin_check()
        found = await self.attempt(lambda: self.drafts.check(read, seen, PreviewTarget(), number))
        self.draft_changed()  # the look before it may have ended for this one
        errors = (
            [each for each in found.findings if each.severity is Severity.ERROR] if found else []
        )
        return errors[0].sentence if errors else ""

    def show_draft(self, opened_draft: OpenDraft) -> None:
        """Show a campaign in place of the current one."""
        self.form.show(opened_draft.draft)
        self.keep_shown(opened_draft)
        self.form.page = "message"

    def keep_shown(self, opened_draft: OpenDraft) -> None:
        """Note that the fields show this campaign."""
        self.opened_draft = opened_draft
        self._has_draft = True
        self._shown = self.form.draft
        self.draft_changed()

    def draft_changed(self) -> None:
        """Somebody typed, or another draft is there."""

    def saved_state_changed(self) -> None:
        """What :attr:`kept` says may have changed."""

    @on(DraftForm.Changed)
    def _changed(self) -> None:
        self.draft_changed()

    # beginning

    def on_mount(self) -> None:
        """Ask before the app is left; keep what is typed."""
        self.services.may_leave.append(self.may_leave)
        self.set_interval(_KEEP_SECONDS, self._keep_soon)

    def on_screen_resume(self) -> None:
        """Contacts may have come meanwhile."""
        if self._has_draft:
            self.draft_changed()

    async def read(self) -> None:
        """Read what lists there are, and whether the campaign is still as it was opened."""
        lists = await self.fetch(self.drafts.lists)
        self.refresh_seconds = _RETRY_SECONDS if lists is None else _CHANGED_SECONDS
        if lists is None:
            return
        self._lists = lists
        if not self._begun:
            self._begun = True
            self._begin()
        elif (seen := self.opened_draft.seen) is not None:
            drafts = self.drafts
            now = await self.fetch(lambda: (drafts.changed(seen), drafts.next_due(seen)))
            if now is not None and self.opened_draft.seen is seen:
                self.opened_draft = self.opened_draft.due(now[1])
                self.saved_state_changed()
                if now[0]:
                    self._follow(seen)

    @work(group="open")
    async def _begin(self) -> None:
        """Offer what a crash has left; else begin with a new campaign."""
        async with self.turn:
            for kept in await self.attempt(self.drafts.autosave.left) or ():
                if self.unsaved:
                    self.drafts.autosave.leave(kept)
                else:
                    await self._offer(kept)
            if not self._has_draft:
                blank = await self.attempt(self.drafts.blank)
                if self.form.draft == self._shown:
                    self.show_draft(blank if blank is not FAILED else OpenDraft(Draft()))
                else:  # somebody was quicker than the database
                    self._has_draft = True
                    self.draft_changed()

    async def _offer(self, kept: AutosavedDraft) -> None:
        name = kept.draft.name.strip() or "a new campaign"
        typed_until = self.services.at(kept.at)
        answer = await self.app.push_screen_wait(
            ChooseScreen(
                f"Unsaved text of {shorten(name, 50)}",
                f"Last typed {typed_until}; sestui ended before it was saved.\n"
                f"Subject: {shorten(kept.draft.subject, 100)}",
                {"open": "Continue with it", "discard": "Discard it"},
            )
        )
        if answer == "open":
            adopted = await self.attempt(lambda: self.drafts.adopt(kept))
            if adopted is not FAILED:
                self._autosave.adopt(kept)
                self.show_draft(adopted)
        elif answer == "discard":
            await self.attempt(lambda: self.drafts.autosave.discard(kept))
        else:
            self.drafts.autosave.leave(kept)

    @work(group="open")
    async def _follow(self, seen: CampaignVersion) -> None:
        """React to someone else's change of the campaign."""
        async with self.turn:
            if self.opened_draft.seen is not seen:
                return
            if self.unsaved:
                if self._told_of is not seen:
                    self._told_of = seen
                    self.toast(
                        f"{self.called} has been changed by someone else; saving asks which "
                        "version to keep."
                    )
                return
            newest = await self.attempt(lambda: self.drafts.newest(seen))
            if newest and not self.unsaved:
                self.show_draft(newest)
                self.toast(
                    f"{self.called} has been changed by someone else; this is the current version."
                )

    # opening

    @work(group="open")
    async def load(self, name: str, at: tuple[str, int | None] | None = None) -> None:
        """Show the campaign of that name, or a new one for ''; unsaved changes are asked about.

        ``at`` is the field to begin with and a line of it; else only a new one is written at once.
        """
        async with self.turn:
            seen = self.opened_draft.seen
            if name and seen is not None and seen.name == name:
                self._begin_at(at)
                return
            if not await self._may_replace():
                return
            drafts = self.drafts
            found = await self.attempt(lambda: drafts.open(name) if name else drafts.blank())
            if found is not FAILED:
                self.show_draft(found)
                if name:
                    self._begin_at(at)
                else:
                    self.form.begin()

    def _begin_at(self, at: tuple[str, int | None] | None) -> None:
        if at is None:
            self.set_focus(None)  # it is looked at first: letters are commands
        else:
            self.remove_class("previewing")
            self.form.go_to(*at)

    @work(group="open")
    async def action_open(self) -> None:
        """Ask which campaign or file, and show it."""
        names = await self.attempt(self.drafts.campaigns)
        if names is FAILED:
            return
        chosen = await self.app.push_screen_wait(OpenCampaignScreen(names, ENDINGS))
        if isinstance(chosen, Path):
            self._load_file(chosen)
        elif chosen is not None:
            self.load(chosen)

    def action_new(self) -> None:
        """Write a new campaign."""
        self.load("")

    @work(group="open")
    async def _load_file(self, path: Path) -> None:
        async with self.turn:
            if not await self._may_replace():
                return
            found = await self.attempt(lambda: self.drafts.open_file(path))
            if found is not FAILED:
                self.show_draft(found)
                self._begin_at(None)
                if found.unsaved:
                    self.toast("Read from the file; not saved in sestui yet.")

    # saving

    async def _may_replace(self) -> bool:
        return await self._settle(
            "You are about to open something else.", {"save": "Save it", "discard": "Discard it"}
        )

    async def may_leave(self) -> bool:
        """Whether the app may be left as far as the draft goes; asks if need be."""
        if not self.unsaved:
            return True
        async with self.turn:
            return await self._settle(
                "You are about to leave sestui.",
                {
                    "save": "Save it",
                    "later": "Leave; Compose will offer it next time",
                    "discard": "Discard it",
                },
            )

    async def _settle(self, why: str, answers: dict[str, str]) -> bool:
        """Ask what to do with unsaved changes; False: nothing, stay."""
        if not self.unsaved:
            return True
        question = f"{self.called} has changes that are not saved"
        answer = await self.app.push_screen_wait(ChooseScreen(question, why, answers))
        if answer == "save":
            return await self.saving.save()
        if answer == "discard":
            self.keep_shown(OpenDraft(self.form.draft, self.opened_draft.opened))
            await self._autosave.save()
        return bool(answer)

    # autosaving

    def _keep_soon(self) -> None:
        if self._begun:
            self._autosave.save_changes()
        self.saved_state_changed()

    @on(events.Unmount)
    async def _gone(self) -> None:
        """Write what is unsaved to the disk, however the app ends."""
        self.services.may_leave.remove(self.may_leave)
        await self._autosave.close()
