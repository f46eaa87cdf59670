from typing import ClassVar

from textual.app import App
from textual.binding import Binding
from textual.widgets import Button, Input
from textual.widgets._footer import FooterKey

from sestui.tui.widgets.key_bar import KeyBar


class Keys(App[None]):
    BINDINGS: ClassVar = [Binding("x", "go", "Go"), Binding("y", "stay", "Stay")]
    may_stay = True

    def compose(self):
        yield Button("a")
        yield Button("b")
        yield Input()
        yield KeyBar()

    def check_action(self, action, parameters):
        return action != "stay" or self.may_stay


def drawn(app):
    return [
        key.description for key in app.query(FooterKey) if not key.has_class("-command-palette")
    ]


async def test_the_keys_are_those_that_do_something_here_and_are_drawn_once():
    app = Keys()
    async with app.run_test() as pilot:
        await pilot.pause()
        assert drawn(app) == ["Go", "Stay"]
        first = list(app.query(FooterKey))
        await pilot.press("tab")
        await pilot.pause()
        assert list(app.query(FooterKey)) == first
        await pilot.press("tab")  # letters are text here
        await pilot.pause()
        assert drawn(app) == []
        await pilot.press("shift+tab")
        await pilot.pause()
        assert drawn(app) == ["Go", "Stay"]
        app.may_stay = False
        app.refresh_bindings()
        await pilot.pause()
        await pilot.pause()
        assert drawn(app) == ["Go"]
