import tomllib

import pytest
from textual.widgets import Input

from sestui.config_file import config_path
from sestui.tui.account.account_choice import AccountChoiceScreen
from sestui.tui.account.account_screen import AccountScreen
from sestui.tui.app.keys.help import HelpScreen
from sestui.tui.app.keys.keymap import actions, is_key, sort_out
from sestui.tui.app.keys.keys_screen import KeysScreen
from tests.support.screens import running, shown, toasts, until


@pytest.mark.parametrize(
    "key", ["s", "S", "/", "slash", "ctrl+n", "f5", "ctrl+shift+up", "alt+ü", "plus", "名"]
)
def test_keys(key):
    assert is_key(key)


@pytest.mark.parametrize("key", ["", " ", "bogus", "ctrl+", "hyperr+s", "ctrl-n", "\x1b", "s t"])
def test_no_keys(key):
    assert not is_key(key)


def test_what_can_be_used_is_used():
    known = actions()
    assert {"help", "go.account", "import.email", "account.theme", "table.open"} <= set(known)
    sorted_out = sort_out(
        {"account.theme": "T,bogus", "help": "nokey", "no.such": "x", "quit": "?"}, known
    )
    assert sorted_out.usable == {"account.theme": "T", "quit": "?"}
    assert sorted_out.complaints == (
        "account.theme: there is no key bogus",
        "help: there is no key nokey",
        "there is no action no.such",
        "quit takes question_mark from help",
    )


async def test_keys_of_ones_own_are_used_and_the_help_shows_them(open_runtime, still):
    keymap = {"account.choose": "S,ctrl+n", "no.[such]": "x", "help": "f4"}
    async with running(open_runtime(keymap=keymap), place="account", size=(100, 50)) as (
        app,
        pilot,
    ):
        await until(pilot, lambda: "there is no action no.[such]" in str(toasts(app)))
        await pilot.press("f4")
        await until(pilot, lambda: isinstance(app.screen, HelpScreen))
        assert "S ^n  Account:" in shown(app)
        await pilot.press("escape", "a")
        assert isinstance(app.screen, AccountScreen)
        await pilot.press("S")
        await until(pilot, lambda: isinstance(app.screen, AccountChoiceScreen))
        assert len(toasts(app)) == 1


async def test_an_action_that_loses_its_key_is_named_once(open_runtime, still):
    runtime = open_runtime(keymap={"account.choose": "t"})
    async with running(runtime, place="account") as (app, pilot):
        await until(pilot, lambda: "account.choose takes t from account.theme" in str(toasts(app)))
        await pilot.press("j", "k", "t")
        await until(pilot, lambda: isinstance(app.screen, AccountChoiceScreen))
        assert len(toasts(app)) == 1


@pytest.mark.long
async def test_keys_are_given_on_the_screen(runtime, still):
    async with running(runtime, place="account", size=(120, 40)) as (app, pilot):
        await pilot.press("m")
        await until(pilot, lambda: isinstance(app.screen, KeysScreen))
        await until(pilot, lambda: "account.ask" in shown(app))
        await pilot.press("slash", *"account.th", "enter")
        table = app.screen.query_one("#actions")
        await until(pilot, lambda: table.count == 1)
        await pilot.press("y")
        assert "Copied: account.theme" in toasts(app)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.focused, Input))
        await pilot.press("ctrl+u", *"bogus", "enter")
        await until(pilot, lambda: "there is no key bogus" in shown(app))
        await pilot.press("ctrl+u", *"C", "enter")
        await until(pilot, lambda: "Theme: C" in toasts(app))
        assert tomllib.loads(config_path().read_text()) == {"keymap": {"account.theme": "C"}}
        await pilot.press("escape", "escape")
        await until(pilot, lambda: "C Theme" in shown(app))
        await pilot.press("m")
        await until(pilot, lambda: isinstance(app.screen, KeysScreen))
        await until(pilot, lambda: "account.ask" in shown(app))
        await pilot.press("slash", *"account.th", "enter", "enter", "ctrl+u", "enter")
        await until(pilot, lambda: "Theme: t" in toasts(app))
        assert tomllib.loads(config_path().read_text()) == {}
