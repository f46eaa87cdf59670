import asyncio
import threading
import time

import pytest
from textual.app import App

from sestui.errors import StorageBusyError
from sestui.tui.app.look.contrast import readable
from sestui.tui.widgets.lazy_table import Column, LazyTable
from sestui.tui.widgets.row_pages import PAGE
from sestui.tui.widgets.row_source import Listed
from tests.support.screens import until

COLUMNS = (Column("n", "Number", width=9, right=True), Column("name", "Name", share=1))


class Numbers:
    """A source of any length that notes what it is asked for."""

    def __init__(self, length):
        self.length = length
        self.asked = []
        self.failing = False

    def count(self):
        return self.length

    def page(self, offset, limit):
        if self.failing:
            raise StorageBusyError("The database is locked.")
        self.asked.append(offset)
        return range(offset, min(offset + limit, self.length))


class TableApp(App):
    CSS_PATH = "../../../sestui/tui/app/sestui.tcss"

    def get_css_variables(self):
        return readable(super().get_css_variables())

    def __init__(self, source):
        super().__init__()
        self.source = source
        self.opened = []
        self.said = []

    def compose(self):
        yield LazyTable(COLUMNS, lambda n: {"n": (f"{n:,}", ""), "name": (f"row {n}", "good")})

    def on_mount(self):
        self.table = self.query_one(LazyTable)
        self.table.focus()
        self.table.show(self.source)

    def on_lazy_table_opened(self, event):
        self.opened.append(event.table.selected)

    def on_lazy_table_failed(self, event):
        self.said.append(event.sentence)


def lines(app):
    return [strip.text.strip() for strip in app.screen._compositor.render_strips()]


async def test_only_what_is_in_sight_is_read():
    source = Numbers(1_000_000)
    app = TableApp(source)
    async with app.run_test(size=(40, 12)) as pilot:
        await until(pilot, lambda: app.table.count == 1_000_000)
        assert lines(app)[0].split() == ["Number", "Name"]
        assert lines(app)[1].split() == ["0", "row", "0"]
        await pilot.press("G")
        await until(pilot, lambda: app.table.selected == 999_999)
        await until(pilot, lambda: "row 999999" in lines(app)[-1])
        assert len(source.asked) <= 4
        await pilot.press("k", "k", "enter")
        await until(pilot, lambda: app.opened == [999_997])
        await pilot.press("g")
        await until(pilot, lambda: "row 0" in lines(app)[1])


@pytest.mark.parametrize("length", [0, 1, PAGE - 1, PAGE, PAGE + 1])
async def test_every_row_can_be_reached(length):
    app = TableApp(Numbers(length))
    async with app.run_test(size=(40, 12)) as pilot:
        await until(pilot, lambda: app.table.count == length)
        for _ in range(0, length, 5):
            await pilot.press("pagedown")
        await until(pilot, lambda: app.table.selected == (length - 1 if length else None))
        await pilot.press("enter", "up")
        assert app.opened == ([length - 1] if length else [])


async def test_a_reload_keeps_the_cursor_and_follows_the_end():
    source = Numbers(250)
    app = TableApp(source)
    async with app.run_test(size=(40, 12)) as pilot:
        await until(pilot, lambda: app.table.count == 250)
        await pilot.press("end")
        await until(pilot, lambda: app.table.selected == 249)
        source.length = 120
        app.table.reload()
        await until(pilot, lambda: app.table.count == 120 and app.table.selected == 119)
        source.length = 0
        app.table.reload()
        await until(pilot, lambda: app.table.count == 0 and app.table.selected is None)


class Growing(Numbers):
    """Counts down from its newest row, and knows where each row is."""

    def page(self, offset, limit):
        self.asked.append(offset)
        first = self.length - 1 - offset
        return range(first, max(-1, first - limit), -1)

    def place(self, row, near):
        return self.length - 1 - row


