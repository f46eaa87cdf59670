import json
import threading
import time

import pytest
from sqlalchemy import text as sql

from sestui.core.delivery.states import Standing
from sestui.errors import StorageBusyError
from sestui.store.contacts.contacts import NewContact
from sestui.store.contacts.pages import ContactPages
from sestui.store.contacts.search import find_contacts
from sestui.tui.contacts.contact_screen import ContactScreen
from sestui.tui.contacts.contacts_screen import ContactsScreen
from sestui.tui.contacts.edit_contact import EditContactScreen
from sestui.tui.imports.import_screen import ImportScreen
from sestui.tui.widgets.lazy_table import LazyTable
from tests.support.screens import running, shown, toasts, until


def add(runtime, *emails, audience="newsletter", **attributes):
    new = [NewContact(email, email.lower(), attributes) for email in emails]
    runtime.contacts.add(new, list_name=audience, now=time.time())


def people(app):
    return app.screen.query_one("#people", LazyTable)


def listed(app):
    """The addresses that have been read, in the table's order."""
    table = people(app)
    rows = (table.row_at(number) for number in range(table.count or 0))
    return [row.email for row in rows if row is not None]


def contacts(runtime, **options):
    return running(runtime, place="contacts", **options)


@pytest.mark.long
@pytest.mark.ci
async def test_an_empty_place_teaches_the_first_keys(runtime, still):
    async with contacts(runtime) as (app, pilot):
        await until(pilot, lambda: "i   imports a list" in shown(app))
        assert "n   adds one by hand" in shown(app)
        await pilot.press("n", *"Ada@Example.com", "enter")
        await until(pilot, lambda: isinstance(app.screen, ContactScreen))
        await until(pilot, lambda: "Ada@example.com" in shown(app))
        await pilot.press("escape")
        await until(pilot, lambda: listed(app) == ["Ada@example.com"])
        assert "imports a list" not in shown(app)
        assert app.focused is people(app)
    assert runtime.contacts.get("ada@example.com").email == "Ada@example.com"


@pytest.mark.long
@pytest.mark.ci
async def test_whether_there_is_nothing_is_told_once_it_has_been_read_again(runtime, still):
    async with contacts(runtime) as (app, pilot):
        nothing = app.screen.query_one("#empty")
        await until(pilot, lambda: nothing.display)
        await pilot.press("1")
        await until(pilot, lambda: app.current_mode == "home" and not nothing.display)
        await pilot.press("3")
        await until(pilot, lambda: nothing.display)
        await pilot.press("1")
        await until(pilot, lambda: app.current_mode == "home")
        add(runtime, "ada@example.com")
        await pilot.press("3")
        await until(pilot, lambda: "ada@example.com" in shown(app))
        assert not nothing.display


async def test_a_typed_address_that_is_none_is_refused_in_the_dialog(runtime, still):
    async with contacts(runtime) as (app, pilot):
        await pilot.press("n", *"[b]nobody", "enter")
        await until(pilot, lambda: "must have an @-sign" in shown(app))
    assert runtime.contacts.count() == 0


async def test_lists_and_contacts_fit_the_smallest_terminal(runtime, still):
    add(runtime, "ada@example.com", "bob@example.com")
    add(runtime, "cid@example.com", audience="customers")
    async with contacts(runtime) as (app, pilot):
        await until(pilot, lambda: "all · 3 contacts" in shown(app))
        for word in ("All", "customers", "newsletter", "Suppressed", "ada@example.com", "active"):
            assert word in shown(app)
        assert people(app).max_scroll_x == 0
        await pilot.press("h", "j")
        await until(pilot, lambda: "customers · 1 contact" in shown(app))
        assert listed(app) == ["cid@example.com"]
        await pilot.press("j", "l")
        await until(pilot, lambda: listed(app) == ["bob@example.com", "ada@example.com"])
        assert app.focused is people(app)


@pytest.mark.long
@pytest.mark.ci
async def test_a_status_after_the_other_is_shown(runtime, still):
    add(runtime, "ada@example.com", "bob@example.com", "cid@example.com")
    with runtime.database.write_connection() as connection:
        connection.execute(sql("UPDATE contact SET status = 'unsubscribed' WHERE id = 2"))
    runtime.suppressions.add("cid@example.com", "bounce", "550", 1)
    async with contacts(runtime) as (app, pilot):
        await until(pilot, lambda: len(listed(app)) == 3)
        seen = []
        for standing in ("active", "unsubscribed", "invalid"):
            await pilot.press("b")
            await until(pilot, lambda standing=standing: f"all, {standing}" in shown(app))
            await until(pilot, lambda: people(app).count is not None)
            await until(pilot, lambda: len(listed(app)) == people(app).count)
            seen.append(listed(app))
        assert seen == [["ada@example.com"], ["bob@example.com"], []]
        await pilot.press("escape")
        await until(pilot, lambda: len(listed(app)) == 3)
        await pilot.press("h", "G")
        await until(pilot, lambda: listed(app) == ["cid@example.com"])
        assert "suppressed" in shown(app)
        names = [each.binding.description for each in app.screen.active_bindings.values()]
        assert "Status" not in names


