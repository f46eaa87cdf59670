"""Printed values: encoded in links, and without markup in the text part."""

import re
from functools import lru_cache
from html import unescape
from typing import Any
from urllib.parse import quote

from markupsafe import Markup

_BREAKS = re.compile(r"\s*<(?:br|hr|/p|/div|/li|/tr|/h[1-6])\s*/?>\s*", re.IGNORECASE)
_BREAK = re.compile(r"\s*<br\s*/?>\s*", re.IGNORECASE)
_TAGS = re.compile(r"<!--.*?-->|</?[a-zA-Z](?:\"[^\"]*\"|'[^']*'|[^>\"'])*>", re.DOTALL)
_PAIR = re.compile(
    r"<(a|abbr|b|big|blockquote|center|code|dd|div|dl|dt|em|font|h[1-6]|i|li|ol|p|pre|s|small|span"
    r"|strike|strong|sub|sup|table|tbody|td|th|thead|tr|u|ul)(?:\s[^<>]*)?>(.*?)</\1\s*>",
    re.DOTALL | re.IGNORECASE,
)
_REFERENCE = re.compile(r"&(?:#\d{2,7}|#[xX][0-9a-fA-F]{2,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_STRAY_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_DEEPEST = 8
_LONGEST = 20_000
"""Characters; longer values are left alone, as they would take too long."""


def without_markup(value: Any) -> Any:
    """A printed value without HTML tags, its character references resolved.

    Values marked as HTML (``|safe``) lose all tags. In other strings ``<`` may be meant literally,
    so only whole elements are removed.
    """
    if not isinstance(value, str) or ("<" not in value and "&" not in value):
        return value
    if type(value) is _Made:
        return value
    text = str(value)
    if "<" in text:
        if isinstance(value, Markup):
            text = _TAGS.sub("", _BREAKS.sub(" ", text))
        text = _BREAK.sub(" ", text)
        for _ in range(_DEEPEST if len(text) <= _LONGEST else 0):
            text, found = _PAIR.subn(r"\2", text)
            if not found:
                break
    return _REFERENCE.sub(_read, text) if "&" in text else text


def _read(match: re.Match[str]) -> str:
    character = unescape(match[0])
    return character if character.isprintable() or character == "\u00a0" else ""


def in_query(value: object) -> str:
    """Encode a query parameter's value; the filter ``_in_query``."""
    return _quoted(_text(value))


@lru_cache(maxsize=256)
def _quoted(text: str) -> str:
    # Cached, as a mail's HTML and text print the same values.
    return quote(text, safe="", errors="replace")


def in_path(value: object) -> str:
    """Encode a part of a path, which may hold slashes; the filter ``_in_path``."""
    encoded = quote(_text(value), safe="/:@!$&'()*+,;=?#%[]~", errors="replace")
    return _STRAY_PERCENT.sub("%25", encoded) if "%" in encoded else encoded


class _Made(str):
    """Rendered text, whose values have been cleaned already."""

    __slots__ = ()


def as_it_is(made: str) -> str:
    """Print a captured part of a template unchanged; the filter ``_as_it_is``."""
    return made if isinstance(made, Markup) else _Made(made)


FILTERS = {"_as_it_is": as_it_is, "_in_query": in_query, "_in_path": in_path}
"""Internal filters; authors use ``urlencode``."""


def _text(value: object) -> str:
    return value.unescape() if isinstance(value, Markup) else str(value)
