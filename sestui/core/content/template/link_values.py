"""Values inside links: encoded as their place in the URL wants it.

``?email={{ email }}`` has to arrive as the same address, whatever is in it. What a whole URL comes
from is left alone, and so is what the author encodes.
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
"""Stands for a printed value while a URL is looked at."""


class UrlPlace(StrEnum):
    """Where in a URL a value stands, by what has to be encoded there."""

    WHOLE = "whole"
    """It is the URL, its scheme or its host: nothing."""
    PATH = "path"
    """Path or fragment: what can't stand in a URL."""
    QUERY = "query"
    """The value of a parameter: everything that is no letter, digit, dot, dash or underscore."""
    UNKNOWN = "unknown"
    """In a query, but it may be a name or several parameters: nothing, and the author is told."""


def with_encoded_values(protected: Protected, text: str) -> str:
    """HTML or text in which each value inside a link is printed as its place wants it."""
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
    """The values of a URL of which it can't be known whether they have to be encoded."""
    for _, _, source, place in _values(protected, url):
        if place is UrlPlace.UNKNOWN and not _ENCODED_BY_AUTHOR.search(source):
            yield source


def _values(protected: Protected, url: str) -> Iterator[tuple[int, int, str, UrlPlace]]:
    """Begin and end of each printed value in a URL, its tag, and its place."""
    before, at = "", 0
    for word in protected.words(url):
        before += url[at : word.begin]
        at = word.end
        if word.prints:
            yield word.begin, word.end, word.source, _place(unescape(before).lstrip())
            before += _VALUE


def _place(before: str) -> UrlPlace:
    """By what stands before it, in which other values are :data:`_VALUE`."""
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
    # A value at the beginning may hold the question mark.
    in_query = "?" in rest or ("&" in rest and rest.startswith(_VALUE))
    if not in_query or rest.rfind("#") == max(separators, default=-1):
        return UrlPlace.PATH
    return UrlPlace.QUERY if "=" in rest[max(separators) :] else UrlPlace.UNKNOWN
