"""Tasks on the screen: through keys alone, asserting on what is stored."""

from dataclasses import replace

import pytest
from sqlmodel import col, update
from textual.widgets import Input, Select, TextArea

from sestui.core.task.fields import TaskFields
from sestui.core.task.states import TaskRunState
from sestui.errors import StorageBusyError
from sestui.store.tasks.tables import Task
from sestui.tasks.agenda import read_agenda_now
from sestui.tasks.task_form import form_of
from sestui.tui.dialogs.confirm import ConfirmScreen
from sestui.tui.schedule.checked_field import CheckedField
from sestui.tui.schedule.edit_task import EditTaskScreen
from sestui.tui.schedule.schedule_screen import ScheduleScreen
from sestui.tui.schedule.task_log import TaskLogScreen
from sestui.tui.widgets.form import text_of
from sestui.tui.widgets.path_input import PathInput
from tests.support.fields import TASK_SAMPLES
from tests.support.screens import add_campaign, running, shown, toasts, until
from tests.support.tasks import install_shop


def add_task(runtime, name="tidy", **fields):
    usual = {"type": "purge", "schedule": "0 3 * * *", "timezone": "Europe/Paris"}
    return runtime.tasks.add(TaskFields(name=name, **{**usual, **fields}))


def items(runtime):
    return read_agenda_now(runtime.database, runtime.clock).items


def at_schedule(runtime, **options):
    return running(runtime, place="schedule", **options)


async def test_an_empty_schedule_teaches_the_first_key(runtime, still):
    async with at_schedule(runtime) as (app, pilot):
        await until(pilot, lambda: "Nothing starts by itself yet" in shown(app))
        assert "sestui task crontab" in shown(app)


@pytest.mark.long
@pytest.mark.ci
async def test_a_task_is_written_with_keys_alone_and_its_times_are_told(runtime, still):
    async with at_schedule(runtime) as (app, pilot):
        await until(pilot, lambda: "Nothing starts by itself yet" in shown(app))
        await pilot.press("n")
        await until(pilot, lambda: isinstance(app.screen, EditTaskScreen))
        await until(pilot, lambda: isinstance(app.focused, Input) and app.focused.id == "name")
        await pilot.press(*"nightly")
        await pilot.press("tab", "enter")
        await pilot.press(*"purge", "enter")
        await until(pilot, lambda: app.screen.query_one("#type", Select).value == "purge")
        app.screen.query_one("#schedule", Input).focus()
        await pilot.press("home", "shift+end", *"61 3 * * *")
        await until(pilot, lambda: app.screen.query_one("#ahead").has_class("wrong"))
        await pilot.press("home", "shift+end", *"30 4 * * 1")
        await until(pilot, lambda: "at 04:30, only on Monday" in shown(app))
        assert "next  Mon" in shown(app)
        await pilot.press("f2")
        await until(pilot, lambda: isinstance(app.screen, ScheduleScreen))
        await until(pilot, lambda: "nightly" in shown(app))
        await until(pilot, lambda: "at 04:30" in shown(app))
    fields = runtime.tasks.get("nightly").fields
    assert (fields.type, fields.schedule, fields.active) == ("purge", "30 4 * * 1", True)


@pytest.mark.long
@pytest.mark.ci
async def test_every_field_is_in_the_form_and_is_saved_as_it_was(runtime, still):
    fields = TaskFields(**TASK_SAMPLES | {"name": "whole", "type": "purge"})
    whole = runtime.tasks.add(fields)
    async with at_schedule(runtime) as (app, pilot):
        await until(pilot, lambda: "whole" in shown(app))
        await pilot.press("e")
        await until(pilot, lambda: isinstance(app.screen, EditTaskScreen))
        await until(pilot, lambda: app.screen.query_one("#type", Select).value == "purge")
        texts = form_of(whole.fields).texts
        assert {name: text_of(app.screen.query_one(f"#{name}")) for name in texts} == texts
        await until(pilot, lambda: app.screen.query("#parameter-task_runs"))
        app.screen.query_one("#description", Input).value = "changed"
        await pilot.press("f2")
        await until(pilot, lambda: isinstance(app.screen, ScheduleScreen))
    saved = runtime.tasks.get("whole").fields
    assert saved == replace(whole.fields, description="changed")