@pytest.mark.long
@pytest.mark.ci
async def test_somebody_is_found_as_one_types(runtime, still):
    add(runtime, "ada@example.com", city="Paris")
    add(runtime, "bob@example.com", "adam@example.com", city="Rome")
    async with contacts(runtime) as (app, pilot):
        await until(pilot, lambda: len(listed(app)) == 3)
        await pilot.press("slash", *"ada")
        await until(pilot, lambda: "2 found" in shown(app))
        assert listed(app) == ["ada@example.com", "adam@example.com"]
        await pilot.press(*"m")
        await until(pilot, lambda: listed(app) == ["adam@example.com"])
        await pilot.press(*["backspace"] * 4, *"paris")
        await until(pilot, lambda: listed(app) == ["ada@example.com"])
        await pilot.press("enter", "enter")
        await until(pilot, lambda: isinstance(app.screen, ContactScreen))
        await pilot.press("escape")
        await until(pilot, lambda: listed(app) == ["ada@example.com"])
        await pilot.press("slash", *"zzq")
        await until(pilot, lambda: "no contacts found" in shown(app))
        await pilot.press("escape")
        await until(pilot, lambda: len(listed(app)) == 3)
        assert isinstance(app.screen, ContactsScreen)


@pytest.mark.long
@pytest.mark.ci
async def test_a_newer_search_gives_the_older_one_up(runtime, still, monkeypatch):
    add(runtime, *(f"p{number}@example.com" for number in range(10)))
    monkeypatch.setattr("sestui.store.contacts.search._CHUNK", 1)
    gate, asked = threading.Event(), []
    async with contacts(runtime) as (app, pilot):
        await until(pilot, lambda: people(app).count == 10)

        def held_up(database, which, text):
            for step in find_contacts(database, which, text):
                asked.append(text)
                if asked.count("zz") == 3:
                    gate.wait(20)
                yield step

        monkeypatch.setattr("sestui.tui.contacts.contact_table.find_contacts", held_up)
        await pilot.press("slash", *"zz")
        await until(pilot, lambda: asked.count("zz") == 3)
        assert "searching…" in shown(app)
        await pilot.press("backspace", "backspace", *"p7")
        gate.set()
        await until(pilot, lambda: "1 found · esc" in shown(app))
        assert asked.count("zz") == 3
        assert listed(app) == ["p7@example.com"]


@pytest.mark.long
async def test_an_address_is_suppressed_with_a_reason_and_released(runtime, still):
    add(runtime, "ada@example.com")
    async with contacts(runtime) as (app, pilot):
        await until(pilot, lambda: len(listed(app)) == 1)
        await pilot.press("x", "enter")
        await until(pilot, lambda: "Give a reason; esc goes back." in toasts(app))
        await pilot.press("escape")
        assert isinstance(app.screen, ContactsScreen)
        await pilot.press("x", *"spam trap", "enter")
        await until(pilot, lambda: "ada@example.com has been suppressed." in toasts(app))
        await until(pilot, lambda: people(app).selected.standing is Standing.SUPPRESSED)
        found = runtime.suppressions.get("ada@example.com")
        assert (found.reason, found.detail) == ("manual", "spam trap")
        await pilot.press("x")
        await until(pilot, lambda: "spam trap" in shown(app))
        await pilot.press("enter")  # the default is to go back
        assert runtime.suppressions.get("ada@example.com") is not None
        await pilot.press("x")
        await until(pilot, lambda: "Unsuppress" in shown(app))
        await pilot.press("right", "enter")
        await until(pilot, lambda: "ada@example.com may be mailed again." in toasts(app))
        await until(pilot, lambda: people(app).selected.standing is Standing.ACTIVE)
    assert runtime.suppressions.get("ada@example.com") is None


@pytest.mark.long
@pytest.mark.ci
async def test_edit_import_and_copy_are_a_key_away(runtime, still):
    add(runtime, "ada@example.com")
    async with contacts(runtime) as (app, pilot):
        await until(pilot, lambda: len(listed(app)) == 1)
        await pilot.press("y")
        await until(pilot, lambda: "Copied: ada@example.com" in toasts(app))
        assert app.clipboard == "ada@example.com"
        await pilot.press("e")
        await until(pilot, lambda: isinstance(app.screen, EditContactScreen))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, ContactsScreen))
        await pilot.press("i")
        await until(pilot, lambda: isinstance(app.screen, ImportScreen))


