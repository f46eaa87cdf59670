import time

import pytest
from textual.widgets import Input, TextArea

from sestui.core.delivery.states import PauseReason
from sestui.errors import StorageBusyError
from sestui.store.contacts.contacts import NewContact
from sestui.tui.campaigns.run_screen import RunScreen
from sestui.tui.contacts.contact_lists import ContactListsScreen
from sestui.tui.contacts.contact_screen import ContactScreen
from sestui.tui.contacts.edit_contact import EditContactScreen
from sestui.tui.contacts.suppress import SuppressScreen
from sestui.tui.dialogs.confirm import ConfirmScreen
from sestui.tui.widgets.lazy_table import LazyTable
from tests.support.screens import add_campaign, running, shown, toasts, until

ADA = "Ada@example.com"


def add(runtime, audience="all", tags=(), **attributes):
    new = NewContact(ADA, ADA.lower(), attributes, tags)
    runtime.contacts.add([new], list_name=audience, now=time.time())


def ada(runtime):
    return runtime.contacts.get(ADA)


def history(app):
    return app.screen.query_one("#history", LazyTable)


def said(app):
    """What stands on the screen, whichever way its lines are broken."""
    return " ".join(shown(app).split())


def lists_of(runtime):
    return [each.name for each in runtime.contact_records.of(ADA).lists]


async def opened(app, pilot, email=ADA):
    """The contact's page, read."""
    app.push_screen(ContactScreen(app.services, email))
    await until(pilot, lambda: isinstance(app.screen, ContactScreen))
    await until(pilot, lambda: app.screen._record is not None)


async def edited(app, pilot):
    """The form, read."""
    await pilot.press("e")
    await until(pilot, lambda: isinstance(app.screen, EditContactScreen))
    await until(pilot, lambda: isinstance(app.focused, TextArea))


@pytest.mark.long
async def test_a_page_says_who_it_is_and_why_they_got_nothing_yet(runtime, still):
    add(runtime, tags=("vip",), first_name="Ada", last_name="Lovelace", city="London")
    add_campaign(runtime, contacts=0)
    run = runtime.starter.start(runtime.campaigns.get("news"), time.time())
    async with running(runtime) as (app, pilot):
        await opened(app, pilot)
        await until(pilot, lambda: "their turn has not come yet" in said(app))
        for word in (ADA, "active", "Ada Lovelace", "all (joined at", "vip", "city = London"):
            assert word in said(app)
        assert "pending" in said(app)
        runtime.runs.pause(run.id, PauseReason.OPERATOR, "You paused this run.")
        await until(pilot, lambda: "the run is paused. You paused this run." in said(app))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, RunScreen))
        assert app.screen.run_id == run.id
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, ContactScreen))
        await pilot.resize_terminal(120, 40)
        await until(pilot, lambda: "Details" in shown(app))
        assert "city = London" in shown(app)


@pytest.mark.long
@pytest.mark.ci
async def test_a_mail_that_went_out_has_an_id_to_copy(runtime):
    add(runtime)
    add_campaign(runtime, contacts=0)
    runtime.starter.start(runtime.campaigns.get("news"), time.time())
    async with running(runtime) as (app, pilot):
        await opened(app, pilot)
        await until(pilot, lambda: "SES accepted it at" in shown(app))
        await pilot.press("Y")
        await until(pilot, lambda: len(toasts(app)) == 1)
        assert app.clipboard == history(app).selected.message_id
        await pilot.press("y")
        await until(pilot, lambda: app.clipboard == ADA)


async def test_runs_of_other_lists_are_shown_when_asked_for(runtime, still):
    add(runtime)
    add_campaign(runtime, audience="others", contacts=1)
    runtime.starter.start(runtime.campaigns.get("news"), time.time())
    async with running(runtime) as (app, pilot):
        await opened(app, pilot)
        await until(pilot, lambda: "Nothing has been sent to them yet" in shown(app))
        await pilot.press("v")
        await until(pilot, lambda: "they are not on its list others" in said(app))
        assert "not in it" in shown(app)
        await pilot.press("v")
        await until(pilot, lambda: history(app).count == 0)


