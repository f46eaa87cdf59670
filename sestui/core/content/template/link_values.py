"""Encode values in links by their position in the URL.

``?email={{ email }}`` must arrive unchanged, whatever the address. A value that is the whole URL is
left alone, and so is one that the author encodes.
"""

import re
from collections.abc import Iterator
from enum import StrEnum
from html import unescape

from sestui.core.content.template.placeholders import Protected

_URL_ATTRIBUTE = r"""(?P<attribute>\b(?:href|src|action|background|poster)\s*=\s*)"""
_URL = re.compile(
    rf"""{_URL_ATTRIBUTE}(?:"(?P<double>[^"]*)"|'(?P<single>[^']*)')|(?P<bare>https?://[^\s<>"')\]]+)""",
    re.IGNORECASE,
)
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_ENCODED_BY_AUTHOR = re.compile(r"\|\s*urlencode\b|['\"][^'\"]*%[0-9A-Fa-f]{2}")
_VALUE = "\0"
"""Stands for a printed value while a URL is parsed."""


class UrlPlace(StrEnum):
    """A value's position in a URL, and the encoding it needs."""

    WHOLE = "whole"
    """The URL itself, its scheme or host: not encoded."""
    PATH = "path"
    """Path or fragment: characters that a URL can't hold are encoded."""
    QUERY = "query"
    """A parameter's value: all but letters, digits, dots, dashes and underscores are encoded."""
    UNKNOWN = "unknown"
    """In a query, perhaps several parameters: not encoded, and the author is warned."""


def with_encoded_values(protected: Protected, text: str) -> str:
    """The HTML or text with each value in a link encoded."""
    made: dict[tuple[str, UrlPlace], str] = {}

    def encoded(match: re.Match[str]) -> str:
        url = match["double"] or match["single"] or match["bare"] or ""
        pieces, at = [], 0
        for begin, end, source, place in _values(protected, url):
            if place not in {UrlPlace.QUERY, UrlPlace.PATH} or _ENCODED_BY_AUTHOR.search(source):
                continue
            word = made.get((source, place))
            if word is None:
                inner = source.removeprefix("{{").removesuffix("}}").strip()
                word = protected.printing(f"{{{{ ({inner})|_in_{place} }}}}", url[begin:end])
                made[source, place] = word
            pieces += [url[at:begin], word]
            at = end
        return match[0].replace(url, "".join([*pieces, url[at:]])) if pieces else match[0]

    return _URL.sub(encoded, text) if protected.has_tag(text) else text


def unknown_places(protected: Protected, url: str) -> Iterator[str]:
    """The tags of a URL whose encoding can't be determined."""
    for _, _, source, place in _values(protected, url):
        if place is UrlPlace.UNKNOWN and not _ENCODED_BY_AUTHOR.search(source):
            yield source


def _values(protected: Protected, url: str) -> Iterator[tuple[int, int, str, UrlPlace]]:
    """Begin, end, tag and position of each printed value in a URL."""
    before, at = "", 0
    for word in protected.words(url):
        before += url[at : word.begin]
        at = word.end
        if word.prints:
            yield word.begin, word.end, word.source, _place(unescape(before).lstrip())
            before += _VALUE


def _place(before: str) -> UrlPlace:
    """A value's position by the text before it, in which :data:`_VALUE` stands for other values."""
    scheme = _SCHEME.match(before)
    rest = before[scheme.end() :] if scheme else before
    name = scheme[0].lower() if scheme else ""
    if name in {"http:", "https:"} or (not scheme and before.startswith("//")):
        place = _place_behind_host(rest.removeprefix("//"))
    elif name == "mailto:":
        place = _in_parts(rest)
    elif name or not before:
        place = UrlPlace.WHOLE
    else:
        place = _in_parts(rest)
    return place


def _place_behind_host(rest: str) -> UrlPlace:
    host = re.match(r"[^/?#]*", rest)
    behind = rest[host.end() :] if host else rest
    return _in_parts(behind) if behind else UrlPlace.WHOLE


def _in_parts(rest: str) -> UrlPlace:
    separators = [at for at in map(rest.rfind, "?&#") if at >= 0]
    # A value at the beginning may contain the question mark.
    in_query = "?" in rest or ("&" in rest and rest.startswith(_VALUE))
    if not in_query or rest.rfind("#") == max(separators, default=-1):
        return UrlPlace.PATH
    return UrlPlace.QUERY if "=" in rest[max(separators) :] else UrlPlace.UNKNOWN
