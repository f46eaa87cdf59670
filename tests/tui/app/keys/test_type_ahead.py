"""Keys that come in one go, as over a slow line: each does what it does where it was meant."""

import asyncio
from typing import ClassVar

import pytest
from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.events import Event, Key, Paste
from textual.screen import ModalScreen, Screen
from textual.widgets import Input

from sestui.tui.account.account_screen import AccountScreen
from sestui.tui.account.new_relay_key import NewRelayKeyScreen
from sestui.tui.account.relay_keys import RelayKeysScreen
from sestui.tui.app.keys.type_ahead import TypeAhead
from sestui.tui.widgets.button import PushButton
from sestui.tui.widgets.text_input import TextInput
from tests.support.screens import running, until


def in_one_go(app, *keys):
    """Names of keys behind an @, and texts: letter by letter, or pasted behind a >."""
    for key in keys:
        if key.startswith("@"):
            app.post_message(Key(key[1:], None))
        elif key.startswith(">"):
            app.post_message(Paste(key[1:]))
        else:
            for letter in key:
                app.post_message(Key(letter, letter))


async def test_a_form_is_filled_in_one_go(runtime, still):
    async with running(runtime, place="account") as (app, pilot):
        await until(pilot, lambda: isinstance(app.screen, AccountScreen))
        await pilot.press("r")
        await until(pilot, lambda: isinstance(app.screen, RelayKeysScreen))
        await pilot.press("n")
        await until(pilot, lambda: isinstance(app.screen, NewRelayKeyScreen))
        await until(pilot, lambda: app.focused is not None and app.focused.id == "name")
        in_one_go(app, "shop", "@enter", ">a.org,b.org", "@tab", "@ctrl+u", "12", "@tab", "7")
        lines = list(app.screen.query(TextInput).results())
        typed = ["shop", "a.org,b.org", "12", "1007", ""]
        await until(pilot, lambda: [line.value for line in lines] == typed)


class Question(ModalScreen[str]):
    """Takes a letter, or a text in its field behind a tab."""

    BINDINGS: ClassVar = [Binding("y", "answer('yes')"), Binding("n", "answer('no')")]
    AUTO_FOCUS = ""

    def compose(self) -> ComposeResult:
        yield Input()

    def action_answer(self, text: str) -> None:
        self.dismiss(text)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        self.dismiss(event.value)


class TypeAheadApp(App[None]):
    """An app that hands its keys on like sestui."""

    def __init__(self) -> None:
        super().__init__()
        self._type_ahead = TypeAhead(self, super().on_event)

    async def on_event(self, event: Event) -> None:
        await self._type_ahead.take(event)

    def post_display_hook(self) -> None:
        self._type_ahead.painted()

    @property
    def settled(self) -> bool:
        return self._type_ahead.settled


