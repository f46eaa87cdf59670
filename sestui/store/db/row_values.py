"""Values as a row holds them: JSON knows lists only, and text stands for what is chosen."""

from enum import StrEnum
from typing import Any


def to_row(value: Any) -> Any:
    """A value of a core's dataclass as a column takes it."""
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, StrEnum):
        return value.value
    return dict(value) if isinstance(value, dict) else value


def from_row(value: Any) -> Any:
    """A column's value as a core's dataclass has it; text stays text."""
    if isinstance(value, list):
        return tuple(value)
    return dict(value) if isinstance(value, dict) else value
