"""Start and test a campaign, for every screen that shows one."""

from collections.abc import Callable
from typing import ClassVar

from textual.binding import Binding

from sestui.reports.overview import CampaignView
from sestui.tui.app.navigation.navigation import compose_campaign, open_run
from sestui.tui.app.screens.base_screen import FAILED, BaseScreen
from sestui.tui.app.screens.screen_part import ScreenPart, in_worker
from sestui.tui.campaigns.start_check import PlannedStart
from sestui.tui.campaigns.start_question import start_checked
from sestui.tui.dialogs.ask import AskScreen, not_an_address
from sestui.tui.widgets.format import shorten


class CampaignStart(ScreenPart):
    """Starts a campaign, tests it, and opens it in Compose."""

    BINDINGS: ClassVar[list[Binding]] = [
        Binding(
            "s",
            "start",
            "Start or schedule",
            id="campaign.start",
            tooltip="Send the campaign to everyone on its lists, now or at a set time",
        ),
        Binding(
            "t",
            "test",
            "Test",
            id="campaign.test",
            tooltip="Send the message to one address of yours",
        ),
        Binding(
            "e",
            "edit",
            "Edit",
            id="campaign.edit",
            tooltip="Edit the campaign in Compose",
        ),
    ]

    def __init__(self, screen: BaseScreen, campaign: Callable[[], CampaignView | None]) -> None:
        """``campaign`` tells which; None: there is none."""
        super().__init__(screen)
        self._campaign = campaign

    def offers(self, action: str) -> bool:
        """A campaign is started where no run of it goes on."""
        view = self._campaign()
        if view is None or (view.archived and action != "edit"):
            return False
        return action != "start" or view.run is None or view.run.has_ended

    @in_worker("action")
    async def action_start(self) -> None:
        """Check everybody's mail, ask, start, and watch."""
        if (chosen := self._campaign()) is None:
            return
        run = await start_checked(self.screen, PlannedStart(chosen.name))
        if run is not None:
            open_run(self.screen, run.id)

    @in_worker("action")
    async def action_test(self) -> None:
        """Ask for an address and send it the message."""
        if (view := self._campaign()) is None:
            return
        address = await self.app.push_screen_wait(
            AskScreen(
                f"Test mail of {shorten(view.name, 60)}",
                "Sends one mail; not counted as a run.",
                placeholder="you@example.com",
                fault=not_an_address,
            )
        )
        if not address:
            return
        runtime = self.runtime
        run = await self.screen.attempt(
            lambda: runtime.starter.start_test(
                runtime.campaigns.get(view.name), [address], runtime.clock.now()
            )
        )
        if run is not FAILED:
            open_run(self.screen, run.id)

    async def action_edit(self) -> None:
        """Open the campaign in Compose."""
        if (view := self._campaign()) is not None:
            await compose_campaign(self.app, view.name)
