"""Flow short parts into lines."""

from collections.abc import Iterable

from textual.content import Content

_GAP = "  "


def flowed(parts: Iterable[Content], width: int, gap: str = _GAP) -> Content:
    """``parts`` in lines of at most ``width`` cells, none of them broken in two.

    ``gap`` is between two on one line.

    Textual breaks lines at no-break spaces too, so that a word can lose its figure.
    """
    lines: list[Content] = []
    for part in parts:
        if lines and lines[-1].cell_length + len(gap) + part.cell_length <= width:
            lines[-1] = lines[-1] + gap + part
        else:
            lines.append(part)
    return Content("\n").join(lines)
