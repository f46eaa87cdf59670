from typing import ClassVar

import pytest
from textual.app import App
from textual.binding import Binding
from textual.widgets import Button, Input

from sestui.tui.app.keys.key_bar import KeyBar
from tests.support.screens import shown


class Keys(App[None]):
    BINDINGS: ClassVar = [Binding("x", "go", "Go"), Binding("y", "stay", "Stay", tooltip="Wait")]
    may_stay = True
    gone = 0

    def compose(self):
        yield Button("a")
        yield Button("b")
        yield Input()
        yield KeyBar()

    def check_action(self, action, parameters):
        return action != "stay" or self.may_stay

    def action_go(self):
        self.gone += 1


def line(app):
    return shown(app).splitlines()[-1]


async def test_the_keys_are_those_that_do_something_here():
    app = Keys()
    async with app.run_test() as pilot:
        await pilot.pause()
        assert line(app).startswith(" COMMAND  x Go y Stay  ")
        assert line(app).rstrip().endswith("▏^p palette")
        assert len(line(app)) == 80
        await pilot.press("tab", "tab")  # letters are text here
        await pilot.pause()
        assert line(app).split() == ["WRITE", "▏^p", "palette"]
        await pilot.press("shift+tab")
        await pilot.pause()
        assert line(app).startswith(" COMMAND  x Go y Stay  ")
        app.may_stay = False
        app.refresh_bindings()
        await pilot.pause()
        await pilot.pause()
        assert line(app).startswith(" COMMAND  x Go   ")


async def test_a_click_is_as_good_as_the_key_and_pointing_tells_more():
    app = Keys()
    async with app.run_test() as pilot:
        await pilot.pause()
        await pilot.click(KeyBar, offset=(12, 0))
        await pilot.pause()
        assert app.gone == 1
        bar = app.query_one(KeyBar)
        await pilot.hover(KeyBar, offset=(16, 0))
        assert bar.tooltip == "Wait"
        await pilot.hover(Button)
        await pilot.pause()
        assert bar.tooltip is None


class ManyKeys(App[None]):
    BINDINGS: ClassVar = [Binding("question_mark", "help", "Help", key_display="?")]

    class Field(Button):
        BINDINGS: ClassVar = [
            Binding(letter, f"do('{letter}')", "Something long") for letter in "abcdefgh"
        ]

    def compose(self):
        yield self.Field("x")
        yield KeyBar()


@pytest.mark.parametrize(("width", "keys"), [(60, 2), (80, 3), (200, 8)])
async def test_what_is_everywhere_stays_when_the_line_is_too_short(width, keys):
    app = ManyKeys()
    async with app.run_test(size=(width, 10)) as pilot:
        await pilot.pause()
        said = line(app)
        assert said.count("Something long") == keys
        assert ("…" in said) == (keys < 8)
        assert " ? Help" in said
        assert said.rstrip().endswith("^p palette")
        assert len(said) == width
