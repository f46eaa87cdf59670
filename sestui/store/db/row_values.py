"""Convert values between dataclasses and rows, where tuples are lists and enums are text."""

from enum import StrEnum
from typing import Any


def to_row(value: Any) -> Any:
    """A dataclass's value for a column."""
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, StrEnum):
        return value.value
    return dict(value) if isinstance(value, dict) else value


def from_row(value: Any) -> Any:
    """A column's value for a dataclass; text stays text."""
    if isinstance(value, list):
        return tuple(value)
    return dict(value) if isinstance(value, dict) else value
