"""The lists on the left of Contacts, between all contacts and the suppressed."""

from sestui.core.delivery.states import Standing
from sestui.store.contacts.key_queries import Which
from sestui.tui.contacts.service import Group
from sestui.tui.widgets.format import grouped
from sestui.tui.widgets.lazy_table import Column, LazyTable
from sestui.tui.widgets.row_strip import Cell

SUPPRESSED = Which(standing=Standing.SUPPRESSED)
"""A group of its own, with addresses in it that are no contacts."""


class GroupsTable(LazyTable[Group]):
    """All contacts, each list, the suppressed, with their sizes."""

    def __init__(self) -> None:
        super().__init__(_columns([]), _group_cells, id="groups")
        self.groups: list[Group] = []

    def show_groups(self, groups: list[Group], which: Which) -> None:
        """Show these, with the cursor on the group where it was, or else on ``which``."""
        chosen = self.selected
        self.groups = groups
        self.change_columns(_columns(groups))
        self.show_rows(groups)
        self.go_to(chosen.which if chosen else which)

    def go_to(self, which: Which) -> bool:
        """Put the cursor on that group; False: there is none."""
        places = [number for number, group in enumerate(self.groups) if group.which == which]
        if places:
            self.cursor = places[0]
        return bool(places)

    def size_of(self, which: Which) -> int:
        """How many contacts are in that group; 0 where there is none."""
        return sum(group.contacts for group in self.groups if group.which == which)


def _columns(groups: list[Group]) -> tuple[Column, Column]:
    """The names get what the largest figure leaves."""
    size = max((len(grouped(each.contacts)) for each in groups), default=0)
    title = "Contacts" if size >= len("Contacts") else "Size"
    return Column("title", "List", share=1), Column(
        "size", title, width=max(size, len(title)), right=True
    )


def group_of(which: Which) -> Which:
    """The group that these contacts are in, or are."""
    return which if which == SUPPRESSED else Which(which.list_name)


def _group_cells(group: Group) -> dict[str, Cell]:
    own = group.which.list_name is None
    return {
        "title": (group.title, "busy" if own else ""),
        "size": (grouped(group.contacts), "quiet"),
    }
