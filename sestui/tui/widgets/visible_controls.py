"""Text that is being edited, with what a terminal would obey drawn as something to see."""

import re

_HARMFUL = re.compile(
    "[\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)


def visible(text: str) -> str:
    """``text`` with a picture in the place of each such character, so that no place moves."""
    if text.isprintable():
        return text
    return _HARMFUL.sub(_snapshot, text)


def _snapshot(found: re.Match[str]) -> str:
    code = ord(found[0])
    return chr(0x2400 + code) if code < 0x20 else "\u2421" if code == 0x7F else "\ufffd"
