"""Work on many contacts: marked by keys and mouse, changed, exported, undone."""

import threading
import time

import pytest
from sqlalchemy import text as sql

from sestui.core.delivery.states import Standing
from sestui.store.campaigns.campaigns import Campaigns
from sestui.store.contacts.changes import selection as selecting
from sestui.store.contacts.changes.journal import last_change
from sestui.store.contacts.contacts import NewContact
from sestui.store.contacts.filters import ContactFilters
from sestui.tui.contacts.bulk_dialogs import AddOrRemoveScreen, BulkProgressScreen
from sestui.tui.contacts.changes import BulkJob
from sestui.tui.contacts.contact_table import ContactTable
from sestui.tui.contacts.contacts_screen import ContactsScreen
from sestui.tui.contacts.suppress import SuppressScreen
from sestui.tui.dialogs.ask import AskScreen
from sestui.tui.dialogs.confirm import ConfirmScreen
from sestui.tui.dialogs.export_file import ExportScreen
from sestui.tui.dialogs.pick import PickScreen
from tests.support.screens import add_campaign, running, shown, toasts, until

HOSTILE = "[/] [bold]x\u202e"


@pytest.fixture
def people(runtime):
    """Twenty contacts, p00 to p19 from the oldest to the newest; the even ones are in Rome."""
    rows = [
        NewContact(
            f"p{i:02}@example.com", f"p{i:02}@example.com", {"city": "Oslo" if i % 2 else "Rome"}
        )
        for i in range(20)
    ]
    runtime.contacts.add(rows, list_name="newsletter", now=1)
    runtime.contacts.add(rows[:5], list_name="customers", now=2)
    return rows


def table(app):
    return app.screen.query_one("#people", ContactTable)


def listed(app):
    rows = (table(app).row_at(number) for number in range(table(app).count or 0))
    return [row.email[:3] for row in rows if row is not None]


def tagged(runtime, tag="vip"):
    with runtime.database.read_connection() as connection:
        rows = connection.execute(sql("SELECT email, tags FROM contact ORDER BY email"))
        return [email[:3] for email, tags in rows if f'"{tag}"' in str(tags).replace("'", '"')]


def members(runtime, name):
    found = {each.name: each.contacts for each in runtime.contacts.lists()}
    return found.get(name)


async def on_screen(app, pilot, screen):
    await until(pilot, lambda: isinstance(app.screen, screen) and app.screen.is_mounted)
    await pilot.pause()


def contacts(runtime, **options):
    return running(runtime, place="contacts", size=options.pop("size", (120, 40)), **options)


async def choose(app, pilot, name, button):
    """Type into the dialog and press a button by keys."""
    await on_screen(app, pilot, AddOrRemoveScreen)
    await pilot.press(*name, "enter")
    if button == "remove":
        await pilot.press("shift+tab")
    await pilot.press("enter")


@pytest.mark.long
@pytest.mark.ci
async def test_contacts_are_marked_tagged_and_undone_with_keys(runtime, people, still):
    async with contacts(runtime) as (app, pilot):
        await until(pilot, lambda: len(listed(app)) == 20)
        await pilot.press("space", "down", "space")
        await until(pilot, lambda: "2 marked" in shown(app))
        await pilot.press("T")
        await choose(app, pilot, "vip", "add")
        await until(pilot, lambda: any("Tagged 2 contacts vip" in each for each in toasts(app)))
        assert tagged(runtime) == ["p17", "p19"]
        await until(pilot, lambda: isinstance(app.screen, ContactsScreen))
        assert "marked" not in shown(app)
        await pilot.press("u")
        await on_screen(app, pilot, ConfirmScreen)
        assert "Tagged 2 contacts vip" in shown(app)
        await pilot.press("right", "enter")
        await until(pilot, lambda: any("Undone: tagged 2" in each for each in toasts(app)))
    assert tagged(runtime) == []


