"""Python's HTML parser, without its ways of failing, and with HTML5's way of reading attributes."""

import re
from html import unescape
from html.entities import html5
from html.parser import HTMLParser

_REFERENCE = re.compile(r"&(?:#[xX]?[0-9a-fA-F]+|[A-Za-z][A-Za-z0-9]*);?")
_ATTRIBUTE = re.compile(
    r"""[\s/]*([^\s/>=][^\s/>=]*)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>"'][^\s>]*)))?"""
)
_NAME = re.compile(r"<[a-zA-Z][^\s/>]*")


class HtmlReader(HTMLParser):
    """Reads any text: what is no HTML is text or a comment."""

    def feed(self, data: str) -> None:
        """Read ``data``, which is the whole text."""
        # Over tags that never end, such as ``<a <a <a``, Python's parser takes hours; what stands
        # behind the last end of a tag can't begin one.
        end = data.rfind(">") + 1
        super().feed(data[:end] + data[end:].replace("<", "&lt;"))

    def parse_marked_section(self, i: int, report: bool = True) -> int:
        """As the base, which on Python 3.11 ends in an AssertionError for ``<![:``."""
        try:
            return super().parse_marked_section(i, report)
        except AssertionError:
            return self.parse_bogus_comment(i)

    def attributes(self) -> dict[str, str]:
        """Of the tag that begins here, by their names; of two of a name the first counts.

        Python's parser takes ``&section=`` for ``§ion=`` in a link; HTML5 doesn't.
        """
        tag = self.get_starttag_text() or ""
        name = _NAME.match(tag)
        found: dict[str, str] = {}
        for match in _ATTRIBUTE.finditer(tag, name.end() if name else 0):
            value = next((each for each in match.groups()[1:] if each is not None), "")
            found.setdefault(match[1].lower(), unescaped(value))
        return found


def unescaped(value: str) -> str:
    """An attribute's value with its character references read as HTML5 reads them there.

    One that lacks its semicolon before a letter, a digit or ``=`` is none.
    """

    def read(match: re.Match[str]) -> str:
        reference = match[0]
        if reference[1] == "#":
            return unescape(reference)
        ended = reference.endswith(";") or value[match.end() : match.end() + 1] != "="
        return unescape(reference) if ended and reference[1:] in html5 else reference

    return _REFERENCE.sub(read, value) if "&" in value else value
