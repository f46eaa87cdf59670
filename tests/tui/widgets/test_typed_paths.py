"""A typed path: one that begins at the root or at home counts, whatever stands before it."""

from pathlib import Path

import pytest

from sestui.core.typed_path import behind_proposed
from sestui.tasks.parameter_fields import parameter_fields
from sestui.tasks.registry import load_type, parameter_faults
from sestui.tui.widgets.file_browser import as_shown, as_typed, completion


@pytest.fixture
def home(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("/home/me//tmp/x.csv", "/tmp/x.csv"),
        ("~/lists//tmp/x.csv", "/tmp/x.csv"),
        ("/srv/lists/~/x.csv", "~/x.csv"),
        ("~/~/x.csv", "~/x.csv"),
        ("/a//b/~/c//d/e", "/d/e"),
        ("//tmp/x", "/tmp/x"),
        ("/srv///", "/"),
        ("/srv/~", "~"),
        ("file:///tmp/x", "/tmp/x"),
        ("lists/x.csv", "/in/lists/x.csv"),
        ("./~x/y", "/in/~x/y"),
        ("../~$x.csv", "/~$x.csv"),
    ],
)
def test_what_begins_anew_counts(home, typed, meant):
    expected = Path(meant.replace("~", str(home), 1) if meant[0] == "~" else meant)
    assert as_typed(typed, Path("/in")).path == expected


def test_what_begins_anew_is_completed(home):
    (home / "people.csv").write_text("a")
    behind = f"/srv/{home}/peo"
    assert completion(behind, Path("/in"), (".csv",)) == f"/srv/{home}/people.csv"


def test_a_path_that_would_be_read_as_another_is_not_proposed(home):
    assert as_shown(home / "x.csv") == "~/x.csv"
    assert as_shown(home / "~" / "x.csv") == ""


@pytest.mark.parametrize(
    ("typed", "counts"),
    [
        ("~/people.csv", "~/people.csv"),
        ("~/people.csv.gz", "~/people.csv.gz"),
        ("~/people.csv/tmp/x.csv", "/tmp/x.csv"),
        ("~/people.csv~/x.csv", "~/x.csv"),
        ("/srv/people.csv/x", "/srv/people.csv/x"),
    ],
)
def test_a_path_typed_behind_a_proposed_file_counts(typed, counts):
    assert behind_proposed(typed, "~/people.csv")[1] == counts
    assert behind_proposed(typed, "") == ("", typed)


def test_the_path_of_a_task_is_read_likewise():
    kind = load_type("backup")
    folder = next(each for each in parameter_fields(kind.Parameters) if each.name == "folder")
    assert folder.value(" ~/backups//srv/copies ") == "/srv/copies"


def test_the_home_of_nobody_is_a_fault_and_no_crash():
    faults = parameter_faults(load_type("backup"), {"folder": "~nobody-of-that-name/x"})
    assert faults == {"folder": "there is no user 'nobody-of-that-name'"}
