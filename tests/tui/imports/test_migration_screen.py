"""The guided migration, by keys alone."""

import csv
import re
import shutil

import pytest
from textual.widgets import Input

from sestui.errors import StorageBusyError
from sestui.store.campaigns.campaigns import Campaigns
from sestui.store.contacts.contacts import Contacts
from sestui.tui.dialogs.ask import AskScreen
from sestui.tui.dialogs.confirm import ConfirmScreen
from sestui.tui.imports.import_screen import ImportScreen
from sestui.tui.imports.migration_result import FindingTable
from sestui.tui.imports.migration_screen import MigrationScreen
from tests.support.migrations import FOLDER, everything, standings
from tests.support.screens import running, shown, toasts, until

pytestmark = [pytest.mark.long, pytest.mark.ci]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The folder that sestui is started in, and the operator's home."""
    folder = tmp_path / "files"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("HOME", str(folder))
    return folder


async def opened(app, pilot):
    """The migration's tools."""
    app.push_screen(MigrationScreen(app.services))
    await until(pilot, lambda: "SES contact lists" in shown(app))
    return app.screen


async def at_source(app, pilot, tool):
    """The source step of the tool in that row."""
    screen = await opened(app, pilot)
    await pilot.press(*"j" * tool, "enter")
    await until(pilot, lambda: screen.query_one("#migration-source LazyTable").selected is not None)
    return screen


def kinds(text):
    """Kind to its four numbers, as the screen shows them."""
    names = ("suppressions", "lists", "contacts", "subscriptions", "templates", "campaigns")
    found = re.findall(rf"({'|'.join(names)}) +([\d,]+) +([\d,]+) +([\d,]+) +([\d,]+)", text)
    return {kind: numbers for kind, *numbers in found}


async def test_a_dump_is_looked_at_and_then_taken_over_by_keys_alone(runtime, still, folder):
    shutil.copy(FOLDER / "listmonk.sql", folder)
    blank = everything(runtime.database)
    async with running(runtime, place="contacts") as (app, pilot):
        await pilot.press("I")
        await until(pilot, lambda: isinstance(app.screen, MigrationScreen))
        await until(pilot, lambda: "SES contact lists" in shown(app))
        await pilot.press("j", "enter")
        await until(pilot, lambda: "listmonk.sql" in shown(app))
        table = app.screen.query_one("#migration-source LazyTable")
        await until(pilot, lambda: table.selected is not None)
        await pilot.press("enter")
        await until(pilot, lambda: "Dry run of listmonk: nothing has been changed." in shown(app))
        dry = kinds(shown(app))
        assert dry["contacts"] == ["10", "9", "0", "1"]
        assert everything(runtime.database) == blank
        await pilot.press("i")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        said = " ".join(shown(app).split())
        assert "3 suppressions first, then 3 new lists, 9 contacts" in said
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, MigrationScreen))
        assert everything(runtime.database) == blank
        await pilot.press("i")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        await pilot.press("right", "enter")
        await until(pilot, lambda: "Taken over from listmonk." in shown(app))
        assert kinds(shown(app)) == dry
        assert standings(runtime.database)["blocked@example.org"][1] == "blocklisted"
        await pilot.press("E")
        await until(pilot, lambda: isinstance(app.focused, Input))
        await pilot.press("enter")
        await until(pilot, lambda: any("1 row left out" in each for each in toasts(app)))
        await pilot.press("n")
        await until(pilot, lambda: "Choose the tool" in shown(app))
    saved = (folder / "listmonk-left-out.csv").read_text("utf-8")
    [row] = csv.DictReader(saved.splitlines())
    assert (row["line"], row["value"]) == ("80", "no address")
    assert Campaigns(runtime.database).find("March-news")


