"""Rename, merge or delete the list under the cursor."""

from collections.abc import Callable
from typing import ClassVar

from textual.binding import Binding

from sestui.store.contacts.changes.bulk import counted
from sestui.store.contacts.contact_lists import ListChanged, Mentions
from sestui.tui.app.screens.base_screen import FAILED, BaseScreen
from sestui.tui.app.screens.screen_part import ScreenPart, in_worker
from sestui.tui.contacts.changes import ContactChanges
from sestui.tui.contacts.service import Group
from sestui.tui.dialogs.ask import AskScreen
from sestui.tui.dialogs.confirm import ConfirmScreen
from sestui.tui.dialogs.pick import Item, PickScreen
from sestui.tui.widgets.format import shorten


class ListActions(ScreenPart):
    """Renames, merges and deletes lists; only offered while the lists have the focus."""

    BINDINGS: ClassVar[list[Binding]] = [
        Binding(
            "e",
            "rename_list",
            "Rename",
            id="lists.rename",
            tooltip="Give the list another name, in campaigns too",
        ),
        Binding(
            "M",
            "merge_list",
            "Merge",
            id="lists.merge",
            tooltip="Put everybody on another list too, and delete this one",
        ),
        Binding(
            "x",
            "delete_list",
            "Delete",
            id="lists.delete",
            tooltip="Delete the list; its contacts stay",
        ),
    ]

    def __init__(
        self,
        screen: BaseScreen,
        group: Callable[[], Group | None],
        groups: Callable[[], list[Group]],
        changed: Callable[[], None],
    ) -> None:
        """``group`` is the list under the cursor, None without the focus; ``groups`` are all."""
        super().__init__(screen)
        self._group = group
        self._groups = groups
        self._changed = changed
        self._changes = ContactChanges(screen.services.runtime)

    def offers(self, action: str) -> bool:
        """Only lists can be changed, and merged where there is another."""
        group = self._group()
        if group is None or group.which.list_name is None:
            return False
        return action != "merge_list" or len(self._others(group)) > 0

    def _others(self, group: Group) -> list[Group]:
        named = [each for each in self._groups() if each.which.list_name is not None]
        return [each for each in named if each.which != group.which]

    @in_worker("action", exclusive=True)
    async def action_rename_list(self) -> None:
        """Ask for the new name."""
        if (name := self._name()) is None:
            return
        named = await self._mentions(name)
        if named is None:
            return
        said = f"Renamed in {named.sentence()} too." if named else "Nothing else names it."
        new_name = await self.app.push_screen_wait(
            AskScreen(f"Rename {shorten(name, 60)}", said, placeholder=name[:60], value=name)
        )
        if new_name and new_name != name:
            now = self._changes.now()
            await self._do(lambda: self._changes.lists.rename(name, new_name, now))

    @in_worker("action", exclusive=True)
    async def action_merge_list(self) -> None:
        """Ask into which other list."""
        group = self._group()
        if group is None or (name := group.which.list_name) is None:
            return
        others = self._others(group)
        items = [Item(each.title, counted(each.contacts)) for each in others]
        chosen = await self.app.push_screen_wait(
            PickScreen(f"Merge {shorten(name, 50)} into", items, finding=len(items) > 8)
        )
        if chosen is None or (named := await self._mentions(name)) is None:
            return
        into = others[chosen]
        text = f"{counted(group.contacts)} of {shorten(name, 50)} join {shorten(into.title, 50)}."
        if named:
            text += f"\nAll of that list gets what is sent by {shorten(named.sentence(), 200)}."
        question = ConfirmScreen(
            "Merge the lists?", text, recipients=group.contacts, yes="Merge them"
        )
        if await self.app.push_screen_wait(question):
            now = self._changes.now()
            await self._do(lambda: self._changes.lists.merge(name, into.title, now))

    @in_worker("action", exclusive=True)
    async def action_delete_list(self) -> None:
        """Delete it after a confirmation."""
        group = self._group()
        if group is None or (name := group.which.list_name) is None:
            return
        question = ConfirmScreen(
            f"Delete the list {shorten(name, 60)}?",
            f"{counted(group.contacts)} on it stay contacts. u undoes it for a day.",
            recipients=0,
            yes="Delete",
        )
        if await self.app.push_screen_wait(question):
            now = self._changes.now()
            await self._do(lambda: self._changes.lists.delete(name, now))

    def _name(self) -> str | None:
        group = self._group()
        return None if group is None else group.which.list_name

    async def _mentions(self, name: str) -> Mentions | None:
        found = await self.screen.attempt(lambda: self._changes.lists.mentions(name))
        return None if found is FAILED else found

    async def _do(self, change: Callable[[], ListChanged]) -> None:
        done = await self.screen.attempt(change)
        if done is FAILED:
            return
        named = f" {done.mentions.sentence()} now name the new one." if done.mentions else ""
        self.screen.toast(f"{done.said}.{named[:1]}{named[1:2].upper()}{named[2:]} u undoes it.")
        self._changed()