@pytest.mark.long
@pytest.mark.ci
async def test_attributes_status_and_tags_are_saved_all_at_once(runtime, still):
    add(runtime, tags=("old",), city="London")
    async with running(runtime) as (app, pilot):
        await opened(app, pilot)
        await edited(app, pilot)
        area = app.screen.query_one(TextArea)
        assert area.text == "city = London"
        await pilot.press("end", "enter", *"First Name = Ada", "ctrl+s")
        await until(pilot, lambda: "Line 2: First Name can't be used" in shown(app))
        area.text = "city = Paris\nfirst_name = Ada"
        await pilot.press("tab")
        assert app.focused.id == "tags"
        app.focused.value = "vip, new"
        await pilot.press("tab", "tab", *"asked by phone", "shift+tab", "j", "space", "ctrl+s")
        await until(pilot, lambda: f"Saved {ADA}." in toasts(app))
        await until(pilot, lambda: isinstance(app.screen, ContactScreen))
        await until(pilot, lambda: "unsubscribed" in shown(app) and "city = Paris" in shown(app))
    contact = ada(runtime)
    assert contact.attributes == {"city": "Paris", "first_name": "Ada"}
    assert (contact.tags, contact.status) == (["vip", "new"], "unsubscribed")
    assert contact.status_reason == "asked by phone"


@pytest.mark.long
async def test_buttons_save_and_go_back_too(runtime, still):
    add(runtime, city="London")
    async with running(runtime) as (app, pilot):
        await opened(app, pilot)
        await edited(app, pilot)
        app.screen.query_one(TextArea).text = "city = Rome"
        await pilot.press("shift+tab", "shift+tab", "enter")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        await pilot.press("enter")  # the default is to stay
        await until(pilot, lambda: isinstance(app.screen, EditContactScreen))
        await pilot.press("tab", "enter")
        await until(pilot, lambda: isinstance(app.screen, ContactScreen))
        assert ada(runtime).attributes == {"city": "Rome"}
        await edited(app, pilot)
        app.screen.query_one(TextArea).text = ""
        await pilot.press("escape")
        await until(pilot, lambda: "Leave without saving?" in shown(app))
        await pilot.press("right", "enter")
        await until(pilot, lambda: isinstance(app.screen, ContactScreen))
        await edited(app, pilot)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, ContactScreen))
    assert ada(runtime).attributes == {"city": "Rome"}


@pytest.mark.long
@pytest.mark.ci
async def test_whoever_unsubscribed_is_mailed_again_only_on_their_word(runtime, still):
    add(runtime)
    with runtime.database.write() as session:
        contact = ada(runtime)
        contact.status = "unsubscribed"
        session.add(contact)
    async with running(runtime) as (app, pilot):
        await opened(app, pilot)
        await edited(app, pilot)
        await pilot.press("tab", "tab", "k", "space", "ctrl+s")
        await until(pilot, lambda: "They have unsubscribed." in shown(app))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, EditContactScreen))
        assert ada(runtime).status == "unsubscribed"
        await pilot.press("ctrl+s")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        await pilot.press("right", "enter")
        await until(pilot, lambda: isinstance(app.screen, ContactScreen))
    assert ada(runtime).status == "active"


async def test_what_somebody_else_changed_meanwhile_is_not_overwritten(runtime, still):
    add(runtime, city="London")
    async with running(runtime) as (app, pilot):
        await opened(app, pilot)
        await edited(app, pilot)
        add(runtime, city="Rome")
        app.screen.query_one(TextArea).text = "city = Paris"
        await pilot.press("ctrl+s")
        await until(pilot, lambda: any("changed by someone else" in t for t in toasts(app)))
        assert isinstance(app.screen, EditContactScreen)
    assert ada(runtime).attributes == {"city": "Rome"}


@pytest.mark.long
async def test_lists_are_joined_and_left(runtime, still):
    add(runtime)
    add_campaign(runtime, audience="customers", contacts=1)
    async with running(runtime) as (app, pilot):
        await opened(app, pilot)
        await pilot.press("L")
        await until(pilot, lambda: isinstance(app.screen, ContactListsScreen))
        await until(pilot, lambda: "[x]  all" in shown(app) and "[ ]  customers" in shown(app))
        await pilot.press("space", "j", "space", "tab", *"vips", "enter")
        await until(pilot, lambda: "Added to customers, vips. Removed from all." in toasts(app))
        assert lists_of(runtime) == ["customers", "vips"]
        await until(pilot, lambda: "vips (joined at" in shown(app))
        await pilot.press("L")
        await until(pilot, lambda: isinstance(app.screen, ContactListsScreen))
        await pilot.press("space", "escape")
        await until(pilot, lambda: isinstance(app.screen, ContactScreen))
    assert lists_of(runtime) == ["customers", "vips"]


@pytest.mark.long
async def test_a_page_suppresses_and_releases(runtime, still):
    add(runtime)
    async with running(runtime) as (app, pilot):
        await opened(app, pilot)
        await pilot.press("x", *"moved", "tab", "right", "enter")
        await until(pilot, lambda: "manual: moved" in shown(app))
        assert runtime.suppressions.get(ADA.lower()).detail == "moved"
        await pilot.press("x")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        await pilot.press("right", "enter")
        await until(pilot, lambda: "manual: moved" not in shown(app))
    assert runtime.suppressions.get(ADA.lower()) is None


