"""The columns of contact exports, by which the importer recognises them."""

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
"""The columns before the attributes', which have one each."""

_ESCAPE = "attribute_"


def is_own_header(labels: Sequence[str]) -> bool:
    """Whether a CSV with these columns is sestui's own export."""
    return set(COLUMNS) <= set(labels)


def attribute_label(name: str) -> str:
    """The column of an attribute: its name, escaped if that could be another column."""
    taken = name in COLUMNS or _is_escaped(name)
    return f"{_ESCAPE}{name}" if taken else name


def attribute_of(label: str) -> str:
    """The attribute of a column: the inverse of :func:`attribute_label`."""
    return label.removeprefix(_ESCAPE) if _is_escaped(label) else label


def _is_escaped(label: str) -> bool:
    return re.sub(f"^(?:{_ESCAPE})+", "", label) in COLUMNS and label not in COLUMNS