@pytest.mark.long
async def test_what_is_wrong_is_said_and_nothing_is_stored(runtime, still):
    async with at_schedule(runtime) as (app, pilot):
        await until(pilot, lambda: "Nothing starts by itself yet" in shown(app))
        await pilot.press("n")
        await until(pilot, lambda: isinstance(app.focused, Input) and app.focused.id == "name")
        app.screen.query_one("#type", Select).value = "purge"
        await pilot.press(*"bad")
        await until(pilot, lambda: app.screen.query("#parameter-task_runs"))
        app.screen.query_one("#parameter-task_runs", Input).focus()
        await pilot.press(*"nonsense")
        await until(pilot, lambda: "should be a valid integer" in shown(app))
        await pilot.press("f2")
        await until(pilot, lambda: any("task runs: input should" in text for text in toasts(app)))
        assert isinstance(app.screen, EditTaskScreen)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        await pilot.press("right", "enter")
        await until(pilot, lambda: isinstance(app.screen, ScheduleScreen))
    assert items(runtime) == ()


@pytest.mark.long
@pytest.mark.ci
async def test_an_edit_keeps_what_it_does_not_touch(runtime, still):
    before = add_task(
        runtime, parameters={"task_runs": 30}, description="Old logs", priority=7
    ).fields
    async with at_schedule(runtime) as (app, pilot):
        await until(pilot, lambda: "Old logs: at 03:00" in shown(app))
        await pilot.press("e")
        await until(pilot, lambda: isinstance(app.focused, Input) and app.focused.id == "name")
        app.screen.query_one("#description", Input).focus()
        await pilot.press("end", *", gone", "f2")
        await until(pilot, lambda: "Old logs, gone: at 03:00" in shown(app))
    after = runtime.tasks.get("tidy").fields
    assert after.description == "Old logs, gone"
    assert after.parameters == before.parameters
    assert (after.priority, after.schedule) == (7, before.schedule)


async def test_one_key_switches_off_and_on(runtime, still):
    add_task(runtime)
    async with at_schedule(runtime) as (app, pilot):
        await until(pilot, lambda: "tidy" in shown(app))
        await pilot.press("p")
        await until(pilot, lambda: "switched off" in shown(app))
        assert not runtime.tasks.get("tidy").fields.active
        await until(pilot, lambda: "Switch on" in shown(app))
        await pilot.press("p")
        await until(pilot, lambda: runtime.tasks.get("tidy").fields.active)


async def test_a_task_runs_now_and_its_log_can_be_read(runtime, still):
    add_task(runtime)
    async with at_schedule(runtime) as (app, pilot):
        await until(pilot, lambda: "tidy" in shown(app))
        await pilot.press("R")
        await until(pilot, lambda: any("tidy: succeeded" in text for text in toasts(app)))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, TaskLogScreen))
        await until(pilot, lambda: "by hand" in shown(app))
        await pilot.press("y")
        await until(pilot, lambda: any("Copied" in text for text in toasts(app)))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, ScheduleScreen))
    (run,) = runtime.tasks.log("tidy")
    assert run.state is TaskRunState.SUCCEEDED


async def test_removing_defaults_to_going_back(runtime, still):
    add_task(runtime)
    async with at_schedule(runtime) as (app, pilot):
        await until(pilot, lambda: "tidy" in shown(app))
        for keys, left in ((["enter"], 1), (["right", "enter"], 0)):
            await pilot.press("x")
            await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
            await pilot.press(*keys)
            await until(pilot, lambda: isinstance(app.screen, ScheduleScreen))
            await until(pilot, lambda left=left: len(items(runtime)) == left)


async def test_finding_narrows_and_escape_widens(runtime, still):
    add_task(runtime)
    add_task(runtime, "other")
    async with at_schedule(runtime) as (app, pilot):
        await until(pilot, lambda: "tidy" in shown(app) and "other" in shown(app))
        await pilot.press("slash", *"oth", "enter")
        await until(pilot, lambda: "tidy" not in shown(app))
        await pilot.press("escape")
        await until(pilot, lambda: "tidy" in shown(app))


async def test_hostile_words_stay_words(runtime, still):
    add_task(runtime, description="[/] [bold]x " + "w" * 5_000)
    async with at_schedule(runtime, size=(60, 16)) as (app, pilot):
        await until(pilot, lambda: "[bold]x" in shown(app))
        await pilot.press("e")
        await until(pilot, lambda: isinstance(app.screen, EditTaskScreen))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, ScheduleScreen))


@pytest.mark.long
@pytest.mark.ci
async def test_a_busy_database_is_a_quiet_line(runtime, still, monkeypatch):
    def busy(database, clock):
        raise StorageBusyError("The database is locked by another program.")

    add_task(runtime)
    async with at_schedule(runtime) as (app, pilot):
        await until(pilot, lambda: "tidy" in shown(app))
        with monkeypatch.context() as patch:
            patch.setattr("sestui.tui.schedule.schedule_screen.read_agenda_now", busy)
            await until(pilot, lambda: "locked by another program" in shown(app))
            assert "tidy" in shown(app)
        await until(pilot, lambda: "locked by another program" not in shown(app))


