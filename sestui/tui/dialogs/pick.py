"""Pick one of a few items that may change, or of many by a part of the name."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from sestui.tui.dialogs.dialog import Dialog
from sestui.tui.widgets.format import shorten

_NAME_CELLS = 56


@dataclass(frozen=True, slots=True)
class Item:
    """Something to pick."""

    name: str
    note: str = ""
    """What it means, below its name; '' where the name says it."""
    enabled: bool = True


class PickScreen(Dialog[int | None]):
    """Returns the number of the picked item, or None; ``finding`` adds a filter line."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss", "Back", tooltip="Change nothing"),
        Binding("j,down", "move(1)", "Down", show=False),
        Binding("k,up", "move(-1)", "Up", show=False),
    ]

    def __init__(
        self, question: str, items: Sequence[Item], *, text: str = "", finding: bool = False
    ) -> None:
        super().__init__()
        self._question = question
        self._text = text
        self._finding = finding
        self.items = list(items)

    def compose(self) -> ComposeResult:
        """Question, explanation, the find line if there is one, the items."""
        with Vertical(id="dialog"):
            yield Static(self._question, id="question", markup=False)
            if self._text:
                yield Static(self._text, id="pick-text", markup=False)
            if self._finding:
                yield Input(placeholder="part of a name", id="pick-find")
            yield OptionList(id="items", markup=False)

    def on_mount(self) -> None:
        """The first item is under the cursor."""
        self.show_items()
        self.query_one("#pick-find" if self._finding else "#items").focus()

    def show_items(self) -> None:
        """Draw the items as they are now; the cursor stays where it is."""
        wanted = self.query_one("#pick-find", Input).value.casefold() if self._finding else ""
        options = self.query_one(OptionList)
        at = options.highlighted
        options.clear_options()
        options.add_options(
            Option(_prompt(item), id=str(number), disabled=not item.enabled)
            for number, item in enumerate(self.items)
            if wanted in item.name.casefold()
        )
        if options.option_count:
            options.highlighted = min(at or 0, options.option_count - 1)

    def action_move(self, rows: int) -> None:
        """Move the cursor, from the find line too."""
        options = self.query_one(OptionList)
        if rows > 0:
            options.action_cursor_down()
        else:
            options.action_cursor_up()

    @on(Input.Changed)
    def _typed(self) -> None:
        self.show_items()

    @on(Input.Submitted)
    def _entered(self) -> None:
        self.query_one(OptionList).action_select()

    @on(OptionList.OptionSelected)
    def _picked(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(int(event.option.id or 0))


def _prompt(item: Item) -> Content:
    name = Content(shorten(item.name, _NAME_CELLS))
    if not item.note:
        return name
    return name + Content("\n") + Content.styled(f"  {item.note}", "$text-muted")