async def test_a_suppressed_stranger_has_a_page(runtime, still):
    runtime.suppressions.add("gone@example.com", "bounce", "550", time.time())
    async with running(runtime) as (app, pilot):
        await opened(app, pilot, "gone@example.com")
        await until(pilot, lambda: "no contact has this address" in shown(app))
        assert "bounce: 550" in shown(app)
        offered = [each.binding.description for each in app.screen.active_bindings.values()]
        assert "Unsuppress" in offered
        assert not {"Edit", "Lists", "Suppress"} & set(offered)


@pytest.mark.long
@pytest.mark.ci
@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_hostile_contacts_break_neither_page_nor_form(runtime, still, size):
    hostile = {
        "name": "[/] [b]x",
        "note": "\x1b[31m\u202e",
        "long": "z" * 10_000,
        "wide": "日" * 200,
    }
    add(runtime, "[b]list\x1b", ("[/]tag", "a, b", "\x1b[2J"), **hostile)
    add_campaign(runtime, "[b]news[/b]", audience="[b]list\x1b", contacts=0)
    runtime.starter.start(runtime.campaigns.get("[b]news[/b]"), time.time())
    async with running(runtime, size=size) as (app, pilot):
        await opened(app, pilot)
        await until(pilot, lambda: "[b]news[/b]" in shown(app))
        for word in ("[/] [b]x", "[b]list\\x1b", "[/]tag, a, b, \\x1b[2J", '"\\u001b[31m\\u202e"'):
            await until(pilot, lambda word=word: word in shown(app))
        assert "\x1b" not in shown(app)
        await pilot.press("L")
        await until(pilot, lambda: "[x]  [b]list\\x1b" in shown(app))
        await pilot.press("escape")
        await edited(app, pilot)
        assert "\x1b" not in shown(app)
        app.screen.query_one("#reason", Input).value = "x"
        await pilot.press("ctrl+s")
        await until(pilot, lambda: isinstance(app.screen, ContactScreen))
    contact = ada(runtime)
    assert contact.attributes == hostile
    assert contact.tags == ["[/]tag", "a, b", "\x1b[2J"]
    assert contact.status_reason == "x"


@pytest.mark.long
@pytest.mark.ci
async def test_a_busy_database_is_a_quiet_line(runtime, still, monkeypatch):
    add(runtime, city="London")
    async with running(runtime) as (app, pilot):
        await opened(app, pilot)
        await until(pilot, lambda: "city = London" in shown(app))

        def busy(*_):
            raise StorageBusyError("The database is locked by another program.")

        with monkeypatch.context() as patch:
            patch.setattr(runtime.contact_records, "of", busy)
            app.screen.reload()
            await until(pilot, lambda: "locked by another program" in shown(app))
            assert "city = London" in shown(app)
            assert not toasts(app)
        app.screen.reload()
        await until(pilot, lambda: "locked by another program" not in shown(app))


async def test_each_action_has_a_row_of_help(runtime, still):
    add(runtime)
    async with running(runtime, size=(120, 50)) as (app, pilot):
        await opened(app, pilot)
        offered = {
            each.binding.description
            for each in app.screen.active_bindings.values()
            if each.tooltip and not each.binding.system
        }
        assert {"Edit", "Lists", "Suppress", "All runs", "Copy"} <= offered
        await pilot.press("question_mark")
        await until(pilot, lambda: "Keys on this screen" in shown(app))
        for description in offered:
            assert f"{description}: " in shown(app)


@pytest.mark.long
@pytest.mark.ci
async def test_what_was_done_to_a_contact_is_undone_on_its_page(runtime, still):
    runtime.contacts.add(
        [NewContact("ada@example.com", "ada@example.com")], list_name="newsletter", now=time.time()
    )
    async with running(runtime, place="contacts") as (app, pilot):
        await until(pilot, lambda: "ada@example.com" in shown(app))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, ContactScreen))
        await until(pilot, lambda: "newsletter" in shown(app))
        await pilot.press("u")
        await until(pilot, lambda: any("nothing to undo" in each for each in toasts(app)))
        await pilot.press("x")
        await until(pilot, lambda: isinstance(app.screen, SuppressScreen))
        await pilot.press(*"asked", "enter")
        await until(pilot, lambda: runtime.suppressions.get("ada@example.com") is not None)
        await until(pilot, lambda: isinstance(app.screen, ContactScreen))
        await pilot.press("u")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        assert "Suppressed ada@example.com" in shown(app)
        await pilot.press("right", "enter")
        await until(pilot, lambda: runtime.suppressions.get("ada@example.com") is None)
