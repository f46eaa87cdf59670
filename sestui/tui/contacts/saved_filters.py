"""Saved filters of contacts: apply, save, delete."""

from collections.abc import Callable
from typing import ClassVar

from textual.binding import Binding

from sestui.store.contacts.filters import ContactFilter
from sestui.store.contacts.key_queries import Which
from sestui.tui.app.screens.base_screen import FAILED, BaseScreen
from sestui.tui.app.screens.screen_part import ScreenPart, in_worker
from sestui.tui.contacts.changes import ContactChanges
from sestui.tui.contacts.contact_table import ContactTable
from sestui.tui.dialogs.ask import AskScreen
from sestui.tui.dialogs.pick import Item, PickScreen
from sestui.tui.widgets.format import shorten


class SavedFilters(ScreenPart):
    """One key for all of it: a list of the filters, with saving and forgetting at its end."""

    BINDINGS: ClassVar[list[Binding]] = [
        Binding(
            "F",
            "filters",
            "Filters",
            id="contacts.filters",
            tooltip="Show contacts by a saved filter, or save what is shown as one",
        ),
    ]

    def __init__(
        self, screen: BaseScreen, table: ContactTable, show: Callable[[Which, str], None]
    ) -> None:
        """``show`` shows these contacts, as far as they have the words in them."""
        super().__init__(screen)
        self._table = table
        self._show = show
        self._filters = ContactChanges(screen.services.runtime).filters

    @in_worker("action", exclusive=True)
    async def action_filters(self) -> None:
        """Pick a filter, or save what is shown."""
        found = await self.screen.attempt(self._filters.all)
        if found is FAILED:
            return
        now = ContactFilter("", self._table.which, self._table.wanted)
        items = [Item(shorten(each.name, 60), shorten(each.note, 100)) for each in found]
        items.append(Item("Save what is shown…", shorten(now.note, 100)))
        if found:
            items.append(Item("Forget one…"))
        chosen = await self.app.push_screen_wait(PickScreen("Filters", items))
        if chosen is None:
            return
        if chosen < len(found):
            self._show(found[chosen].which, found[chosen].text)
        elif chosen == len(found):
            await self._save(now)
        else:
            await self._forget(found)

    async def _save(self, now: ContactFilter) -> None:
        name = await self.app.push_screen_wait(
            AskScreen("Save this filter", f"It shows {now.note}.", placeholder="a name")
        )
        if not name:
            return
        filter_ = ContactFilter(name, now.which, now.text)

        def save() -> bool:
            self._filters.save(filter_, self.runtime.clock.now())
            return True

        if await self.screen.attempt(save):
            self.screen.toast(f"Saved the filter {name}.")

    async def _forget(self, found: list[ContactFilter]) -> None:
        items = [Item(shorten(each.name, 60), shorten(each.note, 100)) for each in found]
        chosen = await self.app.push_screen_wait(PickScreen("Forget which filter?", items))
        if chosen is None:
            return

        def forget() -> bool:
            self._filters.remove(found[chosen].name)
            return True

        if await self.screen.attempt(forget):
            self.screen.toast(f"Forgot the filter {found[chosen].name}.")
