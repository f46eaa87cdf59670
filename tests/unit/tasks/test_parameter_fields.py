"""Fields of a form from the model of a task type, whoever wrote it."""

from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from sestui.core.campaign.values import BadValue
from sestui.core.task.fields import TaskFields
from sestui.core.task.states import Overlap
from sestui.tasks.parameter_fields import Shape, parameter_fields
from sestui.tasks.registry import known_types, load_type
from sestui.tasks.task_form import faults_of, fields_of_form, form_of
from sestui.tasks.task_type import AbsolutePath, LongText, Offered, TaskParameters


class Inner(BaseModel):
    depth: int


class Everything(TaskParameters):
    """One of each kind."""

    line: str
    """What ``it`` is
    about."""
    number: int = Field(3, ge=1)
    flag: bool = False
    word: Literal["a", "b"] = "a"
    rule: Overlap | None = None
    path: AbsolutePath | None = None
    plain_path: Path = Path("x")
    text: Annotated[str, LongText()] = ""
    campaign: Annotated[str, Offered("campaigns")] | None = None
    lists: list[Annotated[str, Offered("lists")]] = Field(default_factory=list)
    lines: list[str] = Field(default_factory=list)
    numbers: tuple[int, ...] = ()
    pairs: dict[str, str] = Field(default_factory=dict)
    inner: Inner | None = None
    inners: list[Inner] = Field(default_factory=list)
    anything: Any = None
    named: str = Field("", alias="other-name")


FIELDS = {each.name: each for each in parameter_fields(Everything)}


def test_each_annotation_has_its_shape():
    shapes = {name: each.shape for name, each in FIELDS.items()}
    assert shapes == {
        "line": Shape.LINE,
        "number": Shape.LINE,
        "flag": Shape.CHOICE,
        "word": Shape.CHOICE,
        "rule": Shape.CHOICE,
        "path": Shape.PATH,
        "plain_path": Shape.PATH,
        "text": Shape.TEXT,
        "campaign": Shape.OFFERED,
        "lists": Shape.ITEMS,
        "lines": Shape.LINES,
        "numbers": Shape.ITEMS,
        "pairs": Shape.PAIRS,
        "inner": Shape.JSON,
        "inners": Shape.JSON,
        "anything": Shape.JSON,
        "other-name": Shape.LINE,
    }


def test_a_field_says_what_it_means_and_what_is_usual():
    assert FIELDS["line"].hint == "What it is about"
    assert FIELDS["line"].required
    assert FIELDS["number"].hint == "usually 3"
    assert FIELDS["flag"].choices == ("yes", "no")
    assert FIELDS["rule"].choices == ("skip", "wait", "allow")
    assert FIELDS["lists"].offered == Offered("lists")
    assert FIELDS["campaign"].values == "campaigns"


def test_every_shipped_parameter_says_what_it_means():
    for name in known_types():
        for each in parameter_fields(load_type(name).Parameters):
            assert each.hint, (name, each.name)


texts = st.text(max_size=30)
names = st.text(min_size=1, max_size=10)


@given(
    st.fixed_dictionaries(
        {
            "lists": st.lists(texts, max_size=4),
            "lines": st.lists(texts, max_size=4),
            "numbers": st.lists(st.integers(), max_size=4),
            "pairs": st.dictionaries(names, texts, max_size=4),
            "inners": st.lists(st.fixed_dictionaries({"depth": st.integers()}), max_size=2),
            "number": st.integers(min_value=1),
            "flag": st.booleans(),
        }
    )
)
def test_what_a_task_has_comes_back_from_its_field(value):
    """Whatever is in it: commas, line breaks, equal signs, brackets, blanks."""
    wanted = Everything(line="x", **value)
    read = {
        name: FIELDS[name].value(FIELDS[name].text(each))
        for name, each in value.items()
        if FIELDS[name].text(each).strip()
    }
    assert Everything(line="x", **read) == wanted


@pytest.mark.parametrize(
    ("name", "typed", "said"),
    [
        ("pairs", "a = 1\na = 2", "line 2: a appears twice"),
        ("pairs", "a", "line 1: write it as name = value"),
        ("pairs", "{a", "begins like JSON and isn't JSON"),
        ("lines", "[a", "begins like JSON and isn't JSON"),
    ],
)
def test_what_cannot_be_read_is_said(name, typed, said):
    with pytest.raises(BadValue) as bad:
        FIELDS[name].value(typed)
    assert bad.value.problem == said


def test_all_that_is_wrong_is_said_at_once_each_beside_its_field():
    form = form_of(
        TaskFields(
            "x y",
            "http-request",
            "61 3 * * *",
            timezone="Mars/Base",
            priority=12,
            parameters={"url": "ftp://x", "retries": 99, "headers": {"a b": "c"}, "urll": "x"},
        )
    )
    faults = faults_of(form)
    assert set(faults.fields) == {"name", "schedule", "timezone", "priority", "parameters"}
    assert "did you mean url" in faults.fields["parameters"]
    assert set(faults.parameters) == {"url", "retries", "headers"}


def test_a_form_of_a_good_task_has_no_faults_and_says_the_same():
    fields = TaskFields(
        "x",
        "command",
        "0 3 * * *",
        parameters={"argv": ["a b", "", "[c"], "environment": {"A=": "1\n2"}, "exit_codes": [0, 3]},
    )
    form = form_of(fields)
    faults = faults_of(form)
    assert (faults.fields, faults.parameters) == ({}, {})
    assert fields_of_form(form).parameters == fields.parameters | {"exit_codes": ["0", "3"]}
