import csv
import json
import re
from pathlib import Path

import pytest
from textual.widgets import Input

from sestui.audience.imports.preview import preview
from sestui.audience.sources.file_cells import Reading
from sestui.errors import StorageBusyError
from sestui.store.contacts.contacts import Contacts
from sestui.tui.app.navigation.tabs import TABS
from sestui.tui.dialogs.confirm import ConfirmScreen
from sestui.tui.imports.columns_step import ColumnTable
from sestui.tui.imports.import_screen import ImportScreen
from tests.support.screens import running, shown, toasts, until

SHARED = Path(__file__).parents[4] / "shared" / "data"
HOSTILE = "[bold]x[/bold] [/] \x1b[31m \u202e" + "名e\u0301" * 40 + "y" * 10_000


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The folder that sestui is started in, and the operator's home."""
    folder = tmp_path / "files"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("HOME", str(folder))
    return folder


def said(app):
    """What stands on the screen, however it is broken into lines."""
    return " ".join(shown(app).split())


def write(folder, name="people.csv", text="Email,Name,Tags\nada@x.co,Ada,a\nbroken,Bob,b\n"):
    path = folder / name
    path.write_text(text)
    return path


async def opened(app, pilot):
    """The import screen, its folder read."""
    app.push_screen(ImportScreen(app.services))
    await until(pilot, lambda: "Changed" in shown(app))
    await until(pilot, lambda: app.screen.query_one("#import-file LazyTable").count is not None)
    return app.screen


async def at_columns(app, pilot):
    """The first file of the folder was picked."""
    screen = await opened(app, pilot)
    await until(pilot, lambda: screen.query_one("#import-file LazyTable").selected is not None)
    await pilot.press("enter")
    await until(pilot, lambda: "Becomes" in shown(app))
    return screen


async def at_list(app, pilot):
    screen = await at_columns(app, pilot)
    await pilot.press("enter")
    await until(pilot, lambda: "Already known" in shown(app))
    return screen


@pytest.mark.long
@pytest.mark.ci
async def test_a_file_is_tried_out_and_then_imported_by_keys_alone(runtime, still, folder):
    write(folder)
    async with running(runtime, place="home") as (app, pilot):
        await at_columns(app, pilot)
        assert "people.csv · utf-8, comma, 3 columns, 2 rows" in shown(app)
        assert "the address" in shown(app)
        assert "ada@x.co" in shown(app)
        await pilot.press("enter")
        await until(pilot, lambda: "Type the name of a new list" in shown(app))
        await pilot.press(*"news")
        await until(pilot, lambda: "A new list" in shown(app))
        await pilot.press("enter", "enter")
        await until(pilot, lambda: "Dry run into news: nothing has been changed." in shown(app))
        dry = shown(app)
        assert runtime.contacts.lists() == []
        assert "Line 3, Email: " in dry
        await pilot.press("i")
        await until(pilot, lambda: "Imported into news." in shown(app))
        assert figures(shown(app)) == figures(dry)
        assert figures(dry)["rejects"] == "1"
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, ImportScreen))
    assert [(each.name, each.contacts) for each in runtime.contacts.lists()] == [("news", 1)]
    ada = runtime.contacts.get("ada@x.co")
    assert (ada.attributes, ada.tags) == ({"name": "Ada"}, ["a"])


@pytest.mark.long
@pytest.mark.ci
async def test_an_import_is_taken_back_from_its_result(runtime, still, folder):
    write(folder)
    async with running(runtime, place="home") as (app, pilot):
        await at_list(app, pilot)
        await until(pilot, lambda: "Type the name of a new list" in shown(app))
        await pilot.press(*"news")
        await until(pilot, lambda: "A new list" in shown(app))
        await pilot.press("enter", "enter")
        await until(pilot, lambda: "Dry run into news: nothing has been changed." in shown(app))
        assert "Undo" not in shown(app)
        await pilot.press("i")
        await until(pilot, lambda: "Imported into news." in shown(app))
        await pilot.press("u")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        await until(pilot, lambda: "1 of 1 new contact removed" in said(app))
        await pilot.press("right", "enter")
        await until(
            pilot, lambda: any("Undone: imported people.csv" in each for each in toasts(app))
        )
        await until(pilot, lambda: "Changed" in shown(app))
    assert runtime.contacts.lists() == []
    assert runtime.contacts.count() == 0


