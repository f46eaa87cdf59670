"""The command palette: finds objects and actions by a few letters."""

import asyncio
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, cast

from rich.cells import cell_len
from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Static

from sestui.core.fuzzy import Match
from sestui.errors import SestuiError
from sestui.store.db.database import Database
from sestui.store.runs.finder import FoundObjects, ObjectFinder, Wanted
from sestui.tui.app.palette import palette_entries
from sestui.tui.app.palette.palette_entries import Entry, ranked
from sestui.tui.dialogs.dialog import Dialog
from sestui.tui.widgets.format import shorten

if TYPE_CHECKING:
    from sestui.tui.app.app import SestuiApp

Hit = tuple[Entry, Match]
"""An entry and how it matches."""

_PATIENCE_SECONDS = 0.1
"""So long what was found before stays, for it not to flicker at each key."""
_KEY_CELLS = 12
_NAME_SHARE = 0.45
"""Of the width, at least, where something is noted behind it."""


def open_palette(app: "SestuiApp") -> None:
    """Open it on top of the screen in front, whose actions come first."""
    root = type(app.screen_stack[0]) if len(app.screen_stack) == 1 else None
    here = palette_entries.actions_here(app)

    def chosen(entry: Entry | None) -> None:
        if entry is not None:
            entry.run()

    elsewhere: list[Entry] = []

    def gather(counts: Mapping[str, str]) -> list[Entry]:
        if not elsewhere:
            elsewhere.extend(palette_entries.actions_elsewhere(app, besides=root))
        tabs = palette_entries.tabs(app, counts)
        told = (palette_entries.report(app), *palette_entries.settings(app))
        return [*here, *tabs, *elsewhere, *told]

    app.push_screen(PaletteScreen(here, gather), chosen)


def _found(database: Database, typed: str, newest: threading.Event) -> tuple[FoundObjects, str]:
    """What is in the database, until somebody types on; and why that can't be told; blocking."""
    try:
        found = ObjectFinder(database).find(Wanted.of(typed), goes_on=lambda: not newest.is_set())
    except SestuiError as error:
        return FoundObjects(), str(error)
    return found, ""