@pytest.mark.long
async def test_a_new_contact_comes_on_the_list_one_looks_at(runtime, still):
    add(runtime, "ada@example.com")
    async with contacts(runtime) as (app, pilot):
        await until(pilot, lambda: "newsletter" in shown(app))
        await pilot.press("h", "j")
        await until(pilot, lambda: "newsletter · 1 contact" in shown(app))
        await pilot.press("n", *"bob@example.com", "enter")
        await until(pilot, lambda: isinstance(app.screen, ContactScreen))
        await pilot.press("escape")
        await until(pilot, lambda: listed(app) == ["bob@example.com", "ada@example.com"])
        await pilot.press("n", *"BOB@example.com", "enter")
        await until(pilot, lambda: any("is already a contact" in t for t in toasts(app)))


HOSTILE = {
    "first_name": "[bold red]x[/] [/]",
    "last_name": "\x1b[31m\u202eabc",
    "city": "日本語" * 40,
    "note": "e\u0301\u0302" * 50,
    "long": "z" * 10_000,
}


@pytest.mark.long
@pytest.mark.ci
@pytest.mark.parametrize("size", [(80, 24), (200, 50)])
async def test_hostile_names_show_as_typed_and_break_nothing(runtime, still, size):
    names = ("[/] [bold]list[/bold]", "\x1b[2Jlist", "l" * 10_000)
    for name in names:
        add(runtime, "ada@example.com", audience=name, **HOSTILE)
    runtime.suppressions.add("bob@example.com", "[b]m", "\x1b[31m", time.time())
    async with contacts(runtime, size=size) as (app, pilot):
        await until(pilot, lambda: "[/] [bold]l" in shown(app) and len(listed(app)) == 1)
        assert "\\x1b[2Jl" in shown(app)
        if size[0] >= 120:
            assert "[bold red]x[/] [/]" in shown(app)
        await pilot.press("h", "j")
        await until(pilot, lambda: "\\x1b[2Jlist · 1 contact" in shown(app))
        await pilot.press("G", "l", "enter")
        await until(pilot, lambda: isinstance(app.screen, ContactScreen))
        # A narrow column breaks the line between the two.
        await until(pilot, lambda: "[b]m:" in shown(app) and "\\x1b[31m" in shown(app))
        assert "\x1b" not in shown(app)


@pytest.mark.long
async def test_a_busy_database_is_a_quiet_line_and_tried_again(runtime, still, monkeypatch):
    add(runtime, "ada@example.com")
    async with contacts(runtime) as (app, pilot):
        await until(pilot, lambda: len(listed(app)) == 1)

        def busy(*_):
            raise StorageBusyError("The database is locked by another program.")

        with monkeypatch.context() as patch:
            patch.setattr(ContactPages, "page", busy)
            await pilot.press("b")
            await until(pilot, lambda: "locked by another program" in shown(app))
            assert not toasts(app)
        await until(pilot, lambda: len(listed(app)) == 1)
        await until(pilot, lambda: "locked by another program" not in shown(app))

        def busy_find(*_):
            busy()
            yield

        with monkeypatch.context() as patch:
            patch.setattr("sestui.tui.contacts.contact_table.find_contacts", busy_find)
            await pilot.press("slash", *"ada")
            await until(pilot, lambda: "locked by another program" in shown(app))
        await until(pilot, lambda: "1 found" in shown(app))


async def test_many_contacts_open_at_once_and_are_walked_to_the_end(runtime, still):
    rows = json.dumps([f"p{number:05d}@example.com" for number in range(25_000)])
    with runtime.database.write_connection() as connection:
        connection.execute(
            sql(
                "INSERT INTO contact (email, email_key, attributes, tags, status, status_reason, "
                "created_at, updated_at) SELECT value, value, '{}', '[]', 'active', '', 0, 0 "
                "FROM json_each(:rows)"
            ),
            {"rows": rows},
        )
    async with contacts(runtime) as (app, pilot):
        await until(pilot, lambda: people(app).count == 25_000)
        assert people(app).selected.email == "p24999@example.com"
        await pilot.press("G")
        await until(pilot, lambda: people(app).selected is not None)
        assert people(app).selected.email == "p00000@example.com"
        await pilot.resize_terminal(120, 40)
        await until(pilot, lambda: "p00030@example.com" in shown(app))
