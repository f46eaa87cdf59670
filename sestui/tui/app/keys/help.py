"""Help: every key of the screen below, from its own bindings."""

from collections import defaultdict
from collections.abc import Sequence
from typing import ClassVar

from rich.table import Table
from rich.text import Text
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import Static

from sestui.tui.dialogs.dialog import Dialog


class HelpScreen(Dialog[None]):
    """The keys of ``screen``; any of esc, ? and q leads back."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,q", "dismiss", "Back", tooltip="Back to where you were")
    ]

    def __init__(self, rows: Sequence[tuple[str, str]]) -> None:
        """``rows`` are keys and what they do."""
        super().__init__()
        self._rows = rows

    def compose(self) -> ComposeResult:
        """A table as high as the screen allows."""
        table = Table.grid(padding=(0, 2))
        table.add_column(no_wrap=True, justify="right", style="bold")
        table.add_column()
        for keys, text in self._rows:
            table.add_row(Text(keys), Text(text))
        with VerticalScroll(id="dialog"):
            yield Static("Keys on this screen", id="question")
            yield Static(table)


def help_rows(app: App[None]) -> list[tuple[str, str]]:
    """Keys and meaning of every action that is available now: actions first, then movement."""
    keys: defaultdict[str, list[str]] = defaultdict(list)
    actions: dict[str, str] = {}
    moves: dict[str, str] = {}
    for _node, binding, _enabled, tooltip in app.screen.active_bindings.values():
        if binding.system:
            continue
        keys[binding.action].append(app.get_key_display(binding))
        if tooltip:
            actions.setdefault(
                binding.action, f"{binding.description}: {tooltip[:1].lower()}{tooltip[1:]}"
            )
        else:
            moves.setdefault(binding.action, binding.description)
    moves = {action: text for action, text in moves.items() if action not in actions}
    return [
        (" ".join(dict.fromkeys(keys[action])), text) for action, text in (actions | moves).items()
    ]
