import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.app import App

from sestui.tui.widgets.format import compact
from sestui.tui.widgets.plot import Mark, Plot, PlotData, Series, draw, resample, scale, strip

VALUES = st.lists(st.none() | st.floats(0, 1e7), max_size=80).map(tuple)


def data(*values, limit=None, filled=True, **more):
    return PlotData(0, 100, (Series(values, filled=filled),), limit=limit, **more)


def lines(what, width, height):
    return [line.plain for line in draw(what, width, height)]


def test_an_area_is_as_high_as_its_values_and_stays_below_the_limit():
    drawn = lines(data(28, 14, 0, None, limit=28), 12, 4)
    assert drawn == [
        "28 ┤╌╌╌╌╌╌╌╌",
        "   ┤⣿⣿      ",
        "   ┤⣿⣿⣿⣿    ",
        " 0 ┼────────",
    ]


def test_what_exceeds_the_limit_is_drawn_over_its_line():
    drawn = lines(data(0, 60, limit=28), 20, 7)
    assert any("╌" in line and "⣿" in line for line in drawn)
    assert "28 ┤" in "\n".join(drawn)


def test_unknown_is_a_gap_and_nothing_sent_is_none():
    drawn = lines(data(5, None, 5), 16, 3)
    assert drawn[1].count(" ") >= 4
    assert "⠀" not in "".join(drawn), "an empty cell is a space, not a braille blank"


def test_a_plot_of_nothing_says_so_and_keeps_its_scale():
    empty = data(0.0, 0.0, limit=14.0, nothing="Nothing has been sent.")
    drawn = lines(empty, 40, 7)
    assert "┤" + " " * 7 + "Nothing has been sent." in drawn[3]
    assert "╌" in drawn[0]
    assert "Nothing" in "".join(lines(data(None, nothing="Nothing has been sent."), 40, 7))
    assert "Nothing" not in "".join(lines(data(0.0, 1.0, nothing="Nothing"), 40, 7))
    for width, height in ((20, 7), (40, 2), (40, 1)):  # never cut, never over the limit's line
        assert "Nothing" not in "".join(lines(empty, width, height))


def test_a_line_goes_on_from_where_it_was():
    rising = lines(data(0, 10, filled=False), 12, 5)
    assert sum(any(ord(c) > 0x2800 for c in line) for line in rising) == 4, "the step is drawn"


def test_marks_say_what_they_are_where_there_is_room():
    marks = (Mark(10, 60, "paused"), Mark(90, 91, "throttled"), Mark(200, 300, "later"))
    axis = lines(data(1, marks=marks), 60, 3)[-1]
    assert "━━ paused ━━" in axis
    assert "throttled ━" in axis
    assert "later" not in axis


def test_words_below_the_axis_give_way_to_marks():
    labels = ("09:42", "10:12", "now")
    axis = lines(data(1, labels=labels), 60, 3)[-1]
    assert axis.split("┼")[1].startswith("09:42 ")
    assert axis.endswith(" now")
    assert "10:12" in axis
    marked = lines(data(1, labels=labels, marks=(Mark(0, 100, "paused"),)), 60, 3)[-1]
    assert "now" not in marked
    assert "paused" in marked


def test_the_scale_has_room_for_the_limit_and_for_what_exceeds_it():
    assert scale(data(28, limit=28), 4) == pytest.approx(28 * 4 / 3)
    assert scale(data(0), 4) == 1
    assert scale(data(97), 4) == 100
    assert scale(data(500, limit=28), 4) == 500


def test_many_values_are_averaged_and_few_repeated():
    assert resample([1, 3, None, None], 2) == [2, None]
    assert resample([1, 3], 4) == [1, 1, 3, 3]
    assert resample([1, None], 1) == [1]
    assert resample([], 2) == [None, None]


def test_a_strip_is_one_line_up_to_its_top():
    assert strip(Series((0, 14, 28, 28)), 28, 2).plain == "⢠⣿"
    assert strip(Series((1, 2)), 0, 3).plain == "   "
    assert strip(Series(()), 5, 0).plain == ""


@given(VALUES, VALUES, st.none() | st.floats(0.1, 1e6), st.integers(-1, 90), st.integers(-1, 20))
def test_any_series_fills_any_size(area, line, limit, width, height):
    marks = (Mark(-5, 30, "日本語\x1b[31m"), Mark(40, 40, "paused"), Mark(99, 300, "x" * 300))
    what = PlotData(
        0, 100, (Series(area), Series(line, "$success", filled=False)), limit, marks, ("a", "now")
    )
    drawn = lines(what, width, height)
    assert len(drawn) == (max(0, height) if width > 0 else 0)
    assert all(len(each) == width for each in drawn)
    assert "\x1b" not in "".join(drawn)


def test_a_span_of_no_time_can_be_drawn():
    assert lines(PlotData(5, 5, (), marks=(Mark(5, 5, "paused"),)), 20, 2)


@given(st.floats(0, 1e12))
def test_compact_numbers_are_short(value):
    assert len(compact(value)) <= 5


@pytest.mark.parametrize(
    ("value", "said"),
    [(0, "0"), (0.5, "0.5"), (9.96, "10"), (28, "28"), (999.6, "1k"), (1_200, "1.2k")],
)
def test_compact_numbers(value, said):
    assert compact(value) == said


async def test_the_widget_draws_over_all_of_its_room():
    class Shows(App):
        def compose(self):
            yield Plot()

    app = Shows()
    async with app.run_test(size=(50, 10)) as pilot:
        plot = app.query_one(Plot)
        assert plot.render().plain == ""
        plot.styles.height = 6
        plot.data = data(1, 5, 3, limit=5, labels=("before", "now"))
        await pilot.pause()
        drawn = plot.render().plain.splitlines()
        assert [len(line) for line in drawn] == [50] * 6
        assert drawn[-1].endswith(" now")
