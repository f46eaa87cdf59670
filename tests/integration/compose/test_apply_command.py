import json

import pytest
import typer
from typer.testing import CliRunner

from sestui.cli.apply import apply_command
from sestui.errors import BadFileError
from sestui.store.campaigns.campaigns import Campaigns
from sestui.store.db.database import Database


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setenv("SESTUI_DATA_DIR", str(tmp_path / "data"))
    app = typer.Typer()
    app.command()(apply_command)
    return lambda *arguments: CliRunner().invoke(app, [str(each) for each in arguments])


def names(tmp_path):
    database = Database(f"sqlite:///{tmp_path}/data/sestui.db")
    try:
        return Campaigns(database).names()
    finally:
        database.close()


def test_data_on_stdout_warnings_on_stderr(run, write, tmp_path):
    path = write("Hi {first_name}")
    result = run(path)
    assert result.exit_code == 0
    assert result.stdout.splitlines()[0] == "created news"
    assert "  + subject: News" in result.stdout.splitlines()
    assert "warning: " in result.stderr
    assert "{first_name} looks like a placeholder" in result.stderr
    assert "\x1b" not in result.output
    assert run(path).stdout == "unchanged news\n"
    write("Bye {{ unsubscribe_url }}")
    changed = run(path).stdout.splitlines()
    assert changed[0] == "updated news"
    assert "  +Bye {{ unsubscribe_url }}" in changed
    assert names(tmp_path) == ["news"]


def test_dry_run_and_json(run, write, tmp_path):
    result = run("--dry-run", "--json", write())
    (report,) = json.loads(result.stdout)
    assert (report["name"], report["change"]) == ("news", "created")
    assert run("--dry-run", write()).stdout.startswith("would be created news")
    assert names(tmp_path) == []


def test_one_bad_file_and_nothing_is_written(run, write, tmp_path):
    good, bad = write(), write("{% if", file="bad.md", name="bad")
    result = run(good, bad)
    assert isinstance(result.exception, BadFileError)
    assert names(tmp_path) == []


def test_a_folder_outside_has_to_be_allowed(run, write, tmp_path_factory):
    outside = tmp_path_factory.mktemp("shared")
    (outside / "list.csv").write_text("a,b\n")
    path = write(attachments=f"[{outside / 'list.csv'}]")
    refused = run(path)
    assert isinstance(refused.exception, BadFileError)
    assert "is outside the campaign's folder" in str(refused.exception)
    allowed = run(path, "--allow-folder", outside)
    assert allowed.exit_code == 0
    assert "+ attachments: list.csv (4 bytes)" in allowed.stdout
