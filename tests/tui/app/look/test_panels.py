"""The panels of the places: their frames, what is left of them on a low screen, and clicks."""

import re
import time

import pytest

from sestui.core.delivery.handover import RunCounts
from sestui.core.task.fields import TaskFields
from sestui.tui.campaigns.campaign_screen import CampaignScreen
from sestui.tui.deliveries.delivery_table import DeliveryTable
from sestui.tui.deliveries.state_bar import StateBar
from sestui.tui.widgets.lazy_table import LazyTable
from tests.support.finished_runs import sent
from tests.support.screens import running, shown, until

PLACES = {
    "campaigns": ["Campaigns · 2"],
    "contacts": ["Lists", "Contacts · all"],
    "schedule": ["Tasks and campaigns · 1", "clear"],
    "account": ["Account", "Settings", "account"],
}


@pytest.fixture
def full(runtime):
    """Something in each place."""
    sent(runtime, "news")
    sent(runtime, "offers", audience="few")
    runtime.tasks.add(TaskFields("clear", "purge", "0 3 * * *"))
    return runtime


def panels(app):
    return [each for each in app.screen.query(".panel") if each.display and each.region]


def lines_of(widget):
    """Lines and columns that its frame takes, without padding."""
    edges = [bool(kind) and kind != "none" for kind, _colour in widget.styles.border]
    return dict(zip(("top", "right", "bottom", "left"), edges, strict=True))


@pytest.mark.long
@pytest.mark.ci
@pytest.mark.parametrize("place", PLACES)
async def test_what_a_place_shows_is_in_titled_panels_and_low_ones_keep_the_title(
    full, still, place
):
    for size, whole in (((120, 40), True), ((80, 24), False)):
        async with running(full, place=place, size=size) as (app, pilot):
            for title in PLACES[place]:
                await until(pilot, lambda: title in shown(app), 10)  # noqa: B023 - now
            for panel in panels(app):
                assert panel.border_title, panel
                assert lines_of(panel) == {
                    "top": True, "right": whole, "bottom": whole, "left": whole
                }  # fmt: skip
            focused = [each for each in panels(app) if each.has_pseudo_class("focus-within")]
            other = [each for each in panels(app) if each not in focused]
            assert len(focused) == 1
            colour = focused[0].styles.border_top[1]
            assert all(each.styles.border_top[1] != colour for each in other)


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_a_click_in_a_framed_table_is_on_the_row_that_is_seen_there(full, still, size):
    async with running(full, place="account", size=size) as (app, pilot):
        table = app.screen.query_one("#settings", LazyTable)
        await until(pilot, lambda: table.count)
        seen = shown(app).splitlines()
        y = next(number for number, line in enumerate(seen) if "max_quota_usage" in line)
        await pilot.click(offset=(12, y))
        assert table.selected.name == "max_quota_usage"


async def open_campaign(app, pilot, name="news"):
    app.push_screen(CampaignScreen(app.services, name))
    await until(pilot, lambda: "Deliveries · run 1" in shown(app), 10)


async def test_a_campaign_has_its_runs_and_deliveries_in_panels_and_no_column_of_ids(full, still):
    async with running(full, place="campaigns", size=(120, 40)) as (app, pilot):
        await open_campaign(app, pilot)
        await until(pilot, lambda: "MessageRejected" in shown(app), 10)
        assert "Runs · 1" in shown(app)
        await pilot.press("right", "right")
        await until(pilot, lambda: "▓ accepted 8" in shown(app) and "id-" in shown(app), 10)
        said = shown(app)
        lines = [line for line in said.splitlines() if "id-" in line]
        assert len(lines) == 1 and "message id" in lines[0]  # noqa: PT018 - the detail line only


@pytest.mark.long
@pytest.mark.ci
async def test_outcomes_are_drawn_where_they_are_known(full, still):
    with full.database.write_connection() as connection:
        connection.exec_driver_sql(
            "UPDATE run SET delivered = 5, bounced = 2 WHERE campaign_id ="
            " (SELECT id FROM campaign WHERE name = 'news')"
        )
        connection.exec_driver_sql(
            f"UPDATE delivery SET outcome = 'bounced', outcome_at = {time.time()}"
            " WHERE state = 'accepted'"
        )
    async with running(full, place="campaigns", size=(120, 40)) as (app, pilot):
        await open_campaign(app, pilot)
        await until(pilot, lambda: "(█ delivered 5 ▚ bounced 2)" in spaced(app), 10)
        assert "Delivered   Bounced" in shown(app)
        rows = [line for line in shown(app).splitlines() if "accepted  bounced" in line]
        assert rows
    async with running(full, place="campaigns", size=(120, 40)) as (app, pilot):
        await open_campaign(app, pilot, "offers")
        await until(pilot, lambda: "▓ accepted 8" in shown(app), 10)
        assert "delivered 0" not in spaced(app)


def spaced(app):
    return shown(app).replace("\N{NO-BREAK SPACE}", " ")


async def test_how_long_ago_a_mail_went_is_in_the_row_and_when_exactly_below(full, still):
    with full.database.write_connection() as connection:
        connection.exec_driver_sql(
            f"UPDATE delivery SET claimed_at = {time.time() - 3 * 86_400}, sent_at = NULL"
        )
    async with running(full, place="log", size=(120, 40)) as (app, pilot):
        table = app.screen.query_one(DeliveryTable)
        await until(pilot, lambda: table.count and "3 d ago" in shown(app), 10)
        await pilot.press("down")
        day = time.strftime("%b %Y", time.localtime(time.time() - 3 * 86_400))
        await until(pilot, lambda: day in shown(app))


async def test_the_agenda_says_how_far_off_things_are_and_when_exactly_below(full, still):
    async with running(full, place="schedule", size=(120, 40)) as (app, pilot):
        await until(pilot, lambda: re.search(r"clear .* (in \d+ (h|min)|now) ", shown(app)), 10)
        await until(pilot, lambda: re.search(r"next  \w{3} \d+ \w{3} \d{4} 03:00", shown(app)), 10)


@pytest.mark.parametrize("width", [60, 80, 118, 200])
def test_the_bar_of_states_is_as_wide_as_its_place(width):
    bar = StateBar()
    bar.set_reactive(StateBar.counts, RunCounts(10, 1, 1_000_000, 20, 3, 0, 500_000, 40, 2))
    first, *rest = bar._drawn(width).plain.splitlines()
    assert len(first) == width
    assert all(len(line) <= width for line in rest)
    for said in ("done", "all", "█", "delivered", "500,000", "complained"):
        assert said in "\n".join(rest)
