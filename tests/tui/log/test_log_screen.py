import json
import time
from datetime import datetime, timedelta

import pytest
from rich.cells import cell_len

from sestui.errors import StorageBusyError
from sestui.tui.campaigns.run_screen import RunScreen
from sestui.tui.contacts.contact_screen import ContactScreen
from sestui.tui.deliveries.delivery_screen import DeliveryScreen
from sestui.tui.dialogs.confirm import ConfirmScreen
from sestui.tui.dialogs.pick import PickScreen
from sestui.tui.log.log_screen import LogScreen
from tests.support.finished_runs import HOSTILE, sent
from tests.support.screens import add_campaign, running, shown, toasts, until


def log(runtime, **options):
    return running(runtime, place="log", **options)


def rows(app):
    return app.screen.panel.table.count


def age(runtime, run_id, seconds):
    """The run was so long ago."""
    at = time.time() - seconds
    with runtime.database.write_connection() as connection:
        connection.exec_driver_sql("UPDATE run SET created_at = ? WHERE id = ?", (at, run_id))
        connection.exec_driver_sql(
            "UPDATE delivery SET queued_at = ? WHERE run_id = ?", (at, run_id)
        )


@pytest.fixture
def two(runtime):
    """Two campaigns with 20 settled deliveries each."""
    sent(runtime, "news")
    sent(runtime, "offers", audience="few")
    return runtime


@pytest.mark.long
async def test_an_empty_log_says_where_mail_comes_from(runtime, still):
    async with log(runtime) as (app, pilot):
        await until(pilot, lambda: "Nothing has been sent yet" in shown(app))
        assert isinstance(app.screen, LogScreen)
        assert "Campaigns" in shown(app)
        add_campaign(runtime)
        runtime.starter.start(runtime.campaigns.get("news"), time.time())
        await until(pilot, lambda: "pending 20" in shown(app))
        assert "Nothing has been sent yet" not in shown(app)
        assert "No deliveries here are done; → shows the next state." in shown(app)


@pytest.mark.long
@pytest.mark.ci
async def test_everything_is_there_newest_first_and_narrowed(two, still):
    async with log(two) as (app, pilot):
        await until(pilot, lambda: rows(app) == 40 and "40 shown" in shown(app))
        assert app.screen.panel.selected.campaign == "offers"
        assert "campaign all   queued any time" in shown(app)
        await pilot.press("b")
        await until(pilot, lambda: isinstance(app.screen, PickScreen))
        await pilot.press(*"NEWS", "enter")
        await until(pilot, lambda: isinstance(app.screen, LogScreen) and rows(app) == 20)
        await until(pilot, lambda: "campaign news" in shown(app) and "rejected 4" in shown(app))
        await pilot.press("right", "right", "right")
        await until(pilot, lambda: rows(app) == 4 and "4 shown" in shown(app))
        await pilot.press("slash", *"all2@", "enter")
        await until(pilot, lambda: rows(app) == 1)
        await pilot.press("escape")
        await until(pilot, lambda: rows(app) == 4)
        await pilot.press("escape")
        await until(pilot, lambda: rows(app) == 8 and "campaign all" in shown(app))


@pytest.mark.long
@pytest.mark.ci
async def test_since_when_is_a_key(two, still):
    today = datetime.now().replace(hour=0, minute=0, second=0, microsecond=0)
    into_the_day = (datetime.now() - today).total_seconds()
    age(two, 1, into_the_day + 3_600)
    age(two, 2, 8 * 86_400)
    sent(two, "now", contacts=3, audience="three")
    within_a_day = 23 if into_the_day + 3_600 < 86_400 else 3
    async with log(two) as (app, pilot):
        await until(pilot, lambda: rows(app) == 43)
        for label, count in (
            ("today", 3),
            ("in the last 24 hours", within_a_day),
            ("in the last 7 days", 23),
            ("any time", 43),
        ):
            await pilot.press("d")
            await until(pilot, lambda count=count: rows(app) == count)
            await until(pilot, lambda label=label: f"queued {label}" in shown(app))


