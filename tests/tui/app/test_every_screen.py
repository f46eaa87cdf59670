"""What holds for every screen there is: help for each action, names for the keymap, 80 by 24."""

import re
from pathlib import Path

import pytest
from textual.binding import Binding
from textual.dom import DOMNode
from textual.screen import ModalScreen, Screen

import sestui.tui
from sestui.tui.app import app as app_module
from sestui.tui.app.app import SestuiApp
from sestui.tui.app.keys.help import HelpScreen
from sestui.tui.app.keys.key_bar import KeyBar
from sestui.tui.app.navigation.tabs import TABS
from tests.support.screens import add_campaign, fits, own_classes, running, shown, until

SCREENS = [kind for kind in own_classes() if issubclass(kind, Screen)]
MODES = [place.mode for place in TABS]


def below(kind):
    """A class, and everything that has descended from it by now."""
    yield kind
    for each in kind.__subclasses__():
        yield from below(each)


def own_bindings(kind):
    return [each for each in kind.__dict__.get("BINDINGS", ()) if isinstance(each, Binding)]


@pytest.mark.parametrize("kind", own_classes(), ids=lambda kind: kind.__name__)
def test_every_action_has_a_help_row_and_a_name_for_the_keymap(kind):
    for binding in own_bindings(kind):
        assert binding.description
        if binding.tooltip and not issubclass(kind, ModalScreen) and binding.key != "ctrl+q":
            assert binding.id, f"{kind.__name__}: {binding.action} can't be given another key"
        if not binding.tooltip:
            assert not binding.show, f"{kind.__name__}: {binding.action} is shown and not explained"


def test_no_two_actions_have_the_same_name_in_the_keymap():
    names = {}
    for kind in own_classes():
        for binding in own_bindings(kind):
            if binding.id:
                names.setdefault(binding.id, set()).add(binding.action)
    assert {name: actions for name, actions in names.items() if len(actions) > 1} == {}


def test_every_action_is_there_to_be_called():
    for kind in own_classes():
        for binding in own_bindings(kind):
            where, _, name = binding.action.split("(")[0].rpartition(".")
            of = {"": [kind], "app": [SestuiApp], "screen": SCREENS}[where]
            assert any(hasattr(each, f"action_{name}") for each in of), (
                f"{kind.__name__}: there is no action {binding.action}"
            )


@pytest.mark.parametrize("mode", MODES)
async def test_the_help_lists_every_key_of_the_footer(runtime, still, mode):
    add_campaign(runtime)
    async with running(runtime, place=mode, size=(120, 60)) as (app, pilot):
        await until(pilot, lambda: app.screen.query(KeyBar))
        await pilot.pause()
        wanted = {
            binding.description
            for _, binding, _, tooltip in app.screen.active_bindings.values()
            if tooltip and not binding.system
        }
        app.action_help()
        await until(pilot, lambda: isinstance(app.screen, HelpScreen))
        await until(pilot, lambda: all(name in shown(app) for name in wanted), 5)


@pytest.mark.long
@pytest.mark.parametrize("mode", MODES)
async def test_every_place_fits_and_survives_being_resized(runtime, still, mode):
    add_campaign(runtime)
    async with running(runtime, place=mode) as (app, pilot):
        await until(pilot, lambda: app.screen.query(KeyBar))
        await pilot.pause()
        for size in ((80, 24), (20, 5), (200, 50), (40, 10), (120, 40), (80, 24)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
            if size >= (80, 24):
                fits(app.screen, size)
                for place in TABS:
                    assert place.name in shown(app).splitlines()[0]
        assert isinstance(app, SestuiApp)


def test_what_is_styled_and_looked_for_by_its_class_is_there():
    sheet = Path(app_module.__file__).with_name("sestui.tcss").read_text(encoding="utf-8")
    sheet = re.sub(r"/\*.*?\*/", "", sheet, flags=re.DOTALL)
    wanted = [re.sub(r"\{[^{}]*\}", "", sheet)]
    for path in Path(sestui.tui.__file__).parent.rglob("*.py"):
        wanted += re.findall(r'query(?:_one|_children)?\(\s*f?"([^"]*)"', path.read_text("utf-8"))
    named = {name for each in wanted for name in re.findall(r"(?<![\w.#:$&-])[A-Z]\w+", each)}
    known = {kind.__name__ for kind in below(DOMNode)}  # own_classes() has imported all
    assert "TextInput" in named
    assert named - known == set()