@pytest.mark.long
@pytest.mark.ci
async def test_at_the_top_new_rows_are_followed_elsewhere_the_row_is():
    source = Growing(1_000)
    app = TableApp(source)
    async with app.run_test(size=(40, 12)) as pilot:
        await until(pilot, lambda: app.table.selected == 999)
        source.length = 1_005
        app.table.reload()
        await until(pilot, lambda: app.table.selected == 1_004)
        await pilot.press("pagedown", "down")
        before = app.table.selected
        drawn = [line.split()[:3] for line in lines(app)[1:]]
        for grown in (3, 250):
            source.length += grown
            app.table.reload()
            await until(pilot, lambda: app.table.count == source.length)
            assert app.table.selected == before
            assert [line.split()[:3] for line in lines(app)[1:]] == drawn
        await pilot.press("G")
        await until(pilot, lambda: app.table.selected == 0)
        source.length += 7
        app.table.reload()
        await until(pilot, lambda: app.table.count == source.length)
        assert app.table.selected == 0


@pytest.mark.long
@pytest.mark.ci
async def test_reloads_come_to_an_end_however_often_one_asks():
    class Slow(Numbers):
        def page(self, offset, limit):
            time.sleep(0.05)
            return super().page(offset, limit)

    app = TableApp(Slow(10))
    async with app.run_test(size=(40, 12)) as pilot:
        await until(pilot, lambda: app.table.count == 10)
        app.source.length = 20
        for _ in range(10):
            app.table.reload()
            await asyncio.sleep(0.02)
        assert app.table.count == 20
        asked = len(app.source.asked)
        app.table.reload()
        app.table.reload()
        app.table.reload()
        await until(pilot, lambda: len(app.source.asked) == asked + 2)


async def test_what_goes_wrong_is_told_until_it_goes_right():
    source = Numbers(5)
    source.failing = True
    app = TableApp(source)
    async with app.run_test(size=(40, 12)) as pilot:
        await until(pilot, lambda: app.said == ["The database is locked. Trying again."])
        source.failing = False
        app.table.reload()
        await until(pilot, lambda: app.said[-1] == "")
        assert app.table.count == 5


async def test_a_click_moves_and_a_second_click_opens():
    app = TableApp(Listed(list(range(30))))
    async with app.run_test(size=(40, 12)) as pilot:
        await until(pilot, lambda: app.table.count == 30)
        await pilot.click(LazyTable, offset=(5, 4))
        assert app.table.selected == 3
        await pilot.click(LazyTable, offset=(5, 4), times=2)
        await until(pilot, lambda: app.opened == [3])


async def test_a_slow_source_leaves_dots_and_a_live_screen():
    class Slow(Numbers):
        def page(self, offset, limit):
            if offset:
                assert read.wait(20)
            return super().page(offset, limit)

    read = threading.Event()
    app = TableApp(Slow(1_000))
    async with app.run_test(size=(40, 12)) as pilot:
        await until(pilot, lambda: app.table.count == 1_000)
        await pilot.press("end")
        await until(pilot, lambda: "…" in lines(app)[-1])
        assert app.table.selected is None
        read.set()
        await until(pilot, lambda: app.table.selected == 999)


def highlighted(app):
    """The lines that are painted as the cursor's."""
    strips = app.screen._compositor.render_strips()
    plain = next(iter(strips[5]._segments)).style.bgcolor
    return [
        number
        for number, strip in enumerate(strips)
        if number and next(iter(strip._segments)).style.bgcolor != plain
    ]


async def test_one_line_is_painted_as_the_cursors_wherever_it_goes():
    app = TableApp(Numbers(1_000))
    async with app.run_test(size=(40, 12)) as pilot:
        await until(pilot, lambda: app.table.count == 1_000)
        for key, line in (("j", 2), ("j", 3), ("k", 2), ("G", 11), ("k", 10), ("g", 1), ("j", 2)):
            await pilot.press(key)
            await until(pilot, lambda line=line: highlighted(app) == [line])
