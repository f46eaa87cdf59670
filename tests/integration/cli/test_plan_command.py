"""`sestui plan FOLDER` and `sestui apply FOLDER --prune`: the state is as the files say."""

from pathlib import Path

import pytest

from tests.support.cli import MESSAGE, Sestui

TASK = "kind: task\nname: {name}\ntype: purge\nschedule: '0 3 * * *'\n"
SEGMENT = "kind: segment\nname: {name}\nexpression: {expression}\n"


@pytest.fixture
def folder(ready: Sestui) -> Path:
    """All that there is, as files: the campaign `news` in a folder below."""
    made = ready.home / "mail"
    (made / "campaigns").mkdir(parents=True)
    (made / ".git").mkdir()
    (made / "campaigns" / "news.md").write_text(MESSAGE)
    (made / "nightly.yaml").write_text(TASK.format(name="nightly"))
    (made / "fair.yaml").write_text("kind: list\nname: fair\n")
    expression = '\'list("readers") - list("fair")\''
    (made / "vip.yml").write_text(SEGMENT.format(name="vip", expression=expression))
    (made / "README.md").write_text("# How we mail\n")
    (made / "compose.yaml").write_text("services: {}\n")
    (made / ".git" / "old.md").write_text(MESSAGE.replace("news", "hidden"))
    return made


def lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if not line.startswith("  ")]


def test_a_plan_tells_what_apply_does_and_then_nothing_is_left(ready: Sestui, folder: Path) -> None:
    planned = ready.run("plan", folder)
    assert planned.returncode == 2
    told = [
        "would be created fair",
        "would be created vip",
        "unchanged news",
        "would be created nightly",
    ]
    assert lines(planned.stdout) == told
    assert [line.rpartition("/")[2] for line in planned.stderr.splitlines()] == [
        "README.md",
        "compose.yaml",
    ]
    assert ready.json("segment", "list") == []
    assert len(ready.json("list", "show")) == 1

    applied = ready.ok("apply", folder)
    assert lines(applied) == [line.removeprefix("would be ") for line in told]
    assert len(ready.json("list", "show")) == 2
    again = ready.run("plan", folder, "--prune", "--json")
    assert again.returncode == 0
    assert {each.split(" ")[0] for each in lines(ready.ok("apply", folder, "--prune"))} == {
        "unchanged"
    }


@pytest.mark.long
@pytest.mark.ci
def test_what_no_file_names_is_removed_or_put_away(ready: Sestui, folder: Path) -> None:
    ready.ok("apply", folder)
    ready.ok("send", "news")
    ready.ok("task", "run", "nightly")
    ready.ok("task", "add", "weekly", "--type", "purge", "--schedule", "0 3 * * 1")
    ready.ok("segment", "add", "users", 'segment("vip")')
    draft = MESSAGE.replace("name: news", "name: draft")
    ready.ok("apply", ready.write("draft.md", draft))
    other = MESSAGE.replace("name: news", "name: other")
    (folder / "other.md").write_text(other)
    for name in ("campaigns/news.md", "nightly.yaml", "vip.yml"):
        (folder / name).unlink()

    planned = ready.run("plan", folder, "--prune")
    assert planned.returncode == 2
    told = [
        "unchanged fair",
        "would be created other",
        "would be switched off nightly",
        "would be removed weekly",
        "would be removed draft",
        "would be archived news",
        "would be removed users",
        "would be removed vip",
    ]
    assert lines(planned.stdout) == told

    refused = ready.run("apply", folder, "--prune", typed="n\n")
    assert refused.returncode == 1
    assert (
        "1 campaign removed, 1 task removed, 2 segments removed, 1 campaign archived, "
        "1 task switched off. Do that?" in refused.stderr
    )
    assert len(ready.json("campaign", "list")) == 2
    done = ready.run("apply", folder, "--prune", typed="y\n")
    assert lines(done.stdout) == [line.removeprefix("would be ") for line in told]
    assert [each["name"] for each in ready.json("campaign", "list")] == ["other"]
    assert ready.json("segment", "list") == []
    assert [(each["name"], each["active"]) for each in ready.json("task", "list")] == [
        ("nightly", False)
    ]
    assert ready.run("plan", folder, "--prune").returncode == 0


def test_what_is_used_by_what_stays_stays_too(ready: Sestui, folder: Path) -> None:
    ready.ok("apply", folder)
    ready.ok("relay", "key", "add", "shop", "--sender", "*@example.com")  # has a campaign
    (folder / "vip.yml").unlink()
    expression = "'segment(\"vip\")'"
    (folder / "users.yml").write_text(SEGMENT.format(name="users", expression=expression))
    (folder / "campaigns" / "news.md").unlink()
    (folder / "weekly.yaml").write_text(
        "kind: task\nname: weekly\ntype: campaign\nschedule: '0 3 * * 1'\n"
        "parameters: {campaign: news}\n"
    )
    done = ready.run("apply", folder, "--prune", "--yes")
    assert done.returncode == 0
    assert "The segment vip, which no file names, is used by users; it stays." in done.stderr
    assert "The task weekly starts news, which no file names; it stays." in done.stderr
    assert [each["name"] for each in ready.json("campaign", "list")] == ["news", "relay:shop"]


def test_pruning_by_a_single_file_is_refused(ready: Sestui, folder: Path) -> None:
    said = ready.refused(2, "apply", folder / "nightly.yaml", "--prune")
    assert said.startswith("--prune: ")
    assert "There is no file" in ready.refused(1, "plan", ready.home / "nowhere")
    (ready.home / "empty").mkdir()
    for command in ("plan", "apply"):
        said = ready.refused(1, command, ready.home / "empty", "--prune")
        assert "has no campaign, task, list or segment" in said
    (folder / "fair.yaml").write_text("kind: list\nname: ''\n")
    assert "A list needs a name" in ready.refused(1, "plan", folder)
    (folder / "fair.yaml").write_text("kind: list\nnames: x\n")
    assert "there is no field 'names'" in ready.refused(1, "plan", folder)
    (folder / "fair.yaml").unlink()
    (folder / "campaigns" / "news.md").write_text("---\nname: news\n")
    assert "front matter is not closed" in ready.refused(1, "plan", folder)
