import pytest
from textual.events import Key
from textual.screen import ModalScreen

from sestui.tui.app.keys.jump_keys import JumpScreen
from sestui.tui.app.keys.key_bar import KeyBar
from sestui.tui.campaigns.campaigns_screen import CampaignsScreen
from sestui.tui.dialogs.ask import AskScreen
from sestui.tui.dialogs.choose import ChooseScreen
from sestui.tui.dialogs.confirm import ConfirmScreen
from sestui.tui.dialogs.dialog import Dialog
from tests.support.screens import own_classes, running, shown, until


def test_every_modal_screen_answers_once():
    modal = {each for each in own_classes() if issubclass(each, ModalScreen)}
    assert {each for each in modal if not issubclass(each, Dialog)} == set()


@pytest.mark.parametrize(
    ("dialog", "key"),
    [
        (lambda: ChooseScreen("Which?", "", {"a": "A"}), "enter"),
        (lambda: ConfirmScreen("Really?", "", recipients=1, yes="Yes"), "enter"),
        (lambda: JumpScreen([]), "x"),
    ],
)
async def test_a_key_too_many_closes_nothing_else(runtime, still, dialog, key):
    answers = []
    async with running(runtime) as (app, pilot):
        screen = dialog()
        await app.push_screen(screen, answers.append)
        await pilot.pause()
        for _ in range(3):
            app.post_message(Key(key, key if len(key) == 1 else None))
        await until(pilot, lambda: isinstance(app.screen, CampaignsScreen))
        await pilot.pause()
        assert isinstance(app.screen, CampaignsScreen)
        assert len(answers) == 1


@pytest.mark.parametrize(
    ("dialog", "keys", "edge"),
    [
        (lambda: ConfirmScreen("Really?", "", recipients=1, yes="Yes"), [], "⏎ Go back  tab Next"),
        (lambda: ConfirmScreen("Really?", "", recipients=1, yes="Yes"), ["tab"], "⏎ Yes  tab Next"),
        (
            lambda: ConfirmScreen("When?", "", recipients=1, yes="Then", harmless=True),
            [],
            "⏎ Then  tab Next  esc Back",
        ),
        (
            lambda: ConfirmScreen("Many?", "", recipients=9_999, yes="Y", harmless=True),
            [],
            "⏎ OK",
        ),
        (lambda: ChooseScreen("Which?", "", {"a": "A"}), [], "⏎ Choose  esc Back"),
        (lambda: AskScreen("Who?", "", placeholder="x"), [], "⏎ OK  esc Back"),
    ],
)
async def test_a_dialog_says_what_enter_does_and_its_keys_alone(runtime, still, dialog, keys, edge):
    async with running(runtime) as (app, pilot):
        behind = app.screen.query_one(KeyBar)
        await app.push_screen(dialog())
        await pilot.press(*keys)
        await until(pilot, lambda: edge in shown(app))
        assert not behind.visible
        await pilot.press("escape")
        await until(pilot, lambda: behind.visible)