@pytest.mark.long
@pytest.mark.ci
async def test_a_range_by_v_and_by_shift_is_marked(runtime, people, still):
    async with contacts(runtime) as (app, pilot):
        await until(pilot, lambda: len(listed(app)) == 20)
        await pilot.press("V", "down", "down", "down")
        assert "range" in shown(app)
        await pilot.press("V")
        await until(pilot, lambda: "4 marked" in shown(app))
        await pilot.press("down", "shift+down", "shift+down")
        await until(pilot, lambda: "7 marked" in shown(app))
        await pilot.press("escape")
        await until(pilot, lambda: "marked" not in shown(app))
        await pilot.press("V", "G", "escape")
        assert "range" not in shown(app)


@pytest.mark.long
@pytest.mark.ci
async def test_all_that_match_a_search_are_changed_by_a_condition(runtime, people, still):
    async with contacts(runtime) as (app, pilot):
        await until(pilot, lambda: len(listed(app)) == 20)
        await pilot.press("slash", *"rome", "enter")
        await until(pilot, lambda: "10 found" in shown(app))
        await pilot.press("asterisk")
        await until(pilot, lambda: "all marked" in shown(app))
        await pilot.press("space")  # but this one
        await until(pilot, lambda: "all marked but 1" in shown(app))
        await pilot.press("L")
        await choose(app, pilot, "romans", "add")
        await on_screen(app, pilot, ConfirmScreen)
        assert "Add 9 contacts to romans?" in shown(app)
        await pilot.press("right", "enter")
        await until(pilot, lambda: members(runtime, "romans") == 9)
        await until(pilot, lambda: isinstance(app.screen, ContactsScreen))
        await until(pilot, lambda: "romans" in shown(app))
        await pilot.press("asterisk", "L")
        await choose(app, pilot, "newsletter", "remove")
        await on_screen(app, pilot, ConfirmScreen)
        await pilot.press("right", "enter")
        await until(pilot, lambda: members(runtime, "newsletter") == 10)


@pytest.mark.long
@pytest.mark.ci
async def test_above_the_threshold_the_number_is_typed(runtime, people, still, monkeypatch):
    monkeypatch.setattr("sestui.tui.dialogs.confirm.TYPED_ABOVE", 10)
    async with contacts(runtime) as (app, pilot):
        await until(pilot, lambda: len(listed(app)) == 20)
        await pilot.press("asterisk", "x")
        await on_screen(app, pilot, SuppressScreen)
        assert "Suppress 20 contacts?" in shown(app)
        await pilot.press(*"asked", "enter")
        await on_screen(app, pilot, ConfirmScreen)
        assert "Type 20 to continue" in shown(app)
        await pilot.press(*"19", "enter")
        assert runtime.suppressions.get("p00@example.com") is None
        await pilot.press("backspace", "backspace", *"20", "enter")
        await until(pilot, lambda: any("Suppressed 20 contacts" in each for each in toasts(app)))
    assert runtime.suppressions.get("p00@example.com").detail == "asked"


@pytest.mark.long
@pytest.mark.ci
async def test_a_change_that_is_stopped_leaves_nothing(runtime, people, still, monkeypatch):
    monkeypatch.setattr(selecting, "CHUNK", 2)
    gate, reached = threading.Event(), threading.Event()
    async with contacts(runtime) as (app, pilot):
        await until(pilot, lambda: len(listed(app)) == 20)
        tell = BulkJob._report

        def held_up(job, done, of):
            if done >= 10:
                reached.set()
                gate.wait(20)
            tell(job, done, of)

        monkeypatch.setattr(BulkJob, "_report", held_up)
        await pilot.press("asterisk", "T")
        await choose(app, pilot, "vip", "add")
        await on_screen(app, pilot, ConfirmScreen)
        await pilot.press("right", "enter")
        await until(pilot, reached.is_set)
        await until(pilot, lambda: isinstance(app.screen, BulkProgressScreen))
        await until(pilot, lambda: "%" in shown(app))
        await pilot.press("escape")
        gate.set()
        await until(pilot, lambda: any("nothing has been changed" in each for each in toasts(app)))
        await until(pilot, lambda: isinstance(app.screen, ContactsScreen))
    assert tagged(runtime) == []
    assert last_change(runtime.database, time.time()) is None


