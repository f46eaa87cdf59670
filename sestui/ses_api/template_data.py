"""Template data as text: merged without being written anew, so that each value keeps its spelling.

``1.10`` stays ``1.10`` and no number loses digits; what SES puts into the mail is what the client
wrote.
"""

import json
import re

_DECODER = json.JSONDecoder()
_GAP = re.compile(r"[ \t\n\r,:]*")


def merged(default: str, own: str) -> str:
    """The JSON object ``default`` with the members of ``own`` over it; each may be ''.

    Where only one of them has members, it is the result as it came. Both must have been read as
    JSON objects before.
    """
    defaults, owns = _members(default), _members(own)
    if not owns:
        return default
    if not defaults:
        return own
    return f"{{{', '.join((defaults | owns).values())}}}"


def _members(text: str) -> dict[str, str]:
    """Each member of an object, name and value as they are written, by its name."""
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
    """Where the next name, value or brace begins, after blanks and a colon or comma."""
    gap = _GAP.match(text, at)
    return at if gap is None else gap.end()
