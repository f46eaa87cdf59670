"""Lists and undo from the command line."""

import pytest

from tests.support.cli import Sestui

NEWS = """\
---
name: news
subject: Hi
from: shop@example.com
lists: [a]
---
Hi [off]({{ unsubscribe_url }})
"""


@pytest.fixture
def sestui(sestui, tmp_path) -> Sestui:
    for name, people in (("a", "abc"), ("b", "cd")):
        file = tmp_path / f"{name}.csv"
        file.write_text("email\n" + "".join(f"{one}@example.com\n" for one in people))
        sestui.ok("import", str(file), "--list", name)
    return sestui


def sizes(sestui: Sestui) -> dict[str, int]:
    return {each["name"]: each["contacts"] for each in sestui.json("list", "show")}


def test_lists_are_renamed_merged_deleted_and_brought_back(sestui: Sestui, tmp_path) -> None:
    (tmp_path / "news.md").write_text(NEWS)
    sestui.ok("apply", str(tmp_path / "news.md"))
    said = sestui.ok("list", "rename", "a", "first")
    assert said == "Renamed the list a to first.\nThe campaign news now uses the new name.\n"
    assert sizes(sestui) == {"b": 2, "first": 3}
    refused = sestui.run("list", "delete", "first", "--yes")
    assert refused.returncode == 1
    assert "named by the campaign news" in refused.stderr
    assert sestui.json("list", "merge", "first", "b", "--yes")["campaigns"] == ["news"]
    assert sizes(sestui) == {"b": 4}
    assert "Merged the list first" in sestui.ok("undo", "--dry-run")
    assert sestui.json("undo", "--yes")["restored"] == 3
    assert sizes(sestui) == {"b": 2, "first": 3}
    assert sestui.ok("undo", "--yes") == "Undone: renamed the list a to first.\n"
    assert sestui.json("campaign", "show", "news")["lists"] == ["a"]
    sestui.ok("list", "delete", "b", "--yes")
    assert "b" not in sizes(sestui)


def test_nobody_is_asked_where_nobody_can_answer(sestui: Sestui) -> None:
    for command in (("list", "delete", "a"), ("list", "merge", "a", "b")):
        assert sestui.run(*command).returncode == 1
    assert sizes(sestui) == {"a": 3, "b": 2}
    asked = sestui.run("undo")
    assert asked.returncode == 1
    assert "Undo this: Imported b.csv into b: 1 new (" in asked.stderr
    assert sizes(sestui) == {"a": 3, "b": 2}


def test_imports_are_undone_by_number_until_there_is_nothing_left(sestui: Sestui, tmp_path) -> None:
    file = tmp_path / "left.csv"
    file.write_text("email,status\na@example.com,unsubscribed\nz@example.com,\n")
    number = sestui.json("import", str(file), "--list", "a")["change"]
    listed = sestui.json("undo", "--list")
    assert [each["id"] for each in listed] == [number, number - 1, number - 2]
    assert "Imported a.csv into a: 3 new" in sestui.ok("undo", "--list")
    asked = sestui.run("undo", str(number))
    assert "1 refusal of mail that the file told of kept" in asked.stderr
    assert "--forget-refusals forgets them too." in asked.stderr
    undone = sestui.json("undo", str(number), "--yes")
    assert (undone["removed"], undone["refusals_kept"], undone["undone"]) == (1, 1, True)
    assert sestui.json("contact", "show", "a@example.com")["status"] == "unsubscribed"
    again = sestui.run("undo", str(number), "--yes")
    assert again.returncode == 1
    assert "undone already" in again.stderr
    assert sestui.ok("undo", "--yes").startswith("Undone: imported b.csv into b: 1 new.")
    assert sizes(sestui) == {"a": 3}
    assert "2 of 3 new contacts removed" in sestui.ok("undo", "--yes")
    nothing = sestui.run("undo")
    assert nothing.returncode == 1
    assert "There is nothing to undo" in nothing.stderr
    assert sestui.json("undo", "--list") == []


def test_what_is_done_to_one_contact_is_undone(sestui: Sestui) -> None:
    sestui.ok("contact", "suppress", "a@example.com", "--reason", "asked")
    assert sestui.ok("undo", "--yes") == "Undone: suppressed a@example.com.\n"
    assert "active" in sestui.ok("contact", "show", "a@example.com")
