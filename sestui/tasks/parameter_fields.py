"""Derive form fields of a task type's parameters from its model.

A new type needs no screen code: a field's widget follows from the parameter's annotation, its label
from the name, and its hint from the docstring below it.
"""

import json
import types
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum, auto
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import PydanticUndefined, to_jsonable_python

from sestui.core.campaign.kinds import joined, split
from sestui.core.campaign.values import BadValue
from sestui.core.typed_path import from_root
from sestui.tasks.task_type import LongText, Offered


class Shape(StrEnum):
    """A parameter's kind of input."""

    LINE = auto()
    """One line of text, or a number."""
    JSON = auto()
    """One line for other types, with lists and objects as JSON."""
    TEXT = auto()
    """Lines of text."""
    CHOICE = auto()
    """One of a few words."""
    OFFERED = auto()
    """The name of an existing campaign or list."""
    PATH = auto()
    """A file or folder."""
    ITEMS = auto()
    """Several items, separated by commas."""
    LINES = auto()
    """Several items on separate lines."""
    PAIRS = auto()
    """Names with values on separate lines."""


_YES, _NO = "yes", "no"
_JSON_BEGINS = ("[", "{")


@dataclass(frozen=True, slots=True)
class ParameterField:
    """A parameter's form field; an empty one means the default."""

    name: str
    label: str
    hint: str
    """Its meaning and default."""
    shape: Shape
    required: bool
    choices: tuple[str, ...] = ()
    offered: Offered | None = None
    """The kind of names that are offered."""

    @property
    def values(self) -> str:
        """Its possible values, in a word or two."""
        if self.choices:
            return ", ".join(self.choices)
        return self.offered.names if self.offered is not None else self.shape.value

    def as_dict(self) -> dict[str, Any]:
        """For ``--json``."""
        return {
            "name": self.name,
            "required": self.required,
            "kind": self.shape.value,
            "choices": list(self.choices),
            "means": self.hint,
        }

    def text(self, value: Any) -> str:
        """The field's text for a stored value."""
        if value is None:
            return ""
        if isinstance(value, bool):
            return _YES if value else _NO
        if isinstance(value, str):
            return value
        plain = _plain_text(self.shape, value)
        return json.dumps(value, ensure_ascii=False) if plain is None else plain

    def value(self, text: str) -> Any:
        """The value for the type's model from the typed text.

        Raises:
            BadValue: it is invalid.
        """
        if self.shape is Shape.TEXT:
            return text
        typed = text.strip()
        if self.shape is Shape.PATH:
            return from_root(typed)
        if self.shape in {Shape.ITEMS, Shape.LINES, Shape.PAIRS}:
            return _several(self.shape, typed)
        if self.shape is not Shape.JSON or not typed.startswith(_JSON_BEGINS):
            return typed  # the model converts it to a number or boolean
        try:
            return json.loads(typed)
        except ValueError:
            return typed


def parameter_fields(model: type[BaseModel]) -> tuple[ParameterField, ...]:
    """The model's fields in order."""
    return tuple(_field(info.alias or name, info) for name, info in model.model_fields.items())


def _field(name: str, info: Any) -> ParameterField:
    annotation, marks = _unwrapped(info.annotation, tuple(info.metadata))
    shape, choices, offered = _shape(annotation, marks)
    usual = _usual(info)
    said = [" ".join((info.description or "").replace("``", "").split()).rstrip(".")]
    if usual:
        said.append(f"usually {usual}")
    hint = " · ".join(part for part in said if part)
    required = info.is_required()
    return ParameterField(name, name.replace("_", " "), hint, shape, required, choices, offered)


def _unwrapped(annotation: Any, marks: tuple[Any, ...]) -> tuple[Any, tuple[Any, ...]]:
    """The type without ``| None`` and ``Annotated``, and its marks."""
    while True:
        if get_origin(annotation) is Annotated:
            annotation, *more = get_args(annotation)
            marks = (*marks, *more)
            continue
        if get_origin(annotation) in {Union, types.UnionType}:
            left = [each for each in get_args(annotation) if each is not type(None)]
            if len(left) == 1:
                annotation = left[0]
                continue
        return annotation, marks


