"""What somebody may have meant by a name that there isn't."""

from collections.abc import Iterable


def did_you_mean(name: str, known: Iterable[str], *, most: int = 1) -> str:
    """``did you mean a or b?``, with ``most`` of the names like ``name``; '' if none is."""
    import difflib  # noqa: PLC0415 - only for who has misspelt one

    close = difflib.get_close_matches(name, list(known), n=most)
    return f"did you mean {' or '.join(close)}?" if close else ""