def figures(text):
    """Label to number, as the result shows them."""
    labels = ("rows", "imported", "updated", "unchanged", "duplicates", "rejects", "contacts")
    return {label: re.search(rf"\b{label} +([\d,]+)", text)[1] for label in labels}


@pytest.mark.long
@pytest.mark.ci
@pytest.mark.skipif(not SHARED.is_dir(), reason="no ../shared/data beside this checkout")
async def test_a_shared_file_comes_out_as_expected(runtime, still, folder):
    name = "excel-semicolon-cp1252.csv"
    (folder / name).write_bytes((SHARED / name).read_bytes())
    expected = json.loads((SHARED / "expected.json").read_text())[name]
    async with running(runtime, place="home") as (app, pilot):
        await at_list(app, pilot)
        assert "cp1252, semicolon, 5 columns, 2,984 rows" in shown(app)
        await pilot.press(*"all", "enter", "i")
        await until(pilot, lambda: "Imported into all." in shown(app))
        told = figures(shown(app))
    assert told["rows"] == f"{expected['rows']:,}"
    assert told["rejects"] == str(expected["invalid"])
    assert told["duplicates"] == str(expected["duplicates"])
    assert told["imported"] == told["contacts"] == f"{expected['unique_valid']:,}"
    assert runtime.contacts.count() == expected["unique_valid"]


@pytest.mark.long
@pytest.mark.ci
async def test_columns_are_mapped_by_keys(runtime, still, folder):
    write(folder, text="A,B,C,D\nada@x.co,eve@x.co,one;two,Paris\n")
    async with running(runtime, place="home") as (app, pilot):
        screen = await at_columns(app, pilot)
        table = screen.query_one(ColumnTable)
        await pilot.press("x")
        await until(pilot, lambda: "left out" in shown(app))
        assert "Choose the column that holds the addresses." in shown(app)
        await pilot.press("enter")
        await until(pilot, lambda: "Press @ to choose this one" in shown(app))
        await pilot.press("j", "at", "j", "t", "j", "a")
        await until(pilot, lambda: isinstance(app.focused, Input))
        assert app.focused.value == "d"
        await pilot.press("backspace", *"!!", "enter")
        await until(pilot, lambda: "needs a letter or a digit" in shown(app))
        await pilot.press("escape", "a", "backspace", *"A b", "enter")
        await until(pilot, lambda: "a_b" in shown(app))
        assert table.cursor == 3
        await pilot.press("enter")
        await until(pilot, lambda: "Already known" in shown(app))
        await pilot.press(*"x", "enter", "i")
        await until(pilot, lambda: "Imported into x." in shown(app))
    assert runtime.contacts.get("ada@x.co") is None
    eve = runtime.contacts.get("eve@x.co")
    assert (eve.attributes, eve.tags) == ({"a_b": "Paris"}, ["one", "two"])


@pytest.mark.long
async def test_a_list_that_is_there_and_a_rule_are_chosen(runtime, still, folder):
    path = write(folder, text="Email,Name\nada@x.co,Ada\n")
    assert preview(path, Reading()).count == 1
    async with running(runtime, place="home") as (app, pilot):
        await at_list(app, pilot)
        await pilot.press(*"old", "enter", "i")
        await until(pilot, lambda: "Imported into old." in shown(app))
        write(folder, text="Email,Town\nada@x.co,Rome\n")
        await pilot.press("n")
        await until(pilot, lambda: "Changed" in shown(app))
        await pilot.press("enter")
        await until(pilot, lambda: "Becomes" in shown(app))
        await pilot.press("enter")
        await until(pilot, lambda: "1 contact is on this list" in shown(app))
        await pilot.press("n", "ctrl+u", *"second", "enter", "j", "j")
        await until(pilot, lambda: "● replace" in shown(app).replace("  ", " "))
        await pilot.press("i")
        await until(pilot, lambda: "Imported into second." in shown(app))
    assert runtime.contacts.get("ada@x.co").attributes == {"town": "Rome"}
    assert [each.name for each in runtime.contacts.lists()] == ["old", "second"]


