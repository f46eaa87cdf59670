"""Detect title rows above the header, such as ``Subscribers exported 2026-01-05``."""

from collections.abc import Sequence

from sestui.audience.imports.address_columns import is_address_name
from sestui.audience.sources.mailbox_cells import is_blank

_DEEPEST = 30
"""The first rows that are searched for the header."""


def rows_above_header(sample: Sequence[Sequence[str]]) -> int:
    """The number of rows above the header or the first contact."""
    top = [[cell for cell in row if not is_blank(cell)] for row in sample[:_DEEPEST]]
    first = next((at for at, cells in enumerate(top) if cells), 0)
    for at in range(first, len(top)):
        if _is_header(sample, at):
            return at
    if any("@" in cell for cell in top[first] if top):
        return first
    for at in range(first, len(top)):
        if any("@" in cell for cell in top[at]):
            break
        # A title has one or two cells, a header has names for most columns.
        if len(top[at]) >= 2 and len(top[at]) * 2 >= max(map(len, top)):
            return at
    return first


def _is_header(sample: Sequence[Sequence[str]], at: int) -> bool:
    """Whether a row names a column with addresses below it and none above."""
    if any("@" in cell for cell in sample[at]):
        return False
    for position, label in enumerate(sample[at]):
        if not is_address_name(label):
            continue
        below = [row[position] for row in sample[at + 1 :] if position < len(row)]
        above = [row[position] for row in sample[:at] if position < len(row)]
        filled = [cell for cell in below if not is_blank(cell)]
        addressed = sum("@" in cell for cell in filled)
        if addressed * 2 > len(filled) and not any("@" in cell for cell in above):
            return True
    return False