async def test_an_export_of_mailchimp_is_a_folder_and_its_list_is_named(runtime, still, folder):
    shutil.copytree(FOLDER / "mailchimp", folder / "export")
    async with running(runtime, place="home") as (app, pilot):
        screen = await at_source(app, pilot, 2)
        await until(pilot, lambda: "export/" in shown(app))
        table = screen.query_one("#migration-source LazyTable")
        table.cursor = 1
        await pilot.press("enter")
        await until(pilot, lambda: "campaigns_content/" in shown(app))
        await pilot.press("G", "enter")
        await until(pilot, lambda: isinstance(app.screen, AskScreen))
        await pilot.press(*["backspace"] * 9, *"Readers", "enter")
        await until(pilot, lambda: "Dry run of Mailchimp" in shown(app))
        assert kinds(shown(app))["contacts"] == ["8", "6", "0", "2"]
        await pilot.press("escape")
        await until(pilot, lambda: "campaigns_content/" in shown(app))
        await pilot.press("escape")
        await until(pilot, lambda: "SES contact lists" in shown(app))
    assert Contacts(runtime.database).count() == 0


async def test_ses_s_contact_lists_need_no_source(runtime, still, folder):
    ses = runtime.ses.clients.sesv2
    ses.create_contact_list(ContactListName="News")
    ses.create_contact(ContactListName="News", EmailAddress="ada@example.org")
    async with running(runtime, place="home") as (app, pilot):
        await opened(app, pilot)
        await pilot.press("G", "enter")
        await until(pilot, lambda: "Dry run of SES" in shown(app))
        await pilot.press("i")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        await pilot.press("right", "enter")
        await until(pilot, lambda: "Taken over from SES" in shown(app))
    assert standings(runtime.database) == {"ada@example.org": ("active", "", "News", "")}


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("nothing here\n", "has no table subscribers"),
        ("\x00\xff\xfe", "not"),
        ("COPY public.subscribers (id) FROM stdin;\n\\.\n", "has no column email"),
    ],
)
async def test_what_is_no_dump_leads_back_with_a_sentence(runtime, still, folder, written, told):
    (folder / "bad.sql").write_bytes(written.encode("latin-1"))
    async with running(runtime, place="home") as (app, pilot):
        await at_source(app, pilot, 1)
        await pilot.press("enter")
        await until(pilot, lambda: told in " ".join(shown(app).split()))
        assert "bad.sql" in shown(app)


async def test_a_database_is_typed_and_its_password_is_nowhere_else(runtime, still, folder):
    async with running(runtime, place="home") as (app, pilot):
        screen = await opened(app, pilot)
        await pilot.press("j", "enter")
        await until(pilot, lambda: "Type a path" in shown(app))
        await pilot.press("slash")
        await until(pilot, lambda: isinstance(app.focused, Input))
        app.focused.value = "postgresql://ada:secret@127.0.0.1:1/none"
        await pilot.press("enter")
        await until(pilot, lambda: "can't be read: no connection" in " ".join(shown(app).split()))
        screen.query_one("#source", Input).value = ""
        await pilot.pause()
        assert "secret" not in shown(app)


async def test_hostile_texts_are_shown_as_they_are(runtime, still, folder):
    hostile = "[bold]x[/bold] [/] \x1b[31m 名"
    dump = (FOLDER / "listmonk.sql").read_text("utf-8").replace("no address", hostile)
    (folder / "listmonk.sql").write_text(dump.replace("Not yet", hostile), "utf-8")
    async with running(runtime, place="home") as (app, pilot):
        screen = await at_source(app, pilot, 1)
        await pilot.press("enter")
        await until(pilot, lambda: "Dry run of listmonk" in shown(app))
        table = screen.query_one(FindingTable)
        await until(pilot, lambda: table.count)
        await pilot.press("G", "enter")
        await until(pilot, lambda: any("[bold]x[/bold] [/]" in each for each in toasts(app)))
        assert not any("\x1b" in each for each in toasts(app))


async def test_a_busy_database_leads_back(runtime, still, folder, monkeypatch):
    shutil.copy(FOLDER / "listmonk.sql", folder)

    def busy(*_given, **_more):
        raise StorageBusyError("The database is busy.")

    monkeypatch.setattr("sestui.tui.imports.migration_service.migrate", busy)
    async with running(runtime, place="home") as (app, pilot):
        await at_source(app, pilot, 1)
        await pilot.press("enter")
        await until(pilot, lambda: "The database is busy." in shown(app))


async def test_the_import_leads_to_it(runtime, still, folder):
    async with running(runtime, place="home") as (app, pilot):
        app.push_screen(ImportScreen(app.services))
        await until(pilot, lambda: "Changed" in shown(app))
        await pilot.press("I")
        await until(pilot, lambda: isinstance(app.screen, MigrationScreen))