@pytest.mark.long
async def test_paths_are_completed_and_folders_gone_into(runtime, still, folder):
    (folder / "lists" / "deep").mkdir(parents=True)
    (folder / ".secret").mkdir()
    write(folder / "lists", "people.tsv", "ada@x.co\tAda\n")
    write(folder / "lists", "notes.doc")
    write(folder / ".secret", "hidden.txt")
    async with running(runtime, place="home") as (app, pilot):
        screen = await opened(app, pilot)
        line = screen.query_one("#path", Input)
        await until(pilot, lambda: "lists/" in shown(app))
        assert ".secret" not in shown(app)
        await pilot.press("enter")
        await until(pilot, lambda: "people.tsv" in shown(app))
        assert "notes.doc" not in shown(app)
        assert line.value == "~/lists/"
        await pilot.press("h")
        await until(pilot, lambda: line.value == "~/" and "people.tsv" not in shown(app))
        table = screen.query_one("#import-file LazyTable")
        assert table.selected.name == "lists"
        await pilot.press("slash", *"li", "tab")
        await until(pilot, lambda: line.value == "~/lists/")
        await pilot.press(*"p", "tab")
        await until(pilot, lambda: line.value == "~/lists/people.tsv")
        await pilot.press("tab")
        await until(pilot, lambda: app.focused is table)
        await pilot.press("slash", "ctrl+u", *"~/.s", "tab")
        await until(pilot, lambda: "hidden.txt" in shown(app))
        await pilot.press("ctrl+u", *"/no/x", "enter")
        await until(pilot, lambda: "There is no file /no/x." in said(app))
        await pilot.press("ctrl+u", *"~/lists", "enter")
        await until(pilot, lambda: app.focused is table and "people.tsv" in shown(app))
        await pilot.press("j", "enter")
        await until(pilot, lambda: "tab, 2 columns without a header, 1 row" in shown(app))
        for seen in ("Changed", "Campaigns"):
            await pilot.press("escape")
            await until(pilot, lambda seen=seen: seen in shown(app))


@pytest.mark.long
@pytest.mark.ci
async def test_an_empty_folder_and_files_that_are_none(runtime, still, folder):
    async with running(runtime, place="home") as (app, pilot):
        screen = await opened(app, pilot)
        await until(pilot, lambda: "No folders and no .csv" in shown(app))
        (folder / "i.csv").write_bytes(b"%PDF-1.7 ...")
        await pilot.press("slash", *"i.csv", "enter")
        await until(pilot, lambda: "is not text but a PDF" in said(app))
        (folder / "i.csv").write_text("Name\nAda\n")
        await pilot.press("enter")
        await until(pilot, lambda: "Choose the column that holds the addresses." in shown(app))
        assert screen.query_one(ColumnTable).count == 1


@pytest.mark.long
async def test_rejects_are_saved_beside_the_file_and_over_nothing_unasked(runtime, still, folder):
    write(folder, "p.csv")
    rejects = write(folder, "p-rejects.csv", "mine")
    async with running(runtime, place="home") as (app, pilot):
        screen = await opened(app, pilot)
        await until(pilot, lambda: "p.csv" in shown(app))
        await pilot.press("j", "enter")
        await until(pilot, lambda: "Becomes" in shown(app))
        await pilot.press("enter")
        await pilot.press(*"x", "enter", "d")
        await until(pilot, lambda: "Dry run into x" in shown(app))
        await pilot.press("y")
        assert "Copied: broken, Bob, b" in toasts(app)
        await pilot.press("enter")
        await until(pilot, lambda: any("Line 3, Email:" in text for text in toasts(app)))
        await pilot.press("E")
        line = screen.query_one("#rejects-path", Input)
        assert line.value == "~/p-rejects.csv"
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        await until(pilot, lambda: "Overwrite the file?" in shown(app))
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is screen)
        assert rejects.read_text() == "mine"
        await pilot.press("ctrl+u", *"p.csv", "enter")
        await until(pilot, lambda: "is the imported file itself" in said(app))
        await pilot.press("escape", "E", "enter")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        await pilot.press("right", "enter")
        await until(pilot, lambda: any("1 reject is in" in text for text in toasts(app)))
        await pilot.press("escape")
        await until(pilot, lambda: "Already known" in shown(app))
    with rejects.open(newline="") as file:
        assert [(row[0], row[2]) for row in csv.reader(file)][1:] == [("3", "broken")]
    assert runtime.contacts.count() == 0


