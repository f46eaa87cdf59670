import pytest

from sestui.core.task.fields import TaskFields
from sestui.core.task.file import TaskFile
from sestui.core.task.states import Misfire, Overlap
from sestui.errors import BadFileError

WHOLE = """\
kind: task
name: nightly
type: backup
description: The copy of the night
schedule: "0 3 * * *"
timezone: Europe/Paris
parameters: {folder: /var/backups, keep: 14}
active: false
priority: 7
start: 2026-12-01T00:00
end: 2027-12-01T00:00
misfire: all
misfire_bound: 3
timeout: 600
overlap: wait
"""
SHORT = "kind: task\nname: nightly\ntype: backup\nschedule: '@daily'\n"


def read(content: str, **given) -> TaskFields:
    return TaskFile(content, "nightly.yaml").fields(**given)


def test_every_field():
    assert read(WHOLE) == TaskFields(
        name="nightly",
        type="backup",
        schedule="0 3 * * *",
        description="The copy of the night",
        timezone="Europe/Paris",
        parameters={"folder": "/var/backups", "keep": 14},
        active=False,
        priority=7,
        starts_at=1796079600.0,
        ends_at=1827615600.0,
        misfire=Misfire.ALL,
        misfire_bound=3,
        timeout=600.0,
        overlap=Overlap.WAIT,
    )


@pytest.mark.parametrize("form", ["{}", "---\n{}", "---\n{}---\n", "{}...\n", "\ufeff{}"])
def test_however_the_document_begins_and_ends(form):
    assert read(form.format(SHORT)) == TaskFields("nightly", "backup", "@daily")


def test_what_it_does_not_say_stays():
    off = TaskFields("nightly", "backup", "@daily", active=False)
    assert read(SHORT, existing=off).active is False
    assert read(SHORT + "active: true\n", existing=off).active is True
    assert read(SHORT, default_zone="Asia/Tokyo").timezone == "Asia/Tokyo"


def test_once():
    once = SHORT.replace("schedule: '@daily'", "at: 2026-12-01T09:05")
    assert read(once).schedule == "5 9 1 12 * 2026"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "begin with 'kind: task', 'kind: list' or 'kind: segment'."),
        (
            "name: x\n",
            "nightly.yaml: YAML files describe tasks, lists or segments; begin ",
        ),
        (SHORT + "misfre: once\n", "there is no field 'misfre' (did you mean misfire?)."),
        (SHORT + "misfire: twice\n", "misfire: 'twice' is not one of skip, once, all."),
        (SHORT + "at: 2026-12-01T09:00\n", "give either schedule or at"),
        (SHORT.replace("@daily", "0 0 31 2 *"), "never fires: there is no such day."),
        (SHORT.replace("nightly", "a b"), "can't be a task's name"),
        (SHORT + "parameters: [1]\n", "parameters: must be names with values."),
        (SHORT + "active: maybe\n", "active: must be true or false."),
        (SHORT + "priority: high\n", "priority: must be a whole number"),
        (SHORT + "timeout: -1\n", "timeout: must be a number"),
        (SHORT + "type: {a: 1}\n", "nightly.yaml, line 5: the field 'type' is given twice."),
        ("kind: task\nname: [\n", "nightly.yaml, line "),
        (SHORT.replace("nightly", "{a: 1}"), "name: must be text"),
    ],
)
def test_what_is_wrong_is_one_sentence(content, said):
    with pytest.raises(BadFileError) as caught:
        read(content)
    assert said in str(caught.value)
    assert str(caught.value).startswith("nightly.yaml")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["?", "? \n", "1: a", "true: a", "~: a", "[a]: b", "{a: b}: c"])
def test_a_name_that_is_not_text_is_refused_in_a_sentence(name):
    with pytest.raises(BadFileError, match=r"nightly\.yaml, line 5: the .*\."):
        read(f"{SHORT}{name}")


@pytest.mark.parametrize(
    ("both", "schedule"), [("true", "0 9 13 * +fri"), ("false", "0 9 13 * fri")]
)
def test_day_and_weekday(both, schedule):
    content = SHORT.replace("'@daily'", f"0 9 13 * fri\nday_and_weekday: {both}")
    assert read(content).schedule == schedule


def test_day_and_weekday_needs_both():
    with pytest.raises(BadFileError, match="both a day and a weekday"):
        read(SHORT + "day_and_weekday: true\n")
