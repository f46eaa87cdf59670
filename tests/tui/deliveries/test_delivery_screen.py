"""A delivery in full, from each screen that shows deliveries."""

import pytest
from rich.cells import cell_len

from sestui.store.ledger.log_rows import DeliveryRow, LogRow
from sestui.tui.campaigns.run_screen import RunScreen
from sestui.tui.contacts.contact_screen import ContactScreen
from sestui.tui.deliveries.delivery_screen import DeliveryScreen
from tests.support.finished_runs import HOSTILE, sent
from tests.support.screens import running, shown, until


@pytest.mark.long
@pytest.mark.ci
async def test_enter_opens_a_delivery_of_the_run_on_the_screen(runtime, still):
    run_id = sent(runtime, contacts=5, states=("rejected",))
    async with running(runtime, follow=run_id) as (app, pilot):
        await until(pilot, lambda: "rejected" in shown(app))
        await pilot.press("v")
        panel = app.screen.panel
        await until(pilot, lambda: panel.selected is not None)
        email = panel.selected.delivery.email
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, DeliveryScreen))
        for said in (email, "news · run 1", "MessageRejected", "No such thing.", "handed over"):
            assert said in shown(app)
        await pilot.press("y", "enter")
        assert app.clipboard == email  # it has no message id
        await until(pilot, lambda: isinstance(app.screen, RunScreen))
        assert app.screen.run_id == run_id
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, DeliveryScreen))
        await pilot.press("c")
        await until(pilot, lambda: isinstance(app.screen, ContactScreen))


@pytest.mark.parametrize("size", [(80, 24), (60, 16)])
@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
async def test_what_strangers_wrote_is_shown_as_it_is(runtime, still, size, text):
    delivery = DeliveryRow(
        1, 1, 1, text, "in_doubt", text, 3, text, text, 1e9, 1e9, None, text, 1e9
    )
    async with running(runtime, size=size) as (app, pilot):
        screen = DeliveryScreen(LogRow(text, 1, "campaign", delivery), lambda _: "today")
        app.push_screen(screen)
        await until(pilot, lambda: app.screen is screen and "in doubt" in shown(app))
        assert "in doubt" in shown(app)
        assert "\x1b" not in shown(app)
        assert all(cell_len(line) <= size[0] for line in shown(app).splitlines())
        assert screen.query_one("#dialog").region.height <= size[1]