def long_file(folder):
    """It takes longer to read, and to save, than to stop: 3,000,000 people."""
    lines = (f"person{n}@d{n % 300}.example.net,Ada\n" for n in range(3_000_000))
    return write(folder, text="Email,Name\n" + "".join(lines))


@pytest.mark.long
async def test_a_stopped_import_leaves_nothing(runtime, still, folder):
    long_file(folder)
    async with running(runtime, place="home") as (app, pilot):
        screen = await at_list(app, pilot)
        await pilot.press(*"big", "enter", "i")
        await until(pilot, lambda: " rows" in shown(app) and "saving" in shown(app))
        assert "x stops it" in shown(app)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is screen)
        await pilot.press("x")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        await pilot.press("right", "enter")
        await until(pilot, lambda: "The import has been stopped" in "".join(toasts(app)))
        await until(pilot, lambda: "Already known" in shown(app))
    assert (runtime.contacts.count(), runtime.contacts.lists()) == (0, [])


@pytest.mark.long
@pytest.mark.ci
async def test_quitting_during_an_import_takes_it_back_and_says_so(runtime, still, folder, capsys):
    long_file(folder)
    async with running(runtime, place="home") as (app, pilot):
        await at_list(app, pilot)
        await pilot.press(*"big", "enter", "i")
        await until(pilot, lambda: "saving" in shown(app))
        await pilot.press(str([place.mode for place in TABS].index("account") + 1))
        await until(pilot, lambda: not isinstance(app.screen, ImportScreen))
        await pilot.press("q")
        await until(pilot, lambda: app._exit)
    assert "The import has been stopped; nothing has been saved." in capsys.readouterr().err
    assert runtime.contacts.count() == 0


@pytest.mark.long
@pytest.mark.ci
async def test_what_goes_wrong_is_said_where_it_belongs(runtime, still, folder, monkeypatch):
    write(folder)

    def busy(*_args, **_options):
        raise StorageBusyError("The database is locked by another program.")

    async with running(runtime, place="home") as (app, pilot):
        with monkeypatch.context() as patch:
            patch.setattr(Contacts, "lists", busy)
            await at_list(app, pilot)
            await until(pilot, lambda: "locked by another program. Trying again." in said(app))
        await until(pilot, lambda: "locked" not in shown(app))
        await pilot.press(*"x", "space", *"y", "enter")
        with monkeypatch.context() as patch:
            patch.setattr(Contacts, "apply", busy)
            await pilot.press("i")
            await until(pilot, lambda: "locked by another program." in said(app))
            assert "Already known" in shown(app)
        await pilot.press("i")
        await until(pilot, lambda: "Imported into x y." in shown(app))