@pytest.mark.long
@pytest.mark.ci
async def test_a_bad_row_takes_no_screen_down(runtime, still):
    """What somebody has written into the database by hand, which no door would have taken."""
    add_task(runtime, "good")
    for number, row in enumerate(
        (
            {"schedule": "every day at nine"},
            {"schedule": "0 0 31 2 *"},
            {"schedule": "0 9 1 * * 2027-2035/2"},
            {"timezone": "Mars/Base"},
            {"misfire": "never", "overlap": "perhaps"},
            {"parameters": [1, 2]},
            {"next_occurrence": "tomorrow"},
        )
    ):
        add_task(runtime, f"bad{number}")
        with runtime.database.write() as session:
            session.exec(update(Task).where(col(Task.name) == f"bad{number}").values(**row))
    async with at_schedule(runtime) as (app, pilot):
        await until(pilot, lambda: "good" in shown(app))
        for said in ("has five fields", "never fires", "on day 1 of the month", "not an IANA"):
            await until(pilot, lambda said=said: said in shown(app))
            await pilot.press("down")
        for _ in range(4):
            await pilot.press("down")
        await until(pilot, lambda: "at 03:00, every day" in shown(app))


# fields of the type


async def opened_form(app, pilot):
    """The form, once its types have been read."""
    await until(pilot, lambda: isinstance(app.screen, EditTaskScreen))
    await until(pilot, lambda: isinstance(app.focused, Input) and app.focused.id == "name")
    return app.screen


def fault_of(screen, selector):
    """What stands below the field."""
    fault = screen.query_one(selector).query_ancestor(CheckedField).query_one(".field-fault")
    return str(fault.visual) if fault.display else ""


@pytest.mark.long
@pytest.mark.ci
async def test_a_campaign_is_picked_from_those_there_are(runtime, still):
    add_campaign(runtime, "november")
    add_campaign(runtime, "december")
    async with at_schedule(runtime, size=(100, 40)) as (app, pilot):
        await until(pilot, lambda: "Nothing starts by itself yet" in shown(app))
        await pilot.press("n")
        screen = await opened_form(app, pilot)
        await pilot.press(*"send")
        screen.query_one("#type", Select).value = "campaign"
        await until(pilot, lambda: screen.query("#parameter-campaign"))
        screen.query_one("#parameter-campaign", Select).focus()
        await pilot.press("enter", "end", "enter")
        await until(pilot, lambda: "november" in shown(app))
        await pilot.press("f2")
        await until(pilot, lambda: isinstance(app.screen, ScheduleScreen))
    assert runtime.tasks.get("send").fields.parameters == {"campaign": "november"}


@pytest.mark.long
@pytest.mark.ci
async def test_each_fault_stands_beside_its_field_and_saving_goes_to_the_first(runtime, still):
    async with at_schedule(runtime, size=(100, 40)) as (app, pilot):
        await until(pilot, lambda: "Nothing starts by itself yet" in shown(app))
        await pilot.press("n")
        screen = await opened_form(app, pilot)
        await pilot.press(*"ping")
        screen.query_one("#type", Select).value = "http-request"
        await until(pilot, lambda: screen.query("#parameter-url"))
        assert fault_of(screen, "#parameter-url") == ""  # nobody has been there yet
        screen.query_one("#parameter-retries", Input).value = "99"
        screen.query_one("#parameter-headers", TextArea).text = "Accept = a\nnonsense"
        screen.query_one("#priority", Input).value = "12"
        await until(pilot, lambda: "10" in fault_of(screen, "#parameter-retries"))
        assert "line 2: write it as name = value" in fault_of(screen, "#parameter-headers")
        assert fault_of(screen, "#priority")
        await pilot.press("f2")
        await until(pilot, lambda: "needed" in fault_of(screen, "#parameter-url"))
        await until(pilot, lambda: app.focused is screen.query_one("#parameter-url"))
        assert any("url" in text for text in toasts(app))
        screen.query_one("#parameter-url", Input).value = "https://example.com/b"
        screen.query_one("#parameter-retries", Input).value = "2"
        screen.query_one("#parameter-headers", TextArea).text = "Accept = a"
        screen.query_one("#priority", Input).value = "5"
        await pilot.press("f2")
        await until(pilot, lambda: isinstance(app.screen, ScheduleScreen))
    assert runtime.tasks.get("ping").fields.parameters == {
        "url": "https://example.com/b",
        "retries": 2,
        "headers": {"Accept": "a"},
    }


