"""A notice hides nothing: it has lines of its own while it is there."""

import pytest
from textual.widgets._toast import Toast

from sestui.tui.app.keys.key_bar import KeyBar
from tests.support.screens import add_campaign, fits, running, until


@pytest.mark.parametrize("size", [(60, 16), (80, 24), (120, 40)])
@pytest.mark.parametrize("text", ["Saved news.", "It failed: " + "a long reason, " * 12])
async def test_a_notice_takes_lines_of_its_own(runtime, still, size, text):
    add_campaign(runtime)
    async with running(runtime, size=size) as (app, pilot):
        await until(pilot, lambda: app.focused is not None)
        app.screen.toast(text, failed=True)
        await until(pilot, lambda: any(each.region for each in app.screen.query(Toast)))
        await until(pilot, lambda: not overlaps(app.screen))
        fits(app.screen, size)
        (toast,) = app.screen.query(Toast)
        assert toast.region.width == size[0]
        assert toast.region.bottom == app.screen.query_one(KeyBar).region.y


def overlaps(screen):
    """What a notice lies upon."""
    (toast,) = screen.query(Toast)
    return [
        each
        for each in screen.children
        if each.display and each not in toast.ancestors and each.region.overlaps(toast.region)
    ]
