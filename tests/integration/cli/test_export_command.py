"""The sent log on stdout and in files."""

import csv
import io
import json
import shutil
import stat
from pathlib import Path

import pytest

from tests.support.cli import MESSAGE, Sestui

COLUMNS = (
    "campaign,run,email,state,message_id,attempts,code,reason,queued_at,sent_at,outcome,outcome_at,"
    "outcome_code,opened_at,clicked_at,run_kind,variant"
)


@pytest.fixture(scope="module")
def _sent(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = Sestui(tmp_path_factory.mktemp("sent"))
    made.ok("import", made.write("r.csv", "email,first name\na@example.com,A\n=b@example.com,B\n"),
            "--list", "readers")  # fmt: skip
    made.ok("apply", made.write("news.md", MESSAGE))
    made.ok("simulator", "fault", "add", "refuse", "--match", "=b@*")
    made.ok("send", "news")
    return made.home


@pytest.fixture
def sent(_sent: Path, tmp_path: Path) -> Sestui:
    """A run of two: one accepted, one rejected whose address a spreadsheet would calculate."""
    shutil.copytree(_sent, tmp_path, dirs_exist_ok=True)
    return Sestui(tmp_path)


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


@pytest.mark.long
@pytest.mark.ci
def test_stdout_is_csv_and_formulas_are_shown_not_run(sent: Sestui) -> None:
    text = sent.ok("export", "deliveries", "--campaign", "news")
    assert text.splitlines()[0] == COLUMNS
    assert [(row["email"], row["state"]) for row in rows(text)] == [
        ("a@example.com", "accepted"),
        ("'=b@example.com", "rejected"),
    ]
    assert rows(sent.ok("export", "deliveries", "--raw"))[1]["email"] == "=b@example.com"
    lines = sent.ok("export", "deliveries", "--format", "jsonl").splitlines()
    assert [json.loads(line)["email"] for line in lines] == ["a@example.com", "=b@example.com"]
    assert json.loads(lines[1])["reason"] == "Message rejected by a scripted fault."


def test_filters(sent: Sestui) -> None:
    assert len(rows(sent.ok("export", "deliveries", "--status", "rejected"))) == 1
    assert len(rows(sent.ok("export", "deliveries", "--since", "2020-01-01"))) == 2
    assert rows(sent.ok("export", "deliveries", "--since", "2999-01-01T00:00")) == []
    found = rows(sent.ok("export", "deliveries", "--find", "A@EXAMPLE"))
    assert [row["email"] for row in found] == ["a@example.com"]
    assert rows(sent.ok("export", "deliveries", "--find", "a@", "--status", "rejected")) == []


def test_a_file_appears_whole_for_this_user_only(sent: Sestui) -> None:
    out = sent.home / "log.csv"
    done = sent.run("export", "deliveries", "-o", out)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == f"2 deliveries written to {out}.\n"
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert len(rows(out.read_text())) == 2


def test_what_cannot_be_written_leaves_nothing_behind(sent: Sestui) -> None:
    before = sorted(sent.home.iterdir())
    assert "is a folder" in sent.refused(2, "export", "deliveries", "-o", sent.home)
    nowhere = sent.home / "none" / "log.csv"
    assert "can't be written" in sent.refused(1, "export", "deliveries", "-o", nowhere)
    assert "There is no campaign" in sent.refused(1, "export", "deliveries", "--campaign", "nws")
    assert "csv or jsonl" in sent.refused(2, "export", "deliveries", "--format", "xml")
    assert "--since" in sent.refused(2, "export", "deliveries", "--since", "yesterday")
    assert sent.run("export", "deliveries", "--status", "lost").returncode == 2
    assert sorted(sent.home.iterdir()) == before
