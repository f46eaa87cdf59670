"""Copy, rename, archive and delete the campaign under the cursor."""

from collections.abc import Callable
from typing import ClassVar

from textual.binding import Binding

from sestui.core.campaign.values import possible_name
from sestui.core.clock import Instant
from sestui.reports.overview import CampaignView
from sestui.store.campaigns.upkeep import CampaignUse
from sestui.tui.app.screens.base_screen import FAILED, BaseScreen
from sestui.tui.app.screens.screen_part import ScreenPart, in_worker
from sestui.tui.dialogs.ask import AskScreen
from sestui.tui.dialogs.confirm import ConfirmScreen
from sestui.tui.widgets.format import counted, shorten


class CampaignActions(ScreenPart):
    """What is done to a campaign as a whole."""

    BINDINGS: ClassVar[list[Binding]] = [
        Binding(
            "D",
            "duplicate",
            "Duplicate",
            show=False,
            id="campaign.copy",
            tooltip="Make a new campaign that is like this one, without its schedule",
        ),
        Binding(
            "W",
            "rename",
            "Rename",
            show=False,
            id="campaign.rename",
            tooltip="Give the campaign another name; its history stays",
        ),
        Binding(
            "A",
            "archive",
            "Archive",
            show=False,
            id="campaign.archive",
            tooltip="Keep the campaign for its history alone: hidden, and nothing starts it",
        ),
        Binding(
            "A",
            "bring_back",
            "Bring back",
            show=False,
            id="campaign.bring_back",
            tooltip="Take the campaign out of the archive",
        ),
        Binding(
            "x,delete",
            "delete",
            "Delete",
            show=False,
            id="campaign.delete",
            tooltip="Delete the campaign if it has never been sent; otherwise archive it",
        ),
    ]

    def __init__(
        self,
        screen: BaseScreen,
        campaign: Callable[[], CampaignView | None],
        *,
        changed: Callable[[str], object],
    ) -> None:
        """``campaign`` tells which; None: there is none. ``changed`` is told of its new name."""
        super().__init__(screen)
        self._campaign = campaign
        self._changed = changed

    def offers(self, action: str) -> bool:
        """Nothing is archived or deleted while a run goes on."""
        view = self._campaign()
        if view is None:
            return False
        if action == "bring_back":
            return view.archived
        if action == "archive" and view.archived:
            return False
        going = view.run is not None and not view.run.has_ended
        return action in {"duplicate", "rename"} or not going

    @in_worker("action")
    async def action_duplicate(self) -> None:
        """Ask for the copy's name, and make it."""
        if (view := self._campaign()) is None:
            return
        upkeep, name = self.runtime.campaign_upkeep, view.name
        free = await self.screen.attempt(lambda: upkeep.free_name(name))
        if free is FAILED:
            return
        new_name = await self.app.push_screen_wait(
            AskScreen(
                f"Copy {shorten(name, 60)}",
                "The same message, sender and lists; no schedule, and nothing sent yet.",
                placeholder="the copy's name",
                value=free,
                name=True,
            )
        )
        if not new_name:
            return
        copied = await self.screen.attempt(lambda: upkeep.copy(name, new_name, self._now()))
        if copied is not FAILED:
            self._changed(copied.name)
            self.screen.toast(f"{copied.name} is a copy of {name}.")

    @in_worker("action")
    async def action_rename(self) -> None:
        """Ask for the new name, and say what follows it."""
        if (view := self._campaign()) is None:
            return
        upkeep, name = self.runtime.campaign_upkeep, view.name
        use = await self.screen.attempt(lambda: upkeep.use(name))
        if use is FAILED:
            return
        notes = ["Runs, log and schedule stay with it."]
        if use.tasks:
            notes.append(f"{_tasks(use.tasks)} will start it by the new name.")
        notes.append("A file that you apply has to have the new name, too.")
        new_name = await self.app.push_screen_wait(
            AskScreen(
                f"Rename {shorten(name, 60)}",
                " ".join(notes),
                placeholder="the new name",
                value=possible_name(name),
                name=True,
            )
        )
        if not new_name or new_name == name:
            return
        tasks = await self.screen.attempt(lambda: upkeep.rename(name, new_name, self._now()))
        if tasks is not FAILED:
            self._changed(new_name)
            also = f" {_tasks(tasks)} will start it by that name." if tasks else ""
            self.screen.toast(f"{name} is {new_name} now.{also}")

    @in_worker("action")
    async def action_archive(self) -> None:
        """Archive it; what that switches off is asked about first."""
        if (view := self._campaign()) is None:
            return
        use = await self.screen.attempt(lambda: self.runtime.campaign_upkeep.use(view.name))
        if use is not FAILED and await self._may_switch_off(view.name, use):
            await self._archive(view.name)

    @in_worker("action")
    async def action_bring_back(self) -> None:
        """Take it out of the archive, and say what stays off."""
        if (view := self._campaign()) is None:
            return
        upkeep, name = self.runtime.campaign_upkeep, view.name
        use = await self.screen.attempt(lambda: upkeep.bring_back(name, self._now()))
        if use is FAILED:
            return
        off = [each for each in use.tasks if each not in use.active_tasks]
        note = f" {_tasks(off)} stays off." if off else ""
        self._changed(name)
        self.screen.toast(f"{name} is back; nothing starts it by itself.{note}")

    @in_worker("action")
    async def action_delete(self) -> None:
        """Delete a campaign that has never been sent, after asking; else offer to archive it."""
        if (view := self._campaign()) is None:
            return
        upkeep, name = self.runtime.campaign_upkeep, view.name
        use = await self.screen.attempt(lambda: upkeep.use(name))
        if use is FAILED:
            return
        if use.sent or use.tasks:
            await self._archive_instead(view, use)
            return
        text = "It has never been sent."
        if use.tests:
            text += f" The records of its {counted(use.tests, 'test')} are deleted with it."
        question = ConfirmScreen(
            f"Delete {shorten(name, 60)}?", text, recipients=0, yes="Delete it"
        )
        if not await self.app.push_screen_wait(question):
            return
        deleted = await self.screen.attempt(lambda: upkeep.delete(name))
        if deleted is not FAILED:
            self._changed("")
            self.screen.toast(f"{name} is deleted.")

    async def _archive_instead(self, view: CampaignView, use: CampaignUse) -> None:
        if view.archived:
            self.screen.toast(f"{view.name} stays in the archive: its log is kept.", failed=True)
            return
        why = (
            f"It has been sent ({counted(use.sent, 'run')}), and its log is kept."
            if use.sent
            else f"{_tasks(use.tasks)} can start it."
        )
        question = ConfirmScreen(
            f"{shorten(view.name, 60)} can't be deleted. Archive it instead?",
            "\n".join([why, *_switched_off(use)]),
            recipients=0,
            yes="Archive it",
        )
        if await self.app.push_screen_wait(question):
            await self._archive(view.name)

    async def _may_switch_off(self, name: str, use: CampaignUse) -> bool:
        off = _switched_off(use)
        if not off:
            return True
        question = ConfirmScreen(
            f"Archive {shorten(name, 60)}?", "\n".join(off), recipients=0, yes="Archive it"
        )
        answer: bool = await self.app.push_screen_wait(question)
        return answer

    async def _archive(self, name: str) -> None:
        upkeep = self.runtime.campaign_upkeep
        done = await self.screen.attempt(lambda: upkeep.archive(name, self._now()))
        if done is not FAILED:
            self._changed(name)
            self.screen.toast(f"{name} is archived; b shows the archive.")

    def _now(self) -> Instant:
        return self.runtime.clock.now()


def _switched_off(use: CampaignUse) -> list[str]:
    """What archiving switches off, as sentences."""
    off = ["Its schedule is switched off."] if use.scheduled else []
    if use.active_tasks:
        off.append(f"{_tasks(use.active_tasks)} is switched off, too.")
    return off


def _tasks(names: tuple[str, ...] | list[str]) -> str:
    listed = shorten(", ".join(names), 120)
    return f"The task {listed}" if len(names) == 1 else f"Each of the tasks {listed}"
