"""Every theme that ships is readable: WCAG's AA, for whatever text stands on whatever ground."""

import re
import time
from pathlib import Path

import pytest
from rich.color import ColorType
from textual.color import Color
from textual.theme import BUILTIN_THEMES

from sestui.core.delivery.states import PauseReason
from sestui.core.task.fields import TaskFields
from sestui.tui.app import app as app_module
from sestui.tui.app.look.contrast import (
    FAULT_SHARE,
    FILLS,
    LEAST,
    TEXTS,
    contrast,
    grounds_of,
    readable,
)
from tests.support.finished_runs import settle
from tests.support.screens import add_campaign, running, until

THEMES = sorted(BUILTIN_THEMES)
OF_COLOURS = [name for name in THEMES if not name.startswith("ansi")]


def variables(name):
    theme = BUILTIN_THEMES[name]
    return readable({**theme.to_color_system().generate(), **theme.variables})


@pytest.mark.parametrize("name", OF_COLOURS)
def test_text_is_readable_on_every_ground(name):
    found = variables(name)
    grounds = grounds_of(found)
    for text in TEXTS:
        least = min(contrast(Color.parse(found[text]), ground) for ground in grounds)
        assert least >= LEAST, text
    quiet = Color.parse(found["text-muted"])
    assert min(contrast(quiet, ground) for ground in grounds[:-1]) >= LEAST
    for fill in FILLS:
        assert contrast(Color.parse(found[f"on-{fill}"]), Color.parse(found[fill])) >= LEAST, fill


@pytest.mark.parametrize("name", OF_COLOURS)
def test_quiet_text_differs_from_plain_and_the_cursor_from_the_background(name):
    found = variables(name)
    assert contrast(Color.parse(found["text-muted"]), Color.parse(found["foreground"])) > 1.2
    assert found["primary-muted"] != found["background"] != found["rule"]


def test_a_theme_that_is_readable_stays_as_it_is():
    theme = BUILTIN_THEMES["textual-dark"]
    before = {**theme.to_color_system().generate(), **theme.variables}
    after = readable(before)
    kept = ("foreground", "text-primary", "text-success", "text-warning", "text-error", "surface")
    assert {name: after[name] for name in kept} == {name: before[name] for name in kept}


def test_ansi_themes_are_left_to_the_terminal():
    for name in set(THEMES) - set(OF_COLOURS):
        found = variables(name)
        assert found["text-muted"] == "ansi_default"
        assert found["on-warning"] == "ansi_black"


def test_the_stylesheet_uses_no_shades_that_depend_on_the_theme_for_text():
    """Part of a colour is readable in some themes only: ``$text-muted`` and ``$rule`` in all."""
    sheet = Path(app_module.__file__).with_name("sestui.tcss").read_text(encoding="utf-8")
    assert re.findall(r"color: \$\S+ \d+%", sheet) == []
    assert re.findall(r"solid \$foreground \d+%", sheet) == []
    shares = {int(each) for each in re.findall(r"background: \$error (\d+)%", sheet)}
    assert shares == {round(100 * FAULT_SHARE)}


def unreadable(app):
    """What stands on the screen with too little contrast, with its colours."""
    found = set()
    for strip in app.screen._compositor.render_strips():
        for segment in strip:
            style = segment.style
            if style is None or not any(each.isalnum() for each in segment.text):
                continue
            colours = [each for each in (style.color, style.bgcolor) if each is not None]
            if len(colours) < 2 or any(each.type is not ColorType.TRUECOLOR for each in colours):
                continue
            text, ground = (Color.from_rich_color(each) for each in colours)
            if style.reverse:
                text, ground = ground, text
            if contrast(text, ground) < LEAST - 0.05:  # blended colours are rounded
                found.add((segment.text.strip()[:30], text.hex, ground.hex))
    return found


@pytest.mark.long
@pytest.mark.timeout(300)
async def test_all_that_the_screens_show_is_readable_in_every_theme(runtime, still):
    now = time.time()
    news = add_campaign(runtime, "news")
    settle(runtime, runtime.runs.start(news, now).id, ["accepted", "rejected", "in_doubt"])
    held = runtime.starter.start(add_campaign(runtime, "held", contacts=3), now)
    runtime.runs.pause(held.id, PauseReason.ERRORS, "SES refused the sender.")
    runtime.starter.start(add_campaign(runtime, "going"), now)
    runtime.tasks.add(TaskFields("nightly", "purge", "0 3 * * *"))
    bad = set()
    async with running(runtime, place="home", size=(120, 40)) as (app, pilot):
        app.services.account_open = True
        for mode in "12345678":
            await pilot.press("escape", mode)
            await until(pilot, lambda: not app.screen.workers or app.screen.is_mounted)
            await pilot.pause(0.3)
            for name in OF_COLOURS:
                app.theme = name
                await pilot.pause()
                for _ in range(40):  # a table that keeps its rows' colours reads them anew soon
                    if not (found := unreadable(app)):
                        break
                    await pilot.pause(0.05)
                bad |= {(app.current_mode, name, *each) for each in found}
    assert not bad, "\n".join(map(str, sorted(bad)))
