"""Actions of every screen that shows deliveries: filter, find, copy, export."""

from collections.abc import Callable
from typing import ClassVar

from textual.binding import Binding

from sestui.tui.app.navigation.navigation import open_contact
from sestui.tui.app.screens.base_screen import FAILED, BaseScreen
from sestui.tui.app.screens.screen_part import ScreenPart, in_worker
from sestui.tui.deliveries.delivery_panel import DeliveryPanel
from sestui.tui.deliveries.service import Export, export_name
from sestui.tui.dialogs.export_file import ExportPlan, ExportScreen
from sestui.tui.widgets.format import grouped, shorten


class DeliveryFilters(ScreenPart):
    """Filters, copies and exports the deliveries of a panel."""

    BINDINGS: ClassVar[list[Binding]] = [
        Binding(
            "slash",
            "find",
            "Find",
            key_display="/",
            id="deliveries.find",
            tooltip="Show only deliveries with this in the address",
        ),
        Binding(
            "E",
            "export",
            "Export",
            id="deliveries.export",
            tooltip="Write exactly the deliveries that are shown to a file",
        ),
        Binding(
            "c",
            "contact",
            "Contact",
            id="deliveries.contact",
            tooltip="Open the page of the contact under the cursor",
        ),
        Binding(
            "y",
            "copy",
            "Copy",
            show=False,
            id="deliveries.copy",
            tooltip="Copy the address under the cursor",
        ),
    ]

    def __init__(
        self,
        screen: BaseScreen,
        panel: DeliveryPanel,
        *,
        about: Callable[[], str],
        copied: Callable[[], str] | None = None,
    ) -> None:
        """``about`` says the deliveries that are shown in words, states and address left aside.

        ``copied`` says what is copied where that isn't the address under the cursor.
        """
        super().__init__(screen)
        self.panel = panel
        self._about = about
        self._copied = copied or self.address

    @property
    def panel_shown(self) -> bool:
        """Whether the deliveries are on the screen."""
        return bool(self.panel.display)

    def address(self) -> str:
        """The address under the cursor; '' for none."""
        row = self.panel.selected if self.panel_shown else None
        return row.delivery.email if row is not None else ""

    def offers(self, action: str) -> bool:
        """The actions need visible deliveries."""
        if action == "copy":
            return bool(self._copied())
        return self.panel_shown and (action != "contact" or self.panel.selected is not None)

    def action_find(self) -> None:
        """Open the find line."""
        self.panel.find()

    def action_narrow(self, step: int) -> None:
        """Show the deliveries of the next state, or of the one before."""
        self.panel.filter_by(step)

    def action_state(self, number: int) -> None:
        """Show the deliveries of a state, by its place in the bar."""
        self.panel.choose(number)

    def action_contact(self) -> None:
        """Open the page of the contact."""
        if (row := self.panel.selected) is not None:
            open_contact(self.screen, row.delivery.email)

    def action_copy(self) -> None:
        """Copy what is under the cursor."""
        if text := self._copied():
            self.screen.copy(text)

    def step_back(self) -> bool:
        """Close the find line."""
        return self.panel_shown and self.panel.step_back()

    @in_worker("export", exclusive=True)
    async def action_export(self) -> None:
        """Ask for a file and write what is shown to it."""
        wanted, label = self.panel.wanted, self.panel.bar.choice.label
        found = f" with {shorten(wanted.find, 60)} in the address" if wanted.find else ""
        what = f"{label}, {self._about()}{found}"
        plan = await self.screen.attempt(
            lambda: ExportPlan(
                lambda out: Export(self.runtime, wanted, out),
                _title(self.panel.table.count or 0, more=self.panel.more),
                f"{what[:1].upper()}{what[1:]}.",
                self.panel.table.count or 0,
                export_name(self.runtime, wanted, label),
            )
        )
        if plan is FAILED:
            return
        said = await self.app.push_screen_wait(ExportScreen(self.services, plan))
        if said:
            self.screen.toast(said)


def _title(count: int, *, more: bool) -> str:
    deliveries = f"{grouped(count)} {'delivery' if count == 1 else 'deliveries'}"
    return f"Export {'all, more than ' if more else ''}{deliveries}"
