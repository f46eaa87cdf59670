"""Every column of every table says what is in it."""

import importlib
import pkgutil

import sestui.tui
from sestui.tui.widgets.lazy_table import Column
from sestui.tui.widgets.selection_list import SelectionItem, SelectionList
from tests.support.screens import running, shown, until

MARK_CELLS = 3
"""A mark has no room for a title, and needs none."""


def columns():
    for module in pkgutil.walk_packages(sestui.tui.__path__, "sestui.tui."):
        for name, value in vars(importlib.import_module(module.name)).items():
            if isinstance(value, tuple | list):
                yield from ((module.name, name, each) for each in value if isinstance(each, Column))


def test_every_column_has_a_title():
    found = list(columns())
    assert len(found) > 40
    untitled = [
        (module, column.key)
        for module, _, column in found
        if not column.title and (column.width > MARK_CELLS or column.share)
        if ".home." not in module  # its rows are sentences
    ]
    assert untitled == []


async def test_a_list_to_tick_shows_its_names_whole_and_what_they_mean(runtime, still):
    ticks = SelectionList("Status", one=True, noted=True)
    async with running(runtime, place="account", size=(60, 16)) as (app, pilot):
        await app.screen.mount(ticks, before=0)
        ticks.styles.height = 4
        ticks.offer(
            [SelectionItem("unsubscribed", "gets nothing"), SelectionItem("active", "x" * 90)],
            ["active"],
        )
        await until(pilot, lambda: "(•)  active" in shown(app))
        lines = [line for line in shown(app).splitlines() if "(" in line][:2]
        assert "( )  unsubscribed  gets nothing" in lines[0]
        assert "Status        Meaning" in shown(app)
