"""Pictures of the mail in the preview: drawn in half blocks, or said why there is none."""

import asyncio
import re
from pathlib import Path

import pytest

from sestui.compose.png import Picture
from sestui.tui.compose.picture_view import PictureView
from sestui.tui.compose.terminal_graphics import cell, color_of, size_in_cells
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
async def test_a_terminal_with_pixels_of_its_own_is_sent_the_picture(runtime, still, monkeypatch):
    add_people(runtime)
    add_news(runtime)
    with browser(monkeypatch):
        async with running(runtime, place="compose", size=(120, 40)) as (app, pilot):
            await load(app, pilot, lambda: "Hi Ada" in shown(app))
            view = app.screen.query_one(PictureView)
            assert not view.sharp  # there is no terminal
            written = []
            view.sharp, view.put = True, written.append
            await press(pilot, "@escape", "v")
            await until(pilot, lambda: any("a=T,U=1" in each for each in written))
            assert len(written) == 1  # once, though it was there before the view had a size
            number = int(re.search(r"i=(\d+)", written[-1])[1])
            await until(pilot, lambda: "\U0010eeee" in view.render_line(0).text)
            columns, lines = size_in_cells(Picture(320, (b"",) * 41), view.room)
            assert f"c={columns},r={lines}" in written[-1]
            for line in range(lines):
                cells = [each for each in view.render_line(line) if "\U0010eeee" in each.text]
                assert [each.text for each in cells] == [cell(line, at) for at in range(columns)]
                assert {tuple(each.style.color.triplet) for each in cells} == {color_of(number)}
            assert "\U0010eeee" not in view.render_line(lines).text
            await press(pilot, "v")  # another device is another picture
            await until(pilot, lambda: any(f"a=d,d=I,q=2,i={number}" in each for each in written))
    assert "a=d" in written[-1]


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
