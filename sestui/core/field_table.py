"""Dataclasses as tables: each field says beside its default how the doors treat it."""

import dataclasses
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

K = TypeVar("K")


@dataclass(frozen=True, slots=True)
class TableField(Generic[K]):
    """A field as the doors see it."""

    kind: K
    """How it is read and written."""
    label: str = ""
    """In forms; '' where none shows it."""
    hint: str = ""
    """What stands in a form's empty field."""
    name: str = ""
    """In files; the attribute's, unless another is given."""
    sent: bool = False
    """A run takes it over from its campaign, and keeps it as it was then."""


def table_field(usual: Any, kind: Any, label: str = "", hint: str = "", **more: Any) -> Any:
    """A dataclass's field, and its place in the table: see :class:`TableField`.

    ``usual`` is its default, or makes it; ``dataclasses.MISSING`` where it has to be given. The
    others are given by name, so that the order of a table can follow files and forms.
    """
    metadata = {"field": TableField(kind, label, hint, **more)}
    if isinstance(usual, type):
        return dataclasses.field(default_factory=usual, kw_only=True, metadata=metadata)
    needed = usual is dataclasses.MISSING
    return dataclasses.field(default=usual, kw_only=not needed, metadata=metadata)


def table_of(of: type[Any]) -> dict[str, TableField[Any]]:
    """The dataclass's fields by attribute, in its order."""
    found: dict[str, TableField[Any]] = {}
    for each in dataclasses.fields(of):
        field = each.metadata["field"]
        found[each.name] = dataclasses.replace(field, name=field.name or each.name)
    return found
