"""Cells of CSV that spreadsheets would run as formulas: guarded when written, and read back."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""Excel and LibreOffice run what begins with these, in East Asian locales the full-width ones."""


def guarded(cell: str) -> str:
    """``cell`` so that a spreadsheet shows it rather than runs it: with an apostrophe in front."""
    return f"'{cell}" if cell.lstrip("'").startswith(_FORMULA) else cell


def unguarded(cell: str) -> str:
    """What :func:`guarded` was given."""
    if cell.startswith("'") and cell.lstrip("'").startswith(_FORMULA):
        return cell[1:]
    return cell
