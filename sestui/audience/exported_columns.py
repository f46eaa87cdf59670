"""The columns of an export of contacts, by which the importer knows its own."""

import re
from collections.abc import Sequence

COLUMNS = (
    "email",
    "status",
    "status_reason",
    "suppressed",
    "suppressed_at",
    "tags",
    "lists",
    "created_at",
    "updated_at",
)
"""What every contact has; its attributes follow, a column each."""

_ESCAPE = "attribute_"


def is_own_header(labels: Sequence[str]) -> bool:
    """Whether a CSV with these columns is an export of contacts by sestui."""
    return set(COLUMNS) <= set(labels)


def attribute_label(name: str) -> str:
    """The column of an attribute: its name, unless that is, or could be read as, another column."""
    taken = name in COLUMNS or _is_escaped(name)
    return f"{_ESCAPE}{name}" if taken else name


def attribute_of(label: str) -> str:
    """The name of the attribute in a column of that name: the inverse of the above."""
    return label.removeprefix(_ESCAPE) if _is_escaped(label) else label


def _is_escaped(label: str) -> bool:
    return re.sub(f"^(?:{_ESCAPE})+", "", label) in COLUMNS and label not in COLUMNS