def _shape(
    annotation: Any, marks: tuple[Any, ...]
) -> tuple[Shape, tuple[str, ...], Offered | None]:
    """The shape, its choices, and the kind of names that are offered."""
    if choices := _choices(annotation):
        return Shape.CHOICE, choices, None
    if get_origin(annotation) is dict:
        return Shape.PAIRS, (), None
    if get_origin(annotation) in {list, tuple, set, frozenset}:
        item, of_items = _unwrapped(get_args(annotation)[0], ())
        offered = _offered(of_items)
        return _shape_of_several(item, offered), (), offered
    offered = _offered(marks)
    return _shape_of_one(annotation, marks, offered), (), offered


def _shape_of_several(item: Any, offered: Offered | None) -> Shape:
    if offered is not None or item in {int, float}:
        return Shape.ITEMS
    return Shape.LINES if item in {str, Path} else Shape.JSON


def _shape_of_one(annotation: Any, marks: tuple[Any, ...], offered: Offered | None) -> Shape:
    if any(isinstance(mark, LongText) for mark in marks):
        return Shape.TEXT
    if offered is not None:
        return Shape.OFFERED
    text = annotation is not Any and isinstance(annotation, type)
    if not text or issubclass(annotation, BaseModel):
        return Shape.JSON
    return Shape.PATH if issubclass(annotation, Path) else Shape.LINE


def _choices(annotation: Any) -> tuple[str, ...]:
    if annotation is bool:
        return (_YES, _NO)
    if get_origin(annotation) is Literal:
        return tuple(str(each) for each in get_args(annotation))
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return tuple(str(each.value) for each in annotation)
    return ()


def _offered(marks: tuple[Any, ...]) -> Offered | None:
    return next((mark for mark in marks if isinstance(mark, Offered)), None)


def _usual(info: Any) -> str:
    """The default as text; '' if it needs no mention."""
    if info.is_required():
        return ""
    value = info.get_default(call_default_factory=True)
    if value is PydanticUndefined or value is None or value in ("", [], {}):
        return ""
    value = to_jsonable_python(value)
    if isinstance(value, bool):
        return _YES if value else _NO
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _plain_text(shape: Shape, value: Any) -> str | None:
    """Several values as typed text; None if only JSON restores them exactly."""
    if shape is Shape.ITEMS and isinstance(value, list):
        items = tuple(str(each) for each in value)
        text = joined(items)
        same = not text.startswith(_JSON_BEGINS) and split(text) == items
        return text if same else None
    if shape is Shape.LINES and isinstance(value, list):
        text = "\n".join(str(each) for each in value)
        same = all(isinstance(each, str) for each in value) and _several(shape, text) == value
        return text if same else None
    if shape is Shape.PAIRS and isinstance(value, dict):
        text = "\n".join(f"{name} = {each}" for name, each in value.items())
        try:
            same = _several(shape, text) == value
        except BadValue:
            same = False
        return text if same else None
    return str(value) if isinstance(value, int | float) else None


def _several(shape: Shape, typed: str) -> Any:
    if typed.startswith(_JSON_BEGINS):
        try:
            return json.loads(typed)
        except ValueError as error:
            raise BadValue("begins like JSON and isn't JSON") from error
    if shape is Shape.ITEMS:
        return list(split(typed))
    lines = [line.strip() for line in typed.splitlines() if line.strip()]
    return lines if shape is Shape.LINES else _pairs(lines)


def _pairs(lines: list[str]) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        name, equals, value = (part.strip() for part in line.partition("="))
        if not equals or not name:
            raise BadValue(f"line {number}: write it as name = value")
        if name in found:
            raise BadValue(f"line {number}: {name} appears twice")
        found[name] = value
    return found
