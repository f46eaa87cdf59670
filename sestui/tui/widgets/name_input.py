"""A field for a name that can't hold everything: it says so, and offers what it could hold."""

from typing import ClassVar

from textual.content import Content
from textual.style import Style
from textual.widgets import Input, Static

from sestui.core.campaign.values import offered_name
from sestui.tui.widgets.format import shorten
from sestui.tui.widgets.text_input import TextInput

_OFFER_CELLS = 40


def _took_offer(line: Input) -> bool:
    """Whether the cursor was at the end of what is no name, which the offer has replaced."""
    offer = offered_name(line.value)
    if not offer or offer == line.value or line.cursor_position < len(line.value):
        return False
    line.value = offer
    line.cursor_position = len(offer)
    return True


class NameLine(Input):
    """A line for a name: right at its end takes the name that is offered."""

    def action_cursor_right(self, select: bool = False) -> None:
        """Go right, or take the offer as any completion."""
        if select or not _took_offer(self):
            super().action_cursor_right(select)


class NameInput(TextInput):
    """The same in a form."""

    def action_cursor_right(self, select: bool = False) -> None:
        """As in :class:`NameLine`."""
        if select or not _took_offer(self):
            super().action_cursor_right(select)


class NameHint(Static):
    """What a name may have, while the line above has something else; a click takes the offer."""

    DEFAULT_CLASSES: ClassVar[str] = "name-hint"

    def __init__(self, line: NameLine | NameInput) -> None:
        super().__init__("", markup=False)
        self._line = line
        self.display = False

    def on_mount(self) -> None:
        """Follow what is typed."""
        self.watch(self._line, "value", self._follow)

    def _follow(self, value: str) -> None:
        said = hint(value.strip())
        self.display = said is not None
        self.update(said if said is not None else "")

    def action_take(self) -> None:
        """Write the offered name into the line."""
        self._line.value = offered_name(self._line.value)
        self._line.focus()
        self._line.cursor_position = len(self._line.value)


def hint(name: str) -> Content | None:
    """What is to be said of a name; None: nothing, it is one or nothing yet."""
    if not name or (offer := offered_name(name)) == name:
        return None
    rule = "a name has letters, digits, '.', '_' and '-'"
    if not offer:
        return Content(f"{rule.capitalize()}, a letter or digit first.")
    taking = Content(f"→ takes {shorten(offer, _OFFER_CELLS)}")
    return taking.stylize(Style.from_meta({"@click": "take"})) + Content(f": {rule}")