class PaletteList(Widget, can_focus=False):
    """The hits, one a line, with a cursor that keys move from the line above."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"palette--cursor", "palette--match", "palette--note"}

    @dataclass
    class Chosen(Message):
        """An entry was clicked."""

        entry: Entry

    def __init__(self) -> None:
        super().__init__()
        self._hits: Sequence[Hit] = ()
        self._cursor = 0
        self._top = 0

    @property
    def selected(self) -> Entry | None:
        """What is under the cursor."""
        return self._hits[self._cursor][0] if self._hits else None

    def show(self, hits: Sequence[Hit], *, afresh: bool) -> None:
        """Show these: ``afresh`` with the cursor on the first, else on the entry it is on."""
        before = None if afresh or not self._hits else self._hits[self._cursor][0].name
        names = [entry.name for entry, _ in hits]
        self._hits = hits
        self._cursor = names.index(before) if before in names else 0
        self._top = 0
        self.move(0)

    def move(self, rows: int) -> None:
        """Move the cursor, from the last to the first and back."""
        self.refresh()
        if not self._hits:
            return
        last = len(self._hits) - 1
        if abs(rows) > 1:
            self._cursor = max(0, min(last, self._cursor + rows))
        else:
            self._cursor = (self._cursor + rows) % (last + 1)
        height = max(1, self.size.height)
        self._top = max(self._cursor - height + 1, min(self._top, self._cursor))

    def render(self) -> Content:
        """As many lines as there is room for."""
        rows = self._hits[self._top : self._top + max(1, self.size.height)]
        lines = [
            self._line(entry, found, cursor=number == self._cursor)
            for number, (entry, found) in enumerate(rows, self._top)
        ]
        return Content("\n").join(lines)

    def _line(self, entry: Entry, found: Match, *, cursor: bool) -> Content:
        width = self.size.width
        keys = shorten(entry.key, _KEY_CELLS)
        room = max(10, width - _KEY_CELLS - 3)
        name = shorten(entry.name, room)
        line = Content(name)
        style = self.get_visual_style("palette--match", partial=True)
        for place in found.at:
            if place < len(name):
                line = line.stylize(style, place, place + 1)
        line = line.pad_right(max(0, round(room * _NAME_SHARE) - line.cell_length))
        note = shorten(entry.note, max(0, room - line.cell_length - 2))
        quiet = self.get_visual_style("palette--note", partial=True)
        if cell_len(note) > 1:
            line = line + Content("  ") + Content.styled(note, quiet)
        line = Content(" ") + line.pad_right(max(0, width - 3 - cell_len(keys) - line.cell_length))
        line = (line + Content(f" {keys} ")).truncate(width)
        if cursor:
            line = line.stylize_before(self.get_visual_style("palette--cursor"))
        return line

    def on_click(self, event: events.Click) -> None:
        """A click chooses."""
        number = self._top + event.y
        if number < len(self._hits):
            self.post_message(self.Chosen(self._hits[number][0]))

    def on_mouse_scroll_down(self) -> None:
        """The wheel moves the cursor."""
        self.move(1)

    def on_mouse_scroll_up(self) -> None:
        """As above."""
        self.move(-1)


class PaletteScreen(Dialog[Entry | None]):
    """Returns the chosen entry, or None. Typing never waits: a newer search ends an older one."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss", "Back", tooltip="Change nothing"),
        Binding("down", "move(1)", "Down", show=False),
        Binding("up", "move(-1)", "Up", show=False),
        Binding("pagedown", "move(10)", "Page down", show=False),
        Binding("pageup", "move(-10)", "Page up", show=False),
    ]

    def __init__(
        self, here: list[Entry], gather: Callable[[Mapping[str, str]], list[Entry]]
    ) -> None:
        """``here`` is there at once; ``gather``, which blocks, makes all entries from the counts
        of what is in each tab."""
        super().__init__()
        self._entries = here
        self._everything = gather
        self._shown: str | None = None
        """What was typed for that which is shown."""
        self._list = PaletteList()
        self._about = Static("", id="palette-about", markup=False)
        self._gathered = asyncio.Event()
        self._settled = asyncio.Event()
        """Set while what is shown is all there is for what is typed."""
        self._newest = threading.Event()
        """Set once somebody has typed on: the search that knows it ends."""

    def compose(self) -> ComposeResult:
        """The line, what was found, what could not be read."""
        with Vertical(id="palette"):
            yield Input(placeholder="a campaign, run, contact, list, task, setting or action")
            yield self._list
            yield self._about

    def on_mount(self) -> None:
        """What can be done here is there at once."""
        self._about.display = False
        self._list.show(ranked(self._entries, ""), afresh=True)
        self._gather()

    @work(group="gather")
    async def _gather(self) -> None:
        """Gather the entries; counting what is in the tabs may take longer."""
        self._entries = await asyncio.to_thread(self._everything, {})
        self._gathered.set()
        self._search(self.query_one(Input).value)
        try:
            counts = await asyncio.to_thread(self._app.services.place_counts)
        except SestuiError:
            return  # a busy database: the tabs are there all the same
        self._entries = await asyncio.to_thread(self._everything, counts)
        self._search(self.query_one(Input).value)

    @property
    def _app(self) -> "SestuiApp":
        return cast("SestuiApp", self.app)

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        self._settled.clear()
        self._search(event.value)

    @work(exclusive=True, group="search")
    async def _search(self, typed: str) -> None:
        self._newest.set()
        self._newest = newest = threading.Event()
        database = self._app.services.runtime.database
        searching = asyncio.create_task(asyncio.to_thread(_found, database, typed, newest))
        await asyncio.wait({searching}, timeout=_PATIENCE_SECONDS)
        if not searching.done():
            self._show(ranked(self._entries, typed), typed)
        found, trouble = await searching
        objects = palette_entries.objects(self._app, found)
        hits = ranked([*self._entries, *objects], typed)
        if typed.strip():
            hits.append((palette_entries.all_contacts(self._app, typed.strip()), Match(0, ())))
        self._show(hits, typed)
        self._about.update(shorten(trouble, 200))
        self._about.display = bool(trouble)
        self._settled.set()

    def _show(self, hits: Sequence[Hit], typed: str) -> None:
        """The cursor stays where it is while what is typed does."""
        self._list.show(hits, afresh=typed != self._shown)
        self._shown = typed

    def action_move(self, rows: int) -> None:
        """Move among what was found while the line keeps the focus."""
        self._list.move(rows)

    @on(Input.Submitted)
    @work(group="choose", exclusive=True)
    async def _submitted(self) -> None:
        """Choose what is under the cursor, once it is what was found for all that was typed."""
        await self._gathered.wait()
        await self._settled.wait()
        if (entry := self._list.selected) is not None:
            self.dismiss(entry)

    @on(PaletteList.Chosen)
    def _clicked(self, event: PaletteList.Chosen) -> None:
        self.dismiss(event.entry)