@pytest.mark.long
@pytest.mark.ci
async def test_hostile_names_and_cells_are_harmless(runtime, still, folder):
    text = f'Email,"{HOSTILE}"\nada@x.co,"{HOSTILE}"\n"{HOSTILE[:300]}",x\n'
    write(folder, "[bold]x\x1b[31m\u202e.csv", text)
    async with running(runtime, place="home", size=(120, 40)) as (app, pilot):
        screen = await opened(app, pilot)
        await until(pilot, lambda: r"[bold]x\x1b[31m\u202e.csv" in shown(app))
        assert "\x1b" not in shown(app)
        await pilot.press("enter")
        await until(pilot, lambda: "[bold]x[/bold] [/]" in shown(app))
        await pilot.press("enter")
        await pilot.press(*"[red]", "enter", "i")
        await until(pilot, lambda: "Imported into [red]." in shown(app))
        assert r"[bold]x[/bold] [/] \x1b[31m \u202e" in shown(app)
        assert "\x1b" not in shown(app)
        await pilot.press("enter")
        assert screen.is_current


async def test_many_columns_and_every_step_fit(runtime, still, folder):
    labels = ",".join(f"Column {n}" for n in range(40))
    write(folder, text=f"Email,{labels}\nada@x.co,{'v,' * 39}v\n")
    async with running(runtime, place="home", size=(80, 24)) as (app, pilot):
        screen = await at_columns(app, pilot)
        for text in ("2 Columns", "41 columns, 1 row", "Go on", "Leave out"):
            assert text in shown(app)
        await pilot.press("G")
        await until(pilot, lambda: "Column 39" in shown(app))
        await pilot.press("enter")
        await until(pilot, lambda: "Already known" in shown(app))
        for text in ("update", "skip", "replace", "if it has any."):
            assert text in shown(app)
        await pilot.resize_terminal(20, 5)
        await pilot.resize_terminal(200, 50)
        await until(pilot, lambda: "if it has any." in shown(app))
        assert screen.is_current


@pytest.mark.long
@pytest.mark.ci
async def test_the_operator_says_how_a_file_is_to_be_read(runtime, still, folder):
    (folder / "p.csv").write_bytes("email:name\nada@x.co:Ж;\n".encode("koi8-r"))
    async with running(runtime, place="home") as (app, pilot):
        screen = await opened(app, pilot)
        await until(pilot, lambda: "p.csv" in shown(app))
        await pilot.press("r", *"klingon", "enter")
        await until(pilot, lambda: "There is no encoding" in said(app))
        line = screen.query_one("#read-as", Input)
        line.value = ""
        await pilot.press(*"koi8-r", "space", ":", "enter")
        await pilot.press("j", "enter")
        await until(pilot, lambda: "p.csv · koi8-r, delimiter :, 2 columns, 1 row" in shown(app))
        await pilot.press("enter")
        await pilot.press(*"x", "enter", "i")
        await until(pilot, lambda: runtime.contacts.get("ada@x.co") is not None)
    assert runtime.contacts.get("ada@x.co").attributes == {"name": "Ж;"}


@pytest.mark.long
@pytest.mark.ci
async def test_who_left_is_shown_before_anything_is_written(runtime, still, folder):
    write(folder, text="Email,Status\nada@x.co,active\nbob@x.co,cleaned\neve@x.co,unsubscribed\n")
    async with running(runtime, place="home") as (app, pilot):
        await at_columns(app, pilot)
        assert "who may" in shown(app)
        assert "First rows: Status: cleaned → suppressed (bounced): 1 row" in said(app)
        await pilot.press("down", "s")
        await until(pilot, lambda: "status_text" in shown(app))
        assert "First rows" not in shown(app)
        await pilot.press("s", "enter", *"news", "enter", "enter")
        await until(pilot, lambda: "Dry run into news: nothing has been changed." in shown(app))
        assert re.search(r"unsubscribed +1 +suppressed +1", shown(app))
        assert runtime.contacts.count() == 0


@pytest.mark.long
@pytest.mark.ci
async def test_a_status_that_is_not_understood_is_a_question(runtime, still, folder):
    write(folder, text="Email,Status\nada@x.co,gold\nbob@x.co,active\n")
    async with running(runtime, place="home") as (app, pilot):
        await at_columns(app, pilot)
        assert "but gold can't be understood: a keeps the column as an attribute" in said(app)
        await pilot.press("enter", *"news", "enter", "enter")
        await until(pilot, lambda: "Nothing has been imported." in said(app))
        assert runtime.contacts.count() == 0