@pytest.mark.long
@pytest.mark.ci
async def test_today_ends_while_one_looks(two, still, monkeypatch):
    async with log(two) as (app, pilot):
        await pilot.press("d")
        await until(pilot, lambda: rows(app) == 40)
        now = app.services.clock.now
        day = timedelta(days=1).total_seconds()
        monkeypatch.setattr(app.services.clock, "now", lambda: now() + day)
        await until(pilot, lambda: rows(app) == 0)


@pytest.mark.long
async def test_new_deliveries_are_followed_at_the_top_only(runtime):
    add_campaign(runtime, contacts=60, max_rate=10)
    sent(runtime, "old", audience="few")
    async with log(runtime) as (app, pilot):
        await until(pilot, lambda: rows(app) == 20)
        runtime.starter.start(runtime.campaigns.get("news"), time.time())
        await until(pilot, lambda: rows(app) > 22)
        panel = app.screen.panel
        await until(pilot, lambda: panel.selected is not None)
        first = panel.selected.delivery.id
        await until(pilot, lambda: panel.selected and panel.selected.delivery.id > first)
        await pilot.press("down", "down")
        await until(pilot, lambda: panel.selected is not None)
        chosen, before = panel.selected.delivery.email, panel.table.count
        await until(pilot, lambda: panel.table.count > before + 5)
        assert panel.selected.delivery.email == chosen
        assert panel.table.cursor > 5


@pytest.mark.long
@pytest.mark.ci
async def test_a_delivery_is_opened_and_leads_to_its_run_and_its_contact(two, still):
    async with log(two) as (app, pilot):
        await until(pilot, lambda: rows(app) == 40)
        await pilot.press("G")
        await until(pilot, lambda: app.screen.panel.selected is not None)
        row = app.screen.panel.selected
        assert (row.campaign, row.delivery.email) == ("news", "all0@example.com")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, DeliveryScreen))
        assert "news · run 1" in shown(app)
        await pilot.press("y")
        assert app.clipboard == (row.delivery.message_id or row.delivery.email)
        await pilot.press("c")
        await until(pilot, lambda: isinstance(app.screen, ContactScreen))
        await pilot.press("escape", "enter")
        await until(pilot, lambda: isinstance(app.screen, DeliveryScreen))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, RunScreen))
        assert app.screen.run_id == row.delivery.run_id
        await pilot.press("escape", "y")
        assert app.clipboard == "all0@example.com"
        await pilot.press("c")
        await until(pilot, lambda: isinstance(app.screen, ContactScreen))