@pytest.mark.long
@pytest.mark.ci
async def test_columns_are_sorted_along_indexes_by_key_and_click(runtime, people, still):
    async with contacts(runtime) as (app, pilot):
        await until(pilot, lambda: listed(app)[:1] == ["p19"])
        await pilot.press("o")
        await until(pilot, lambda: listed(app)[:1] == ["p00"])
        assert "oldest first" in shown(app)
        await pilot.press("o", "o")
        await until(pilot, lambda: listed(app)[:1] == ["p19"])
        assert "by address, from the end" in shown(app)
        await pilot.press("o")
        await until(pilot, lambda: "Address ▼" not in shown(app))
        await pilot.click("#people", offset=(5, 1))
        await until(pilot, lambda: "Address ▲" in shown(app))
        await until(pilot, lambda: listed(app)[:2] == ["p00", "p01"])
        await pilot.click("#people", offset=(5, 1))
        await until(pilot, lambda: "Address ▼" in shown(app))
        await pilot.click("#people", offset=(table(app).size.width - 20, 1))
        await until(pilot, lambda: any("no index" in each for each in toasts(app)))
        await pilot.press("slash", *"rome")
        await until(pilot, lambda: "10 found" in shown(app))
        await until(pilot, lambda: listed(app) == [f"p{i:02}" for i in range(18, -1, -2)])


@pytest.mark.long
@pytest.mark.ci
async def test_filters_are_saved_shown_and_forgotten(runtime, people, still):
    async with contacts(runtime) as (app, pilot):
        await until(pilot, lambda: len(listed(app)) == 20)
        await pilot.press("slash", *"rome", "enter")
        await until(pilot, lambda: "10 found" in shown(app))
        await pilot.press("F")
        await on_screen(app, pilot, PickScreen)
        await pilot.press("enter")
        await on_screen(app, pilot, AskScreen)
        await pilot.press(*("x" * 61), "enter")
        await until(pilot, lambda: any("needs a name" in each for each in toasts(app)))
        await pilot.press("F")
        await on_screen(app, pilot, PickScreen)
        await pilot.press("enter")
        await on_screen(app, pilot, AskScreen)
        await pilot.press(*"[b]romans", "enter")
        await until(pilot, lambda: ContactFilters(runtime.database).all())
        await until(pilot, lambda: isinstance(app.screen, ContactsScreen))
        await pilot.press("escape")
        await until(pilot, lambda: len(listed(app)) == 20)
        await pilot.press("F")
        await on_screen(app, pilot, PickScreen)
        assert "[b]romans" in shown(app)
        await pilot.press("enter")
        await until(pilot, lambda: "10 found" in shown(app))
        await pilot.press("F")
        await on_screen(app, pilot, PickScreen)
        await pilot.press("down", "down", "enter")
        await until(pilot, lambda: "Forget which filter?" in shown(app))
        await pilot.press("enter")
        await until(pilot, lambda: not ContactFilters(runtime.database).all())


@pytest.mark.long
@pytest.mark.ci
async def test_marked_and_found_contacts_and_lists_are_exported(runtime, people, still, tmp_path):
    async def export(app, pilot, name):
        await pilot.press("E")
        await on_screen(app, pilot, ExportScreen)
        app.screen.query_one("PathInput").value = str(tmp_path / name)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, ContactsScreen))
        lines = (tmp_path / name).read_text().splitlines()
        return lines[0], [line[:3] for line in lines[1:]]

    async with contacts(runtime) as (app, pilot):
        await until(pilot, lambda: len(listed(app)) == 20)
        head, rows = await export(app, pilot, "all.csv")
        assert (head[-4:], len(rows)) == ("city", 20)
        await pilot.press("space", "space")
        assert (await export(app, pilot, "marked.csv"))[1] == ["p18", "p19"]
        await pilot.press("escape", "slash", *"rome", "enter")
        await until(pilot, lambda: "10 found" in shown(app))
        assert len((await export(app, pilot, "found.csv"))[1]) == 10
        await pilot.press("escape", "h", "j")
        await until(pilot, lambda: "customers · 5 contacts" in shown(app))
        assert len((await export(app, pilot, "list.csv"))[1]) == 5
        await pilot.press("E")
        await on_screen(app, pilot, ExportScreen)
        app.screen.query_one("PathInput").value = str(tmp_path / "list.txt")
        await pilot.press("enter")
        await until(pilot, lambda: "ends with .csv or .jsonl" in shown(app))


