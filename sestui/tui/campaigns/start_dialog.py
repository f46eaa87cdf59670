"""Starting a campaign and testing it, as every screen that shows a campaign offers it."""

from collections.abc import Sequence
from typing import ClassVar

from textual import work
from textual.binding import Binding

from sestui.reports.overview import CampaignView
from sestui.tui.app.navigation import compose_campaign
from sestui.tui.app.services import has_ended
from sestui.tui.campaigns.resolution import ResolutionScreen
from sestui.tui.dialogs.ask import AskScreen
from sestui.tui.dialogs.confirm import ConfirmScreen
from sestui.tui.widgets.format import recipients, shorten

_WARNINGS = 5


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
        view = await self.attempt(lambda: self.services.campaign(chosen.name))
        if view is None:
            return
        count, again = view.audience or 0, view.run is not None
        if not count:
            lists = shorten(", ".join(view.lists) or "any list of the campaign", 80)
            self.tell(
                f"Nobody is on {lists}; import contacts with `sestui import FILE --list NAME`.",
                failed=True,
            )
            return
        warnings = await self.attempt(lambda: self.services.warnings(view.name))
        if warnings is None:
            return
        question = self._start_question(view, count, warnings)
        if not await self.app.push_screen_wait(question):
            return
        self.tell(f"Checking the mails of {recipients(count)}…")
        run_id = await self.started(
            lambda skip: self.services.start(view.name, again=again, skip_unrenderable=skip)
        )
        if run_id is not None:
            self.open_run(run_id)

    def _start_question(
        self, view: CampaignView, count: int, warnings: Sequence[str]
    ) -> ConfirmScreen:
        text = f"Subject: {shorten(view.subject, 120)}\nMail goes to {self.services.label.text}."
        if view.run is not None:
            text = (
                f"It was sent before: run {view.run.number} with "
                f"{view.run.counts.accepted:,} accepted. Everybody gets it once more.\n{text}"
            )
        if warnings:
            text += "".join(f"\n! {shorten(each, 160)}" for each in warnings[:_WARNINGS])
            more = len(warnings) - _WARNINGS
            text += f"\n  and {more} more warnings" if more > 0 else ""
        verb = "Send again" if view.run is not None else "Send"
        question = f"{verb} {shorten(view.name, 60)} to {recipients(count)}?"
        return ConfirmScreen(question, text, recipients=count, yes=f"{verb} to {count:,}")

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
