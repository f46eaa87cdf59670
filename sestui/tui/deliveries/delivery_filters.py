"""What one can do on every screen that shows deliveries: narrow them, find, copy, export."""

from typing import ClassVar

from textual import on, work
from textual.binding import Binding

from sestui.tui.app.base_screen import BaseScreen
from sestui.tui.app.services import ScreenServices
from sestui.tui.deliveries.delivery_panel import DeliveryPanel
from sestui.tui.deliveries.export_dialog import ExportPlan, ExportScreen
from sestui.tui.deliveries.service import DeliveryService
from sestui.tui.widgets.format import shorten
from sestui.tui.widgets.lazy_table import LazyTable

_OF_THE_PANEL = frozenset({"find", "narrow", "state", "export"})


class DeliveryFilterScreen(BaseScreen):
    """A screen with a panel of deliveries; the subclass says with ``mixed`` if of many runs."""

    NARROWING: ClassVar[list[Binding]] = [
        Binding(
            "slash",
            "find",
            "Find",
            key_display="/",
            id="deliveries.find",
            tooltip="Show only deliveries with this in the address",
        ),
        Binding(
            "o",
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

    def __init__(self, services: ScreenServices, *, mixed: bool = False) -> None:
        super().__init__(services)
        self.panel = DeliveryPanel(services, mixed=mixed)

    @property
    def panel_shown(self) -> bool:
        """Whether the deliveries are on the screen."""
        return bool(self.panel.display)

    def about(self) -> str:
        """The deliveries that are shown, in words, states and address left aside."""
        raise NotImplementedError

    async def read_deliveries(self) -> None:
        """Read how many there are, and those in sight if that has changed."""
        scope = self.panel.scope
        if scope is None or not self.panel_shown:
            return
        counts = await self.look(lambda: self.panel.counts(scope))
        if counts is not None:
            self.panel.counted(scope, counts)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Deliveries that aren't shown can't be narrowed."""
        if action in _OF_THE_PANEL and self.is_mounted:
            return self.panel_shown
        if action == "copy" and self.is_mounted:
            return bool(self.copied())
        if action == "contact" and self.is_mounted:
            return self.panel_shown and self.panel.selected is not None
        return super().check_action(action, parameters)

    def copied(self) -> str:
        """What ``y`` copies; '' for nothing."""
        row = self.panel.selected if self.panel_shown else None
        return row.delivery.email if row is not None else ""

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
        """Show who that is, and what became of every mail to them."""
        from sestui.tui.contacts.contact_screen import ContactScreen  # noqa: PLC0415 - it opens runs itself

        if (row := self.panel.selected) is not None:
            self.app.push_screen(ContactScreen(self.services, row.delivery.email))

    def action_copy(self) -> None:
        """Copy what is under the cursor."""
        if text := self.copied():
            self.copy(text)

    def step_back(self) -> bool:
        """Close the find line."""
        return self.panel_shown and self.panel.step_back()

    @on(LazyTable.Failed)
    def _table_failed(self, event: LazyTable.Failed) -> None:
        self.banner.say(event.sentence)

    @on(LazyTable.Moved)
    def _table_moved(self) -> None:
        self.offer_again()

    @work(exclusive=True, group="export")
    async def action_export(self) -> None:
        """Ask for a file and write what is shown to it."""
        wanted, label = self.panel.wanted, self.panel.bar.choice.label
        found = f" with {shorten(wanted.find, 60)} in the address" if wanted.find else ""
        what = f"{label}, {self.about()}{found}"
        services = DeliveryService(self.services.runtime)
        plan = await self.attempt(
            lambda: ExportPlan(
                wanted,
                f"{what[:1].upper()}{what[1:]}.",
                self.panel.table.count or 0,
                self.panel.more,
                services.file_name(wanted, label),
            )
        )
        if plan is None:
            return
        said = await self.app.push_screen_wait(ExportScreen(self.services, plan))
        if said:
            self.tell(said)