@pytest.mark.long
async def test_exactly_what_is_shown_is_exported(two, still, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    async with log(two) as (app, pilot):
        await until(pilot, lambda: rows(app) == 40)
        await pilot.press("slash", *"7@", "enter")
        await until(pilot, lambda: rows(app) == 4)
        await pilot.press("E")
        await until(pilot, lambda: "Export 4 deliveries" in shown(app))
        assert "Done, of every campaign with 7@ in the address." in shown(app)
        await pilot.press("ctrl+u", *"shown.txt", "enter")
        await until(pilot, lambda: "ends with .csv or .jsonl" in shown(app))
        await pilot.press("ctrl+u", *"none/shown.csv", "enter")
        await until(pilot, lambda: "can't be written" in " ".join(shown(app).split()))
        await pilot.press("ctrl+u", *"shown.jsonl", "enter")
        await until(pilot, lambda: any("4 deliveries written" in text for text in toasts(app)))
        assert isinstance(app.screen, LogScreen)
    lines = [json.loads(line) for line in (tmp_path / "shown.jsonl").read_text().splitlines()]
    assert sorted((line["campaign"], line["email"]) for line in lines) == [
        ("news", "all17@example.com"),
        ("news", "all7@example.com"),
        ("offers", "few17@example.com"),
        ("offers", "few7@example.com"),
    ]


@pytest.mark.long
@pytest.mark.ci
async def test_of_too_many_the_newest_are_shown_and_all_exported(two, still, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sestui.store.ledger.pages.MOST_FOUND", 30)
    async with log(two) as (app, pilot):
        await until(pilot, lambda: rows(app) == 40)
        await pilot.press("slash", *"example", "enter")
        await until(pilot, lambda: "more than 30 found" in shown(app) and rows(app) == 30)
        await pilot.press("E")
        await until(pilot, lambda: "Export all, more than 30 deliveries" in shown(app))
        await pilot.press("enter")
        await until(pilot, lambda: any("40 deliveries written" in text for text in toasts(app)))


@pytest.mark.long
@pytest.mark.ci
async def test_a_file_is_replaced_only_when_said_so(two, still, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "log.csv"
    file.write_text("mine")
    async with log(two) as (app, pilot):
        await until(pilot, lambda: rows(app) == 40)
        await pilot.press("E", "ctrl+u", *"log.csv", "enter")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        await pilot.press("enter")
        await until(pilot, lambda: "Export 40 deliveries" in shown(app))
        assert file.read_text() == "mine"
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        await pilot.press("tab", "enter")
        await until(pilot, lambda: any("40 deliveries written" in text for text in toasts(app)))
    assert len(file.read_text().splitlines()) == 41


@pytest.mark.long
@pytest.mark.ci
async def test_an_export_is_stopped_half_way(two, still, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sestui.store.ledger.deliveries._BATCH", 1)
    slow = two.deliveries.log

    def log_slowly(wanted, made):
        for batch in slow(wanted, made):
            time.sleep(0.05)
            yield batch

    monkeypatch.setattr(two.deliveries, "log", log_slowly)
    async with log(two) as (app, pilot):
        await until(pilot, lambda: rows(app) == 40)
        await pilot.press("E", "enter")
        await until(pilot, lambda: "esc stops it" in shown(app))
        await pilot.press("escape")
        await until(
            pilot, lambda: "The export has been stopped; no file has been written." in shown(app)
        )
        await pilot.press("escape")
        assert isinstance(app.screen, LogScreen)
    assert list(tmp_path.glob("*.csv")) == []
    assert list(tmp_path.glob(".*csv*")) == []


async def test_hostile_text_and_every_size(runtime, still):
    for number, name in enumerate(HOSTILE):
        run_id = sent(runtime, name, contacts=2, audience=f"list{number}", states=("rejected",))
        with runtime.database.write_connection() as connection:
            connection.exec_driver_sql(
                "UPDATE delivery SET email = ?, reason = ? WHERE run_id = ?",
                (f"{name}@example.com", name, run_id),
            )
    async with log(runtime) as (app, pilot):
        await until(pilot, lambda: rows(app) == 12)
        await pilot.press("G")
        for size in ((120, 40), (200, 50), (80, 24)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
            text = shown(app)
            assert app.screen.max_scroll_x == app.screen.max_scroll_y == 0
            assert all(cell_len(line) <= size[0] for line in text.splitlines())
            assert "[bold red]x[/] [/]@example.com" in text
            assert "\\x1b[31mred" in text
            assert "\x1b" not in text
            assert "\u202e" not in text


@pytest.mark.long
@pytest.mark.ci
async def test_a_busy_database_is_told_of_until_it_answers(two, still, monkeypatch):
    def locked(*_args):
        raise StorageBusyError("The database is locked by another program.")

    with monkeypatch.context() as broken:
        broken.setattr(two.delivery_pages, "page", locked)
        broken.setattr(two.delivery_pages, "counts", locked)
        async with log(two) as (app, pilot):
            await until(pilot, lambda: "locked by another program. Trying again." in shown(app))
            broken.undo()
            await until(pilot, lambda: rows(app) == 40)
            await until(pilot, lambda: "Trying again" not in shown(app))


@pytest.mark.long
@pytest.mark.ci
async def test_a_search_takes_in_what_comes_while_it_stands(runtime, still, monkeypatch):
    monkeypatch.setattr("sestui.tui.deliveries.delivery_panel._AGAIN_SECONDS", 0.1)
    sent(runtime, contacts=10, states=("accepted", "pending"))
    async with log(runtime) as (app, pilot):
        await until(pilot, lambda: rows(app) == 5)
        await pilot.press("slash", *"example", "enter")
        await until(pilot, lambda: "5 found" in shown(app) and rows(app) == 5)
        with runtime.database.write_connection() as connection:
            connection.exec_driver_sql("UPDATE delivery SET state = 'accepted'")
            connection.exec_driver_sql("UPDATE run SET accepted = 10, pending = 0")
        await until(pilot, lambda: "10 found" in shown(app) and rows(app) == 10)
