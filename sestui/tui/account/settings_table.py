"""Every setting: its value, where that comes from, and what the next start will have."""

from collections.abc import Mapping
from typing import Any, ClassVar

from textual.binding import Binding, BindingType

from sestui.core.keymap import keymap_text
from sestui.settings_file import Setting
from sestui.tui.widgets.lazy_table import Column, LazyTable
from sestui.tui.widgets.row_strip import Cell

AT_ONCE = frozenset({"theme", "keymap"})
"""Settings whose change the screens don't keep for the next start."""

_COLUMNS = (
    Column("name", "Setting", width=20),
    Column("value", "Value", share=2),
    Column("source", "From", width=12),
    Column("meaning", "Meaning", share=3, from_width=110),
)


class SettingsTable(LazyTable[Setting]):
    """The settings in the order of docs/guide/settings.md."""

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
    return {
        "name": (setting.name, ""),
        "value": _value(setting),
        "source": (setting.source, "quiet"),
        "meaning": (setting.meaning, "quiet"),
    }


def _value(setting: Setting) -> Cell:
    if setting.coming is None:
        return in_words(setting.value), "quiet" if setting.source == "default" else ""
    if setting.name in AT_ONCE:
        return in_words(setting.coming), ""
    return f"{in_words(setting.coming)} at the next start", "warning"
