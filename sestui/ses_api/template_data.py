"""Merge template data as text, so that each value keeps its spelling (``1.10``)."""

import json
import re

_DECODER = json.JSONDecoder()
_GAP = re.compile(r"[ \t\n\r,:]*")


def merged(default: str, own: str) -> str:
    """The JSON object ``default`` updated with the members of ``own``; each may be ''.

    If only one has members, it is returned unchanged. Both must be valid JSON objects.
    """
    defaults, owns = _members(default), _members(own)
    if not owns:
        return default
    if not defaults:
        return own
    return f"{{{', '.join((defaults | owns).values())}}}"


def _members(text: str) -> dict[str, str]:
    """The members of an object by name, each with its text (name and value)."""
    found: dict[str, str] = {}
    at = text.find("{") + 1
    while at:
        start = _after_gap(text, at)
        if text[start] == "}":
            break
        name, at = _DECODER.raw_decode(text, start)
        _, at = _DECODER.raw_decode(text, _after_gap(text, at))
        found[name] = text[start:at]
    return found


def _after_gap(text: str, at: int) -> int:
    """The offset of the next name, value or brace."""
    gap = _GAP.match(text, at)
    return at if gap is None else gap.end()
