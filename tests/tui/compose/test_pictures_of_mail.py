"""Pictures of the mail in the preview: drawn in half blocks, or said why there is none."""

import asyncio
from pathlib import Path

import pytest

from sestui.tui.compose.picture_view import PictureView
from tests.support.compose import add_news, add_people, load, press
from tests.support.pictures import browser
from tests.support.screens import running, shown, until


def colours(app, y=0):
    """The colours of a line of the picture."""
    strip = app.screen.query_one(PictureView).render_line(y)
    return [
        (tuple(each.style.color.triplet), tuple(each.style.bgcolor.triplet))
        for each in strip
        if each.text.startswith("▀")
    ]


@pytest.mark.long
@pytest.mark.ci
async def test_a_picture_of_the_mail_is_a_view_of_the_preview(runtime, still, monkeypatch):
    add_people(runtime)
    add_news(runtime)
    red = (255, 0, 0)
    count = 'echo x >> {folder}/said; cat {folder}/picture.png > "$out"'
    with browser(monkeypatch, count) as folder:
        async with running(runtime, place="compose", size=(120, 40)) as (app, pilot):
            await load(app, pilot, lambda: "Hi Ada" in shown(app))
            assert (folder / "said").read_text() == ""  # nobody wanted one yet
            await press(pilot, "@escape", "v")
            await until(pilot, lambda: colours(app) == [(red, red)])
            view = app.screen.query_one(PictureView)
            await until(pilot, lambda: app.focused is view)
            assert view.virtual_size.height > 2
            (_, lowest), *_ = colours(app, view.virtual_size.height - 1)
            assert lowest[2] > 0  # what is below the red
            assert "Hello" in shown(app)  # the subject
            asked = (folder / "said").read_text()
            await pilot.resize_terminal(170, 50)  # the text part beside it, and no new picture
            beside = app.screen.query_one("#preview-beside")
            await until(pilot, lambda: beside.display and "Hi Ada" in beside.text)
            await until(pilot, lambda: view.render_line(0).text.count("▀") == view.room > 40)
            assert (folder / "said").read_text() == asked
            await press(pilot, "@right_square_bracket")
            await until(pilot, lambda: len((folder / "said").read_text()) > len(asked))
            await press(pilot, *"vvv")
            await until(pilot, lambda: not beside.display and "<mailto:shop@" in shown(app))


@pytest.mark.long
@pytest.mark.ci
async def test_without_a_browser_the_mail_is_shown_as_text_with_what_is_missing(
    runtime, still, monkeypatch, tmp_path
):
    add_people(runtime)
    add_news(runtime)
    monkeypatch.setenv("PATH", str(tmp_path))
    async with running(runtime, place="compose", size=(120, 40)) as (app, pilot):
        await load(app, pilot, lambda: "Hi Ada" in shown(app))
        await press(pilot, "@escape", "v")
        await until(pilot, lambda: "it takes Chromium, Chrome or Edge" in shown(app))
        assert "Hi Ada" in shown(app)


def alive(pid):
    return Path(f"/proc/{pid}").exists()


@pytest.mark.long
@pytest.mark.ci
async def test_leaving_ends_the_browser(runtime, still, monkeypatch):
    add_people(runtime)
    add_news(runtime)
    with browser(monkeypatch, "echo $$ > {folder}/said; exec sleep 1000") as folder:
        said = folder / "said"
        async with running(runtime, place="compose", size=(120, 40)) as (app, pilot):
            await load(app, pilot, lambda: "Hi Ada" in shown(app))
            await press(pilot, "@escape", "v")
            await until(pilot, lambda: said.read_text().strip())
            assert "The picture is being taken" in shown(app)
            first = int(said.read_text())
            await press(pilot, "v")  # another device: the first browser is of no use any more
            await until(pilot, lambda: not alive(first))
            await until(pilot, lambda: said.read_text().strip() not in {"", str(first)})
            second = int(said.read_text())
            app.screen.query_one("#field-name").focus()
            await press(pilot, "x")  # nothing waits for it
            await until(pilot, lambda: "x" in app.screen.form.draft.name)
        async with asyncio.timeout(20):
            while alive(second):
                await asyncio.sleep(0.04)
