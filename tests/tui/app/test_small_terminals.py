"""At 60 by 16 every dialog and form is whole: what does not fit is scrolled to by tab."""

import pytest
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Button, Input

from sestui.tui.app.screens.edit_screen import EditScreen
from tests.support.screens import running, until
from tests.tui.app.keys.test_modes import PLACES, full, settled, ways_in

__all__ = ["full"]  # the fixture

SIZE = (60, 16)


def in_sight(widget):
    """Whether no ancestor cuts anything off it."""
    seen = widget.region
    for each in widget.ancestors:
        if isinstance(each, Widget):
            seen = seen.intersection(each.region)
    return seen == widget.region and bool(seen)


async def check_whole(app, pilot, way):
    """Everything that can have the focus can be seen when it has it."""
    for _ in range(len(app.screen.focus_chain)):
        await pilot.press("tab")
        await settled(app, pilot)
        if isinstance(app.focused, Button | Input):
            await until(pilot, lambda: in_sight(app.focused), 5)
            assert app.screen.region.contains_region(app.focused.region), way


@pytest.mark.long
@pytest.mark.parametrize("place", PLACES)
async def test_every_dialog_and_form_that_a_key_opens_is_whole(full, still, place):
    async with running(full, place=place, size=SIZE) as (app, pilot):
        await settled(app, pilot)
        for what, key in list(ways_in(app).items()):
            if what not in ways_in(app):
                continue
            await pilot.press(key)
            await settled(app, pilot)
            if isinstance(app.screen, ModalScreen | EditScreen):
                await check_whole(app, pilot, f"{place}: {key} for {what}")
            while len(app.screen_stack) > 1:
                await app.pop_screen()
            app.switch_mode(place)
            await settled(app, pilot)
