"""The header as room shrinks: the keys of the tabs outlive most of it."""

import pytest

from sestui.tui.app.navigation.account_label import AccountLabel
from sestui.tui.app.navigation.tabs import TABS, keys_of_tabs
from sestui.tui.app.navigation.top_bar import Bar

SIMULATOR = AccountLabel.of_settings("simulator")


def drawn(width, *trail, account=SIMULATOR):
    return Bar(TABS, keys_of_tabs({}), trail[0].lower(), trail, account).drawn(width)


@pytest.mark.parametrize("width", [60, 80, 90, 100, 120])
def test_every_tab_has_its_number(width):
    shown = drawn(width, "Home").plain
    assert len(shown) == width
    assert [key for key in "12345678" if key not in shown] == []


def test_at_80_cells_tabs_have_their_numbers_and_their_names():
    shown = drawn(80, "Home")
    for number, tab in enumerate(TABS, 1):
        assert f"{number}{tab.name}" in shown.plain
    assert shown.plain.endswith(" SIMULATOR ")


def test_with_room_there_is_a_space_between_them():
    assert "1 Home  2 Campaigns  3 Contacts" in drawn(120, "Home").plain
