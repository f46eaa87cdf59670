import tomllib

import pytest

from sestui.config_file import config_path
from sestui.tui.app.look.themes import ThemesScreen
from sestui.tui.app.palette.palette import PaletteScreen
from tests.support.screens import running, shown, toasts, until


def written():
    return tomllib.loads(config_path().read_text()) if config_path().exists() else {}


async def opened(app, pilot):
    await pilot.press("ctrl+p")
    await until(pilot, lambda: isinstance(app.screen, PaletteScreen))
    await pilot.press(*"theme")
    await until(pilot, lambda: "Choose a colour theme" in shown(app))
    await pilot.press("enter")
    await until(pilot, lambda: isinstance(app.screen, ThemesScreen))
    await until(pilot, lambda: app.screen.query_one("ThemeTable").count)


@pytest.mark.long
@pytest.mark.ci
async def test_a_theme_is_seen_while_one_moves_and_esc_restores(runtime, still):
    async with running(runtime, place="home") as (app, pilot):
        await opened(app, pilot)
        table = app.screen.query_one("ThemeTable")
        assert table.selected == app.theme == "textual-dark"
        await pilot.press("j")
        await until(pilot, lambda: app.theme == table.selected != "textual-dark")
        await pilot.press("escape")
        await until(pilot, lambda: app.theme == "textual-dark")
    assert written() == {}


async def test_enter_keeps_it_and_writes_the_setting(runtime, still):
    async with running(runtime, place="account") as (app, pilot):
        await pilot.press("t")
        await until(pilot, lambda: isinstance(app.screen, ThemesScreen))
        await until(pilot, lambda: app.screen.query_one("ThemeTable").count)
        await pilot.press("j")
        await until(pilot, lambda: app.theme == "textual-light")
        await pilot.press("enter")
        await until(pilot, lambda: "The theme is textual-light." in toasts(app))
        assert app.theme == "textual-light"
    assert written() == {"theme": "textual-light"}


@pytest.mark.parametrize("name", ["textual-light", "ansi-dark"])
async def test_the_stylesheet_knows_every_colour_of_a_theme(open_runtime, still, name):
    async with running(open_runtime(theme=name), place="account") as (app, pilot):
        await until(pilot, lambda: "Setting" in shown(app))
        assert app.theme == name
        assert not toasts(app)


@pytest.mark.long
@pytest.mark.ci
async def test_a_setting_that_cant_be_written_is_said(runtime, still):
    config_path().mkdir()
    async with running(runtime, place="home") as (app, pilot):
        await opened(app, pilot)
        await pilot.press("j", "enter")
        await until(pilot, lambda: "can't be read" in str(toasts(app)))
        assert app.theme != "textual-dark"
