"""Starting a campaign and testing it, as every screen that shows a campaign offers it."""

from typing import ClassVar

from textual import work
from textual.binding import Binding

from sestui.reports.overview import CampaignView
from sestui.tui.app.navigation import compose_campaign
from sestui.tui.app.services import has_ended
from sestui.tui.campaigns.resolution import ResolutionScreen
from sestui.tui.dialogs.ask import AskScreen
from sestui.tui.screens.start_dialog import ask_to_start
from sestui.tui.widgets.format import recipients, shorten


class StartScreen(ResolutionScreen):
    """A screen with a campaign in focus."""

    BEGINNING: ClassVar[list[Binding]] = [
        Binding(
            "s",
            "start",
            "Start",
            id="campaign.start",
            tooltip="Send the campaign to everybody on its lists",
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
            tooltip="Write on the campaign in Compose",
        ),
    ]

    @property
    def begun(self) -> CampaignView | None:
        """The campaign that is started or tested; None: there is none."""
        raise NotImplementedError

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A campaign is started where no run of it goes on."""
        if action not in {"start", "test", "edit"} or not self.is_mounted:
            return super().check_action(action, parameters)
        view = self.begun
        if view is None:
            return False
        return action != "start" or view.run is None or has_ended(view.run)

    @work(group="action")
    async def action_start(self) -> None:
        """Ask, check everybody's mail, start, and watch."""
        if (chosen := self.begun) is None:
            return
        view = await ask_to_start(self, chosen.name)
        if view is None:
            return
        again = view.run is not None
        self.tell(f"Checking the mails of {recipients(view.audience or 0)}…")
        run_id = await self.started(
            lambda skip: self.services.start(view.name, again=again, skip_unrenderable=skip)
        )
        if run_id is not None:
            self.open_run(run_id)

    @work(group="action")
    async def action_test(self) -> None:
        """Ask for an address and send it the message."""
        if (view := self.begun) is None:
            return
        address = await self.app.push_screen_wait(
            AskScreen(
                f"Test mail of {shorten(view.name, 60)}",
                "One real mail; it does not count as a run of the campaign.",
                placeholder="you@example.com",
            )
        )
        if not address:
            return
        run_id = await self.attempt(lambda: self.services.test(view.name, address))
        if run_id is not None:
            self.open_run(run_id)

    async def action_edit(self) -> None:
        """Open the campaign in Compose."""
        if (view := self.begun) is not None:
            await compose_campaign(self.app, view.name)
