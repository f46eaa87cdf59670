"""Dataclasses whose fields say how files, forms, commands and the store treat them."""

import dataclasses
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

K = TypeVar("K")


@dataclass(frozen=True, slots=True)
class TableField(Generic[K]):
    """How one field is read, written, shown and stored."""

    kind: K
    """Its kind of value: how it is read and written."""
    label: str = ""
    """Its label in forms; '' where no form shows it."""
    hint: str = ""
    """The placeholder of a form's empty field."""
    name: str = ""
    """Its name in files; by default the attribute's."""
    sent: bool = False
    """Whether a run copies it from its campaign when it starts."""


def table_field(default: Any, kind: Any, label: str = "", hint: str = "", **more: Any) -> Any:
    """A dataclass field with its :class:`TableField` as metadata.

    ``default`` may be a type that makes it; ``dataclasses.MISSING`` for a required field.
    Fields with a default are keyword-only, so that a table can be in the order of files and forms.
    """
    metadata = {"field": TableField(kind, label, hint, **more)}
    if isinstance(default, type):
        return dataclasses.field(default_factory=default, kw_only=True, metadata=metadata)
    needed = default is dataclasses.MISSING
    return dataclasses.field(default=default, kw_only=not needed, metadata=metadata)


def table_of(of: type[Any]) -> dict[str, TableField[Any]]:
    """The dataclass's fields by attribute, in its order."""
    found: dict[str, TableField[Any]] = {}
    for each in dataclasses.fields(of):
        field = each.metadata["field"]
        found[each.name] = dataclasses.replace(field, name=field.name or each.name)
    return found
