"""Every setting: its value, where that comes from, and what the next start will have."""

from collections.abc import Mapping
from typing import Any, ClassVar

from textual.binding import Binding, BindingType

from sestui.core.keymap import keymap_text
from sestui.settings_file import Setting
from sestui.tui.widgets.lazy_table import Cell, Column, LazyTable

_COLUMNS = (
    Column("name", "Setting", width=18),
    Column("value", "Value", share=2),
    Column("source", "From", width=12),
    Column("meaning", "", share=3, from_width=110),
)


class SettingsTable(LazyTable[Setting]):
    """The settings in the order of the README."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select", "Change", id="account.change",
                tooltip="Change the setting under the cursor, in the settings file"),
    ]  # fmt: skip

    def __init__(self) -> None:
        super().__init__(_COLUMNS, _cells, id="settings")


def in_words(value: Any) -> str:
    """A setting's value on one line."""
    if isinstance(value, Mapping):
        return keymap_text(value) or "–"
    return "–" if value in {"", None} else str(value)


def _cells(setting: Setting) -> dict[str, Cell]:
    value = in_words(setting.value)
    changes = setting.coming is not None
    plain = setting.source == "default" and not changes
    return {
        "name": (setting.name, ""),
        "value": (
            f"{in_words(setting.coming)} from the next start on" if changes else value,
            "warning" if changes else "quiet" if plain else "",
        ),
        "source": (setting.source, "quiet"),
        "meaning": (setting.meaning, "quiet"),
    }
