"""One clear sentence, the right exit code, nothing half written."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.support.cli import MESSAGE, Sestui


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (bytes(range(256)) * 40, "text"),
        (b"", "empty"),
        (b"name,city\nAda,Paris\nBob,Rome\n", "email"),
    ],
    ids=["not text", "empty", "no email column"],
)
def test_a_file_that_is_no_list(sestui: Sestui, content: bytes, said: str) -> None:
    path = sestui.write("list.csv", content)
    sentence = sestui.refused(1, "import", path, "--list", "readers")
    assert str(path) in sentence
    assert said in sentence.lower()
    assert sestui.json("campaign", "list") == []


def test_a_row_with_too_many_cells_is_a_reject(sestui: Sestui) -> None:
    path = sestui.write("list.csv", "email,name\na@example.com,A\nb@example.com,B,too,many\n")
    done = sestui.run("import", path, "--list", "readers")
    assert done.returncode == 0
    assert done.stderr.startswith("line 3, ")
    assert "1  imported" in done.stdout


def test_a_line_of_100_megabytes(sestui: Sestui) -> None:
    path = sestui.write("list.csv", "email\na@example.com\n")
    with path.open("r+b") as file:
        file.seek(0, os.SEEK_END)
        for _ in range(100):
            file.write(b"x" * 1_000_000)
        file.write(b"\nb@example.com\n")
    sentence = sestui.refused(1, "import", path, "--list", "readers")
    assert "line 3" in sentence


@pytest.mark.long
@pytest.mark.ci
def test_a_message_with_an_unknown_variable(ready: Sestui) -> None:
    path = ready.write("news.md", MESSAGE.replace("Hi {{ first_name }}", "Hi {{ city }}"))
    ready.ok("apply", path)
    done = ready.run("send", "news")
    assert (done.returncode, done.stdout) == (1, "")
    assert "city" in done.stderr
    assert "reader0@example.com" in done.stderr
    assert ready.json("campaign", "list")[0]["run"] is None


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (MESSAGE.replace("lists: [readers]", "lists: [readers"), "line"),
        (MESSAGE.replace("lists:", "list:"), "did you mean lists?"),
        ("No front matter.\n", "front matter"),
        (MESSAGE.replace("Hi {{", "Hi {% if"), "line"),
        (MESSAGE.replace("from: Ada's Shop <news@example.com>", "from: nobody"), "from"),
    ],
    ids=["broken yaml", "unknown field", "none", "broken template", "no address"],
)
def test_broken_campaign_files(sestui: Sestui, text: str, place: str) -> None:
    path = sestui.write("news.md", text)
    sentence = sestui.refused(1, "apply", path)
    assert str(path) in sentence
    assert place in sentence
    assert sestui.json("campaign", "list") == []


@pytest.mark.parametrize(
    "command",
    ["send", "campaign show", "campaign start", "campaign pause", "campaign resume"],
)
def test_a_campaign_that_does_not_exist(ready: Sestui, command: str) -> None:
    assert "There is no campaign" in ready.refused(1, *command.split(), "nws")


def test_nobody_listening(ready: Sestui) -> None:
    nobody = {
        "SESTUI_ACCOUNT": "ses",
        "AWS_ENDPOINT_URL_SESV2": "http://127.0.0.1:1",
        "AWS_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
    }
    sentence = ready.refused(75, "send", "news", **nobody)
    assert sentence.startswith("Nothing answers at http://127.0.0.1:1")
    assert ready.refused(75, "account", **nobody) == sentence
    assert ready.json("campaign", "list")[0]["run"] is None


def test_no_credentials(ready: Sestui) -> None:
    sentence = ready.refused(
        1, "account", SESTUI_ACCOUNT="ses", AWS_REGION="eu-west-1", AWS_EC2_METADATA_DISABLED="true"
    )
    assert "No AWS credentials were found" in sentence


def test_a_data_folder_that_cannot_be(sestui: Sestui) -> None:
    file = sestui.write("file", "x")
    below = {"SESTUI_DATA_DIR": str(file / "data")}
    for command in (["run-due"], ["campaign", "list"], ["import", file, "--list", "x"]):
        sentence = sestui.refused(1, *command, **below)
        assert "SESTUI_DATA_DIR" in sentence
    assert file.read_text() == "x"


def test_a_database_that_is_none(sestui: Sestui) -> None:
    sestui.data.mkdir()
    sestui.write("data/sestui.db", b"not a database at all, sorry" * 100)
    assert "is not a sestui database" in sestui.refused(1, "campaign", "list")
    assert (
        "sqlite" in sestui.refused(2, "campaign", "list", SESTUI_DATABASE_URL="mysql://x/y").lower()
    )


@pytest.mark.long
def test_a_locked_database_is_worth_another_try(ready: Sestui) -> None:
    more = ready.write("more.csv", "email\nnew@example.com\n")
    with locked(ready.data / "sestui.db"):
        sentence = ready.refused(75, "import", more, "--list", "readers")
        assert "is locked by another program" in sentence
    assert ready.json("campaign", "list")[0]["audience"] == 200


@contextmanager
def locked(path: Path) -> Iterator[None]:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")