@pytest.mark.long
@pytest.mark.ci
async def test_lists_are_renamed_merged_and_deleted(runtime, people, still):
    add_campaign(runtime, "news", contacts=2, audience="customers")
    async with contacts(runtime) as (app, pilot):
        await until(pilot, lambda: len(listed(app)) == 22)
        await pilot.press("h", "j")
        await until(pilot, lambda: "customers · 7 contacts" in shown(app))
        await pilot.press("x")
        await on_screen(app, pilot, ConfirmScreen)
        await pilot.press("right", "enter")
        await until(pilot, lambda: any("named by the campaign news" in t for t in toasts(app)))
        await pilot.press("e")
        await on_screen(app, pilot, AskScreen)
        assert "the campaign news" in shown(app)
        await pilot.press(*["backspace"] * 9, *"[b]clients", "enter")
        await until(pilot, lambda: members(runtime, "[b]clients") == 7)
        assert Campaigns(runtime.database).get("news").lists == ["[b]clients"]
        await until(pilot, lambda: "[b]clients" in shown(app))
        await until(pilot, lambda: isinstance(app.screen, ContactsScreen))
        await pilot.press("h", "g", "j")
        await until(pilot, lambda: "[b]clients · 7 contacts" in shown(app))
        await pilot.press("M")
        await on_screen(app, pilot, PickScreen)
        await pilot.press("enter")
        await on_screen(app, pilot, ConfirmScreen)
        assert "7 contacts of [b]clients join newsletter" in shown(app)
        await pilot.press("right", "enter")
        await until(pilot, lambda: members(runtime, "newsletter") == 22)
        assert Campaigns(runtime.database).get("news").lists == ["newsletter"]
        await until(pilot, lambda: isinstance(app.screen, ContactsScreen))
        await pilot.press("u")
        await on_screen(app, pilot, ConfirmScreen)
        await pilot.press("right", "enter")
        await until(pilot, lambda: members(runtime, "[b]clients") == 7)
        await until(pilot, lambda: "[b]clients" in shown(app))


async def test_suppressed_addresses_that_are_no_contacts_are_not_marked(runtime, people, still):
    runtime.suppressions.add("nobody@gone.org", "bounce", "550", 1)
    async with contacts(runtime) as (app, pilot):
        await until(pilot, lambda: len(listed(app)) == 20)
        await pilot.press("h", "G")
        await until(pilot, lambda: listed(app) == ["nob"])
        assert table(app).which.standing is Standing.SUPPRESSED
        await pilot.press("l", "space")
        await until(pilot, lambda: any("no contact's" in each for each in toasts(app)))
        await pilot.press("asterisk", "T")
        await until(pilot, lambda: any("No contact is marked" in each for each in toasts(app)))


@pytest.mark.long
@pytest.mark.ci
async def test_hostile_names_stay_words(runtime, still):
    runtime.contacts.add(
        [NewContact("a@b.co", "a@b.co", {"name": HOSTILE})], list_name=HOSTILE, now=1
    )
    async with contacts(runtime, size=(80, 24)) as (app, pilot):
        await until(pilot, lambda: "[bold]x" in shown(app))
        await pilot.press("h", "j")
        await until(pilot, lambda: "1 contact" in shown(app))
        await pilot.press("e")
        await on_screen(app, pilot, AskScreen)
        await pilot.press("escape", "x")
        await on_screen(app, pilot, ConfirmScreen)
        assert "[bold]x" in shown(app)
        await pilot.press("escape", "l", "asterisk", "L")
        await on_screen(app, pilot, AddOrRemoveScreen)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, ContactsScreen))
