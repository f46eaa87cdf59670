"""One-line fields of a form."""

import csv
from collections.abc import Callable, Sequence
from typing import ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.suggester import Suggester
from textual.widgets import Input

from sestui.tui._compat import DrawnInput
from sestui.tui.widgets.visible_controls import visible

_MOST_UNDONE = 100
"""Changes of a line that can be taken back."""


class TextInput(DrawnInput, Input):
    """A line of text from anywhere; nothing in it is obeyed. ctrl+z undoes, as in a text area."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+z,super+z", "undo", "Undo", show=False, id="line.undo"),
    ]

    def __init__(
        self,
        *,
        placeholder: str = "",
        suggester: Suggester | None = None,
        id: str | None = None,  # noqa: A002 - textual's own name for it
    ) -> None:
        super().__init__(
            placeholder=placeholder,
            suggester=suggester,
            select_on_focus=False,
            compact=True,
            id=id,
        )
        self._before: list[str] = []
        """What was here before each change since the line got the focus; the newest last."""

    def watch_value(self, before: str, _value: str) -> None:
        """Remember what is changed while somebody writes here."""
        if self.has_focus:
            self._before = [*self._before[1 - _MOST_UNDONE :], before]
        else:
            self._before = []

    def action_undo(self) -> None:
        """Take back the last change."""
        if self._before:
            *left, self.value = self._before
            self._before = left
            self.cursor_position = len(self.value)

    def drawn(self) -> Text:
        """The value, with nothing in it that a terminal would obey."""
        return Text(visible(self.value), no_wrap=True, overflow="ignore", end="")


class NamesInput(TextInput):
    """Names with commas between them; tab completes the last one."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "complete", "Complete", id="names.complete", tooltip="Complete the name"),
    ]

    def __init__(
        self,
        names: Callable[[], Sequence[str]],
        *,
        placeholder: str = "",
        id: str | None = None,  # noqa: A002 - as above
    ) -> None:
        super().__init__(placeholder=placeholder, suggester=_Names(names), id=id)
        self._names = names

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Without a completion, tab goes on as everywhere."""
        if action == "complete":
            return completed(self.value, self._names()) is not None
        return super().check_action(action, parameters)

    def action_complete(self) -> None:
        """Take the completion."""
        whole = completed(self.value, self._names())
        if whole is not None:
            self.value = whole
            self.cursor_position = len(whole)

    def finish(self) -> None:
        """Take the completion that is shown, unless what is typed is itself one of the names."""
        if (whole := finished(self.value, self._names())) != self.value:
            self.value = whole


class _Names(Suggester):
    """Lists come and go: nothing is remembered."""

    def __init__(self, names: Callable[[], Sequence[str]]) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._names = names

    async def get_suggestion(self, value: str) -> str | None:
        """The value with its last name completed."""
        return completed(value, self._names())


def completed(value: str, names: Sequence[str]) -> str | None:
    """``value`` with its last item completed to one of ``names`` that isn't there; None: none."""
    before, comma, start = value.rpartition(",")
    begun = start.lstrip()
    if not begun or '"' in value:
        return None
    taken = {item.strip() for row in csv.reader([before]) for item in row}
    for name in names:
        plain = name.isprintable() and not set(',"') & set(name)
        if plain and name not in taken and name.startswith(begun) and name != begun:
            return f"{before}{comma}{start}{name[len(begun) :]}"
    return None


def finished(value: str, names: Sequence[str]) -> str:
    """``value`` with its last item completed, unless that is itself one of ``names``."""
    typed = value.rpartition(",")[2].strip()
    return value if typed in names else completed(value, names) or value
