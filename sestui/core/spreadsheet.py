"""CSV cells that a spreadsheet would run as formulas: guarded when written, unguarded when read."""

from collections.abc import Iterable

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""Excel and LibreOffice run cells that begin with these; full-width ones in East Asian locales."""


_RISKY = frozenset({*_FORMULA, "'"})
"""What a cell begins with that may need a guard."""


def any_guarded(cells: Iterable[str]) -> bool:
    """Whether any of the cells may need a guard; False is certain, and quickly told."""
    return not _RISKY.isdisjoint({cell[:1] for cell in cells if cell})


def guarded(cell: str) -> str:
    """``cell`` with an apostrophe in front if a spreadsheet would run it as a formula."""
    return f"'{cell}" if cell.lstrip("'").startswith(_FORMULA) else cell


def unguarded(cell: str) -> str:
    """The inverse of :func:`guarded`."""
    if cell.startswith("'") and cell.lstrip("'").startswith(_FORMULA):
        return cell[1:]
    return cell