class Asking(TypeAheadApp):
    """Asks at a letter; notes the answers and the letters that came while nothing was asked."""

    BINDINGS: ClassVar = [
        Binding("a", "ask"),
        Binding("b", "ask_later"),
        Binding("s", "stand"),
        *(Binding(letter, f"note('{letter}')") for letter in "xyz"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.noted: list[str | None] = []
        self.stands = asyncio.Event()

    def action_note(self, letter: str) -> None:
        self.noted.append(letter)

    def action_ask(self) -> None:
        self.push_screen(Question(), self.noted.append)

    def action_ask_later(self) -> None:
        self.run_worker(self._ask())

    async def _ask(self) -> None:
        self.noted.append(await self.push_screen_wait(Question()))

    async def action_stand(self) -> None:
        await self.stands.wait()

    @property
    def ground(self) -> Screen[object]:
        return self.screen_stack[0]


@pytest.mark.parametrize(
    ("typed", "noted"),
    [
        (["ay", "an"], ["yes", "no"]),
        (["by", "bn"], ["yes", "no"]),
        (["ay", "xa", "@tab", "any", "@enter", "y"], ["yes", "x", "any", "y"]),
        (["b", "@tab", ">pasted", "@enter", "an"], ["pasted", "no"]),
        (["ay" * 30, "z"], ["yes"] * 30 + ["z"]),
    ],
)
async def test_a_key_that_opens_or_closes_a_screen_has_done_so_before_the_next(typed, noted):
    app = Asking()
    async with app.run_test() as pilot:
        in_one_go(app, *typed)
        await until(pilot, lambda: len(app.noted) >= len(noted))
        assert app.noted == noted
        assert app.screen is app.ground


async def seen(app, pilot, screen):
    """Wait until ``screen`` is in front and has been painted."""
    await until(pilot, lambda: isinstance(app.screen, screen) and app.settled)


@pytest.mark.parametrize("opening", ["a", "b"])
@pytest.mark.parametrize("answer", ["y", "@tab|typed|@enter"])
async def test_a_key_pressed_while_a_dialog_closes_does_nothing(opening, answer):
    app = Asking()
    async with app.run_test() as pilot:
        await until(pilot, lambda: app.settled)
        in_one_go(app, opening)
        await seen(app, pilot, Question)
        in_one_go(app, *answer.split("|"), "x", "a", ">z", "y")
        await until(pilot, lambda: app.noted and app.settled)
        answered = list(app.noted)
        assert answered in (["yes"], ["typed"])
        assert app.screen is app.ground
        in_one_go(app, "x")
        await until(pilot, lambda: app.noted == [*answered, "x"])


class Elsewhere(Screen[None]):
    """Another place, where the same letters do something else."""

    BINDINGS: ClassVar = [Binding(letter, f"app.note('there {letter}')") for letter in "xyz"]


class Going(Asking):
    """Goes to another screen at a letter, or focuses a field by itself."""

    BINDINGS: ClassVar = [Binding("g", "go")]
    AUTO_FOCUS = ""

    def compose(self) -> ComposeResult:
        yield Input()

    def action_go(self) -> None:
        self.push_screen(Elsewhere())


async def test_a_key_pressed_while_the_screen_changes_is_no_command_of_the_next_one():
    app = Going()
    async with app.run_test() as pilot:
        await until(pilot, lambda: app.settled)
        in_one_go(app, "g", "x", "y")
        await seen(app, pilot, Elsewhere)
        assert app.noted == []
        in_one_go(app, "z")
        await until(pilot, lambda: app.noted == ["there z"])


async def test_a_key_pressed_before_a_field_is_seen_to_have_the_focus_is_no_text():
    app = Going()
    async with app.run_test() as pilot:
        await until(pilot, lambda: app.settled)
        field = app.query_one(Input)
        field.focus()
        await until(pilot, lambda: field.has_focus)
        in_one_go(app, "1")
        await until(pilot, lambda: app.settled)
        in_one_go(app, "2")
        await until(pilot, lambda: field.value.endswith("2"))
        app.set_focus(None)
        await until(pilot, lambda: app.settled)
        app.set_focus(field)
        in_one_go(app, "d", "1", "5")
        await until(pilot, lambda: app.settled)
        assert "d" not in field.value


@pytest.mark.long
@pytest.mark.ci
async def test_a_key_that_takes_long_holds_the_others_back_for_a_while_only():
    app = Asking()
    async with app.run_test() as pilot:
        app.stands.set()
        in_one_go(app, "s", "x")
        await until(pilot, lambda: app.noted == ["x"])
        app.stands.clear()
        in_one_go(app, "s", "y", "z")
        asyncio.get_running_loop().call_later(1.0, app.stands.set)
        await until(pilot, lambda: app.noted == ["x", "y", "z"])


class Pressed(TypeAheadApp):
    """Counts what its button is pressed."""

    times = 0

    def compose(self) -> ComposeResult:
        yield PushButton("Go", id="go")

    def on_button_pressed(self) -> None:
        self.times += 1


async def test_a_button_takes_every_press():
    app = Pressed()
    async with app.run_test() as pilot:
        await until(pilot, lambda: app.focused is not None)
        in_one_go(app, "@enter", "@enter", "@enter")
        await until(pilot, lambda: app.times == 3)
