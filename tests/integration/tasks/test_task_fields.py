"""Every field of a task's table arrives at every door; what is lost fails by its name."""

from dataclasses import fields

import pytest
import yaml

from sestui.compose.apply_tasks import plan_task
from sestui.core.task.fields import TASK_FIELDS, TaskFields
from sestui.core.task.file import TaskFile
from sestui.settings import load_settings
from sestui.store.tasks.tables import Task
from sestui.store.tasks.tasks import Tasks, fields_of_task
from sestui.tasks.task_form import fields_of_form, form_of
from sestui.tasks.task_service import TaskService
from tests.support.clocks import FakeClock
from tests.support.fields import TASK, TASK_SAMPLES, tasks_by_field

NOW = 1_790_000_000.0


def file_of(task: TaskFields) -> str:
    """The task's file; an instant is written as a form shows it, the others as JSON has them."""
    given = {
        each.name: each.kind.to_form(value, task.timezone)
        if name in {"starts_at", "ends_at"}
        else each.kind.as_json(value)
        for name, each in TASK_FIELDS.items()
        if (value := getattr(task, name)) is not None
    }
    return yaml.safe_dump({"kind": "task", **given}, sort_keys=False)


@pytest.fixture
def service(database) -> TaskService:
    return TaskService(database, load_settings(), FakeClock(NOW))


def test_every_field_has_a_sample_that_is_not_the_usual_one():
    assert [each.name for each in fields(TaskFields)] == list(TASK_SAMPLES)
    usual = TaskFields("", "", "")
    assert [name for name, value in TASK_SAMPLES.items() if value == getattr(usual, name)] == []


def test_every_field_comes_back_from_the_database(database):
    tasks, wanted, found = Tasks(database), tasks_by_field(), {}
    tasks.add(TASK, NOW)
    for name, values in wanted.items():
        if name != "name":
            tasks.change(TASK.name, values, NOW)
        else:
            tasks.add(values, NOW)
        found[name] = fields_of_task(tasks.get(values.name))
    assert found == wanted


def test_every_field_is_read_from_a_file():
    wanted = tasks_by_field()
    found = {name: TaskFile(file_of(task), "task.yaml").fields() for name, task in wanted.items()}
    assert found == wanted


def test_apply_tells_of_a_change_of_every_field(service, tmp_path):
    service.add(TASK)
    told, path = {}, tmp_path / "task.yaml"
    for name, values in tasks_by_field().items():
        path.write_text(file_of(values))
        told[name] = {change.field.partition(".")[0] for change in plan_task(service, path).changes}
    assert told.pop("name") >= {"name"}
    assert told == {name: {TASK_FIELDS[name].name} for name in told}


def test_every_field_is_in_json(service):
    service.add(TASK)
    before, told = service.get(TASK.name).as_dict(), {}
    for name, values in tasks_by_field().items():
        if name != "name":
            service.change(TASK.name, values)
            after = service.get(TASK.name).as_dict()
            told[name] = after[name] != before[name]
    assert told == {name: True for name in TASK_SAMPLES if name != "name"}
    assert before["name"] == TASK.name


def test_every_field_comes_back_from_the_form():
    wanted = tasks_by_field()
    found = {name: fields_of_form(form_of(task)) for name, task in wanted.items()}
    unread = {"task_runs": "30"}  # its type makes a number of it
    assert found.pop("parameters").parameters == unread
    assert found == {name: task for name, task in wanted.items() if name != "parameters"}


def test_every_field_has_a_column():
    assert TASK_FIELDS.keys() - Task.model_fields.keys() == set()
