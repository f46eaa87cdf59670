import json
import os
from pathlib import Path

import pytest
import typer
from click.testing import Result
from typer.testing import CliRunner

from sestui.audience.imports.status_words import Meaning
from sestui.cli.imports.import_ import import_command
from sestui.cli.imports.import_options import parse_mapping, parse_words
from sestui.errors import BadFileError, UsageError

app = typer.Typer()
app.command("import")(import_command)


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SESTUI_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("SESTUI_CONFIG", os.devnull)
    return tmp_path


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_data_goes_to_stdout_and_rejects_are_told_on_stderr(workspace: Path) -> None:
    path = workspace / "list.csv"
    path.write_text("Kontakt;Name\nada@x.co;Ada\n[bold]\x1b[31m;x\n" + "broken;y\n" * 6)
    done = run(path, "--list", "news", "--map", "Kontakt=email", "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout) == {
        "file": str(path),
        "list": "news",
        "lists": ["news"],
        "rows": 8,
        "imported": 1,
        "updated": 0,
        "unchanged": 0,
        "duplicates": 0,
        "rejects": 7,
        "tidied": 0,
        "split": 0,
        "erased": 0,
        "contacts": 1,
        "joined": 1,
        "unsubscribed": 0,
        "suppressed": 0,
        "role_addresses": 0,
        "disposable": 0,
        "format": "CSV",
        "encoding": "utf-8",
        "delimiter": ";",
        "email_column": "Kontakt",
        "columns": {"Kontakt": "email", "Name": "name"},
        "found": [],
        "shown": ["Ada", "x", "y"],
        "statuses": [],
        "all_active": False,
        "dry_run": False,
        "rejects_file": None,
        "change": 1,
    }
    told = done.stderr.splitlines()
    assert told[0].startswith(r"line 3, Kontakt: [bold]\x1b[31m: ")
    assert len(told) == 7
    assert told[5] == "... and 2 more rejected rows; see them all with --rejects FILE."
    assert "`sestui undo 1`" in told[6]


def test_a_person_reads_a_summary(workspace: Path) -> None:
    path = workspace / "list.csv"
    path.write_text("Email,Name,Phone\nada@x.co,,\nADA@x.co,,\n")
    done = run(path, "--list", "news", "--dry-run", "--on-conflict", "skip", "--map", "Phone=-")
    assert done.exit_code == 0, done.output
    assert "dry run" in done.stdout
    assert "1  duplicates" in done.stdout
    assert done.stdout.splitlines()[-3:] == [
        "Email → the address",
        "Name → name",
        "Phone → left out",
    ]
    assert done.stderr == ""


def test_errors_reach_the_door_as_sentences(workspace: Path) -> None:
    done = run(workspace / "none.csv", "--list", "news")
    assert isinstance(done.exception, BadFileError)
    assert done.stdout == ""
    (workspace / "list.csv").write_text("Email\nada@x.co\n")
    for path in (workspace / "none.csv", workspace / "list.csv"):
        assert run(path).exit_code == 2
    from_pipe = CliRunner().invoke(app, ["-"], input=b"Email\nada@x.co\n")
    assert isinstance(from_pipe.exception, UsageError)


def test_status_options() -> None:
    assert parse_words(["Gold Member=active", "a=b=bounced", "🟥=complained"]) == {
        "goldmember": Meaning.ACTIVE,
        "ab": Meaning.BOUNCED,
        "🟥": Meaning.COMPLAINED,
    }
    for options in (["gold"], ["gold=mailable"], ["gold=active", "GOLD=bounced"]):
        with pytest.raises(UsageError):
            parse_words(options)


def test_mapping_options() -> None:
    assert parse_mapping(["E-Mail=email", "a=b=c", "3=city"]) == {
        "E-Mail": "email",
        "a=b": "c",
        "3": "city",
    }
    for options in (["x"], ["=y"], ["x="], ["x=a", "x=b"]):
        with pytest.raises(UsageError):
            parse_mapping(options)


def test_a_file_without_any_contact_is_a_failure_and_changes_nothing(workspace: Path) -> None:
    path = workspace / "list.csv"
    path.write_text("Email,Name\nbroken,Ada\n")
    done = run(path, "--list", "news", "--rejects", workspace / "rejects.csv")
    assert done.exit_code == 1
    assert "1  rejects" in done.stdout
    assert "contains no contacts; nothing has been changed" in done.stderr
    assert "broken" in (workspace / "rejects.csv").read_text()
    assert json.loads(run(path, "--list", "news", "--json").stdout)["contacts"] == 0


def test_how_a_file_was_read_is_told(workspace: Path) -> None:
    path = workspace / "list.csv"
    text = "Kunden 2026\nE-Mail;Имя;Теги\nAda <ada@x.co>;Иван;a\nmailto:bob@x.co, cy@x.co;Пётр;\n"
    path.write_bytes(text.encode("cp1251"))
    done = run(path, "--list", "news")
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines()[1:] == [
        "read as cp1251, semicolon, 1 row above the header left out",
        "columns: E-Mail, Имя, Теги",
        "for example: Имя, Теги, Иван",
        "           2  rows",
        "           3  imported",
        "           0  updated",
        "           0  unchanged",
        "           0  duplicates",
        "           0  rejects",
        "           1  more addresses in rows that have several",
        "           2  addresses tidied",
        "           3  contacts, 3 of them new on the list",
    ]
    told = json.loads(run(path, "--list", "news", "--json").stdout)
    assert (told["encoding"], told["tidied"], told["split"]) == ("cp1251", 2, 1)
    assert told["shown"] == ["Имя", "Теги", "Иван"]


def test_encoding_and_delimiter_are_options(workspace: Path) -> None:
    path = workspace / "list.csv"
    path.write_bytes("email:name\nada@x.co:Ж,;\n".encode("koi8-r"))
    done = run(path, "--list", "news", "--encoding", "koi8-r", "--delimiter", ":", "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert (told["encoding"], told["delimiter"], told["shown"]) == ("koi8-r", ":", ["Ж,;"])
    for option, value in (
        ("--encoding", "klingon"),
        ("--encoding", "base64"),
        ("--delimiter", "ab"),
        ("--delimiter", '"'),
        ("--delimiter", "x"),
    ):
        failed = run(path, "--list", "news", option, value)
        assert isinstance(failed.exception, UsageError)


def test_standard_input_is_a_file(workspace: Path) -> None:
    arguments = ["-", "--list", "news", "--json"]
    done = CliRunner().invoke(app, arguments, input=b"Email,Name\nada@x.co,Ada\n")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["imported"] == 1
