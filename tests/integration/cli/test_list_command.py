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
    nothing = sestui.run("undo")
    assert nothing.returncode == 1
    assert "There is nothing to undo" in nothing.stderr


def test_what_is_done_to_one_contact_is_undone(sestui: Sestui) -> None:
    sestui.ok("contact", "suppress", "a@example.com", "--reason", "asked")
    assert sestui.ok("undo", "--yes") == "Undone: suppressed a@example.com.\n"
    assert "active" in sestui.ok("contact", "show", "a@example.com")
