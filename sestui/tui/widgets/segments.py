"""A run as a bar of segments, and its legend: the same wherever a run is drawn.

Each part has a character of its own beside its colour: without colour one still tells them apart.
"""

from collections.abc import Mapping
from typing import NamedTuple

from textual.content import Content

from sestui.core.delivery.handover import RunCounts
from sestui.core.delivery.progress import Part, parts_of
from sestui.tui.widgets.format import grouped
from sestui.tui.widgets.row_strip import Pieces


class PartStyle(NamedTuple):
    """How a part is drawn."""

    character: str
    style: str
    """For content: variables of the theme."""
    kind: str
    """For a cell of a table: one of ``row_strip.KINDS``."""


STYLES = {
    Part.DELIVERED: PartStyle("█", "$text-success", "good"),
    Part.ACCEPTED: PartStyle("▓", "$text-success", "good"),
    Part.BOUNCED: PartStyle("▚", "$text-error", "bad"),
    Part.REJECTED: PartStyle("╳", "bold $text-error", "bad"),
    Part.IN_DOUBT: PartStyle("?", "bold $text-warning", "warning"),
    Part.SKIPPED: PartStyle("╌", "$text-muted", "quiet"),
    Part.PENDING: PartStyle("░", "$text-muted", "quiet"),
}

_OUTCOMES = (Part.DELIVERED, Part.BOUNCED)
_LOUD = {Part.BOUNCED, Part.REJECTED, Part.IN_DOUBT}


def cells_of(parts: Mapping[Part, int], width: int) -> dict[Part, int]:
    """So many of ``width`` cells to each part, in order: in proportion, and none that has somebody
    in it gets none. Where there are fewer cells than such parts, the last ones go without.
    """
    there = [part for part, count in parts.items() if count]
    whole = sum(parts.values())
    if not whole or width <= 0:
        return {}
    if width <= len(there):
        return dict.fromkeys(there[:width], 1)
    exact = {part: parts[part] * width / whole for part in there}
    cells = {part: max(1, int(share)) for part, share in exact.items()}
    while sum(cells.values()) > width:  # what the small were given is taken from the others
        most = max(there, key=lambda part: (cells[part] > 1, cells[part] - exact[part]))
        cells[most] -= 1
    rest = sorted(there, key=lambda part: cells[part] - exact[part])
    for part in rest[: width - sum(cells.values())]:
        cells[part] += 1
    return cells


def segment_bar(counts: RunCounts, width: int) -> Content:
    """The bar, ``width`` cells wide; blank where nobody is in the run."""
    drawn = Content("").join(
        Content.styled(STYLES[part].character * cells, STYLES[part].style)
        for part, cells in cells_of(parts_of(counts), width).items()
    )
    return drawn if counts.audience else Content(" " * width)


def segment_pieces(counts: RunCounts, width: int) -> Pieces:
    """The bar as a cell of a table."""
    return Pieces(
        tuple(
            (STYLES[part].character * cells, STYLES[part].kind)
            for part, cells in cells_of(parts_of(counts), width).items()
        )
    )


def legend(counts: RunCounts) -> list[Content]:
    """What each segment is, and how many recipients are in it; an item is not to be broken.

    What SES has reported stands in parentheses behind the accepted, of whom it is a part; where it
    has reported nothing, nothing is said of it.
    """
    accepted = _item(Part.ACCEPTED, counts.accepted)
    if reported := outcomes(counts):
        accepted = Content.assemble(accepted, " (", reported, ")")
    rest = (Part.REJECTED, Part.IN_DOUBT, Part.SKIPPED, Part.PENDING)
    return [accepted, *(_item(part, parts_of(counts)[part]) for part in rest)]


def outcomes(counts: RunCounts) -> Content:
    """What SES has reported of the accepted, as the legend says it; '' where it is nothing."""
    if not (counts.delivered or counts.bounced):
        return Content("")
    said = [_item(part, parts_of(counts)[part]) for part in _OUTCOMES]
    if counts.complained:
        said.append(_figure("complained", counts.complained, "bold $text-error"))
    return Content(" ").join(said)


def _item(part: Part, count: int) -> Content:
    how = STYLES[part]
    figure = f"bold {how.style}".replace("bold bold", "bold") if part in _LOUD else ""
    mark = Content.styled(f"{how.character}\N{NO-BREAK SPACE}", how.style)
    return mark + _figure(part.label, count, figure if count else "")


def _figure(label: str, count: int, style: str) -> Content:
    word = label.replace(" ", "\N{NO-BREAK SPACE}")
    return Content.assemble((f"{word}\N{NO-BREAK SPACE}", "$text-muted"), (grouped(count), style))
