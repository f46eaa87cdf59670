"""Suggestions for a misspelt name."""

from collections.abc import Iterable


def did_you_mean(name: str, known: Iterable[str], *, most: int = 1) -> str:
    """``did you mean a or b?``, with up to ``most`` similar names; '' if none is similar."""
    import difflib  # noqa: PLC0415 - needed only after a misspelling

    close = difflib.get_close_matches(name, list(known), n=most)
    return f"did you mean {' or '.join(close)}?" if close else ""


def similar_or_known(name: str, known: Iterable[str]) -> str:
    """``did you mean a?``, or all ``known`` names where none is similar."""
    names = list(known)
    return did_you_mean(name, names) or f"known: {', '.join(names) or 'none'}"