@pytest.mark.long
@pytest.mark.ci
async def test_a_type_of_somebody_elses_package_has_its_fields(
    runtime, still, tmp_path, monkeypatch
):
    monkeypatch.syspath_prepend(str(install_shop(tmp_path / "site")))
    async with at_schedule(runtime, size=(100, 40)) as (app, pilot):
        await until(pilot, lambda: "Nothing starts by itself yet" in shown(app))
        await pilot.press("n")
        screen = await opened_form(app, pilot)
        await pilot.press(*"mark")
        screen.query_one("#type", Select).value = "note"
        await until(pilot, lambda: screen.query("#parameter-seconds"))
        assert isinstance(screen.query_one("#parameter-file"), PathInput)
        screen.query_one("#parameter-file", Input).value = str(tmp_path / "notes")
        screen.query_one("#type", Select).value = "backup"
        await until(pilot, lambda: screen.query("#parameter-keep"))
        assert not screen.query("#parameter-file")
        screen.query_one("#type", Select).value = "note"
        await until(pilot, lambda: screen.query("#parameter-file"))
        assert text_of(screen.query_one("#parameter-file")) == str(tmp_path / "notes")
        await pilot.press("f2")
        await until(pilot, lambda: isinstance(app.screen, ScheduleScreen))
    assert runtime.tasks.get("mark").fields.parameters == {"file": str(tmp_path / "notes")}


@pytest.mark.long
@pytest.mark.ci
async def test_what_no_field_shows_is_kept_as_text(runtime, still):
    add_task(runtime, parameters={"task_runs": 30})
    with runtime.database.write() as session:
        session.exec(update(Task).values(parameters={"task_runs": 30, "of before": "x [/]"}))
    async with at_schedule(runtime, size=(100, 40)) as (app, pilot):
        await until(pilot, lambda: "tidy" in shown(app))
        await pilot.press("e")
        screen = await opened_form(app, pilot)
        assert text_of(screen.query_one("#parameter-task_runs")) == "30"
        await until(pilot, lambda: "there is no parameter of before" in shown(app))
        screen.query_one("#parameters", TextArea).text = ""
        await pilot.press("f2")
        await until(pilot, lambda: isinstance(app.screen, ScheduleScreen))
    assert runtime.tasks.get("tidy").fields.parameters == {"task_runs": 30}


@pytest.mark.long
@pytest.mark.ci
async def test_the_next_dates_are_those_of_the_zone_and_say_when_the_clocks_change(
    open_runtime, still
):
    runtime = open_runtime()
    async with at_schedule(runtime, size=(100, 40)) as (app, pilot):
        await until(pilot, lambda: "Nothing starts by itself yet" in shown(app))
        await pilot.press("n")
        screen = await opened_form(app, pilot)
        screen.query_one("#schedule", Input).value = "30 2 25-31 mar sun"
        screen.query_one("#timezone", Input).value = "Europe/Paris"
        await until(pilot, lambda: "at 02:30" in shown(app))
        screen.query_one("#schedule", Input).value = "30 2 28 3 * 2027"
        await until(pilot, lambda: "the clocks skip 02:30 that day" in shown(app))
        assert "next  Sun 28 Mar 2027 03:00 CEST" in shown(app)


@pytest.mark.long
@pytest.mark.ci
async def test_a_campaign_is_scheduled_from_here_at_a_time_as_people_type_it(runtime, still):
    add_campaign(runtime, "november")
    add_campaign(runtime, "december")
    async with at_schedule(runtime, size=(100, 40)) as (app, pilot):
        await until(pilot, lambda: "s   schedules a campaign" in shown(app))
        await pilot.press("s")
        await until(pilot, lambda: getattr(app.focused, "id", "") == "pick-find")
        await pilot.press(*"nov", "enter")
        await until(pilot, lambda: getattr(app.focused, "id", "") == "field-start")
        form = app.screen.form
        await until(pilot, lambda: form.draft.name == "november")
        await pilot.press(*"12/01 9:00")
        await until(pilot, lambda: "can be read in two ways" in shown(app))
        await pilot.press("ctrl+u", *"in 48 hours")
        await until(pilot, lambda: "next" in str(app.screen.query_one("#schedule-preview").content))
        assert form.draft.start_at == "in 48 hours"
        before = runtime.clock.now()
        await pilot.press("tab")
        await until(pilot, lambda: form.draft.start_at.startswith("20"))
        start = app.screen.read_draft().campaign.start_at
        assert before - 60 < start - 48 * 3600 < runtime.clock.now() + 60
