"""A few things to be ticked, one or many of them: readable without colours too."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from textual.binding import Binding, BindingType

from sestui.tui.widgets.lazy_table import Column, LazyTable, TableMessage
from sestui.tui.widgets.row_strip import Cell


@dataclass(frozen=True, slots=True)
class SelectionItem:
    """Something that can be ticked."""

    name: str
    note: str = ""
    """What it means; '' where the name says it."""


class SelectionList(LazyTable[SelectionItem]):
    """The things under a ``title``; with ``one``, ticking one unticks the others."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "space",
            "select",
            "Tick",
            id="ticks.tick",
            tooltip="Tick what is under the cursor, or untick it",
        ),
    ]

    class Changed(TableMessage):
        """Something was ticked or unticked."""

    def __init__(
        self,
        title: str,
        *,
        one: bool = False,
        noted: bool = False,
        id: str | None = None,  # noqa: A002 - textual's own name for it
    ) -> None:
        super().__init__(_columns(title, noted=noted), self._tick_cells, id=id)
        self._title = title
        self._noted = noted
        self._one = one
        self._things: Sequence[SelectionItem] = ()
        self._ticked: set[str] = set()

    @property
    def ticked(self) -> set[str]:
        """The names of what is ticked."""
        return set(self._ticked)

    def offer(self, things: Sequence[SelectionItem], ticked: Iterable[str]) -> None:
        """Show these, with the cursor on the first that is ticked."""
        self._things = things
        self._ticked = set(ticked)
        names = max((cell_len(thing.name) for thing in things), default=0)
        self._columns = _columns(self._title, noted=self._noted, names=names)
        self.show_rows(things)
        places = [number for number, thing in enumerate(things) if thing.name in self._ticked]
        if places:
            self.cursor = places[0]

    def action_select(self) -> None:
        """Tick what is under the cursor, or untick it."""
        if (thing := self.selected) is None:
            return
        if self._one:
            self._ticked = {thing.name}
        else:
            self._ticked ^= {thing.name}
        self.show_rows(self._things)
        self.post_message(self.Changed(self))

    def _tick_cells(self, thing: SelectionItem) -> dict[str, Cell]:
        on = thing.name in self._ticked
        signs = ("(•)", "( )") if self._one else ("[x]", "[ ]")
        return {
            "mark": (signs[0] if on else signs[1], "busy" if on else "quiet"),
            "name": (thing.name, ""),
            "note": (thing.note, "quiet"),
        }


def _columns(title: str, *, noted: bool, names: int = 0) -> list[Column]:
    """Sign and name; with notes, the names have what room they need and the notes what is left."""
    mark = Column("mark", "", width=3)
    if not noted:
        return [mark, Column("name", title, share=1)]
    return [
        mark,
        Column("name", title, width=max(names, cell_len(title))),
        Column("note", "Meaning", share=1),
    ]
