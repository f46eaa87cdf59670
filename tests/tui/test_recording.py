"""The recording in the README: what is in it, how little, and when it is shown."""

from xml.etree import ElementTree

from glyphs import drawn
from recording import Recording, rows_of
from textual.app import App
from textual.widgets import Static

SVG = "{http://www.w3.org/2000/svg}"


class Still(App):
    CSS = "Static { height: 1; background: #102030 }"

    def compose(self):
        yield Static("always & [here]", markup=False)
        yield Static("first", id="changing")
        yield Static("│ 日本 ▌⣿", markup=False)


async def recorded(*texts):
    recording = Recording(30, 5)
    async with Still().run_test(size=(30, 5)) as pilot:
        for text in texts:
            pilot.app.query_one("#changing", Static).update(text)
            await pilot.pause()
            recording.take(pilot.app.export_screenshot(), 2.0)
    return recording


def groups_with(svg, text):
    root = ElementTree.fromstring(svg)
    return [
        group
        for group in root.iter(f"{SVG}g")
        if any(each.text == text for each in group.findall(f"{SVG}text"))
    ]


async def test_what_does_not_change_is_written_once_and_does_not_move():
    svg = (await recorded("first", "second", "third")).svg()
    (group,) = groups_with(svg, "always & [here]")
    assert group.find(f"{SVG}animate") is None


async def test_a_row_is_visible_while_its_frames_are_shown():
    svg = (await recorded("first", "second", "second", "first")).svg()
    (first,), (second,) = groups_with(svg, "first"), groups_with(svg, "second")
    for group, times, values in (
        (first, "0;.25;.75", "visible;hidden;visible"),
        (second, "0;.25;.75", "hidden;visible;hidden"),
    ):
        animate = group.find(f"{SVG}animate")
        assert (animate.get("keyTimes"), animate.get("values")) == (times, values)
        assert animate.get("dur") == "8s"


async def test_where_nothing_moves_the_poster_is_shown():
    recording = await recorded("first", "second")
    assert [group.get("visibility") for group in groups_with(recording.svg(), "first")] == [None]
    recording.set_poster()
    assert [group.get("visibility") for group in groups_with(recording.svg(), "first")] == [
        "hidden"
    ]


async def test_rows_keep_their_columns_and_backgrounds():
    recording = await recorded("first")
    async with Still().run_test(size=(30, 5)) as pilot:
        rows = rows_of(pilot.app.export_screenshot(), 5)
    assert [row.texts[0][:3] for row in rows[:2]] == [(0, 15, "always & [here]"), (0, 5, "first")]
    assert rows[0].backgrounds == [(0, 30, "#102030")]
    assert "日本" in recording.svg()


def test_lines_and_dots_are_drawn_and_the_rest_is_written():
    path, rest = drawn("│ ab ⣿", 3, 6, 10)
    assert rest == [(5, "ab")]
    assert path.count("M") == 2 + 8


def test_wide_characters_are_left_as_they_are():
    assert drawn("│日本", 0, 5, 10) == ("", [(0, "│日本")])
