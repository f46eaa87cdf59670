"""Python's HTML parser, made robust, and with HTML5's rules for attributes."""

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
    """Parses any text without failing."""

    def feed(self, data: str) -> None:
        """Parse ``data``, which must be the whole text."""
        # Python's parser takes hours over unclosed tags such as ``<a <a <a``. No tag can begin
        # after the last ``>``.
        end = data.rfind(">") + 1
        super().feed(data[:end] + data[end:].replace("<", "&lt;"))

    def parse_marked_section(self, i: int, report: bool = True) -> int:
        """Like the base, which fails with an AssertionError for ``<![:`` on Python 3.11."""
        try:
            return super().parse_marked_section(i, report)
        except AssertionError:
            return self.parse_bogus_comment(i)

    def attributes(self) -> dict[str, str]:
        """The current tag's attributes by name; the first of duplicates counts.

        Python's parser reads ``&section=`` in a link as ``§ion=``; HTML5 doesn't.
        """
        tag = self.get_starttag_text() or ""
        name = _NAME.match(tag)
        found: dict[str, str] = {}
        for match in _ATTRIBUTE.finditer(tag, name.end() if name else 0):
            value = next((each for each in match.groups()[1:] if each is not None), "")
            found.setdefault(match[1].lower(), unescaped(value))
        return found


def unescaped(value: str) -> str:
    """An attribute's value with character references resolved by HTML5's rules.

    Without a semicolon before a letter, a digit or ``=`` it isn't a reference.
    """

    def read(match: re.Match[str]) -> str:
        reference = match[0]
        if reference[1] == "#":
            return unescape(reference)
        ended = reference.endswith(";") or value[match.end() : match.end() + 1] != "="
        return unescape(reference) if ended and reference[1:] in html5 else reference

    return _REFERENCE.sub(read, value) if "&" in value else value
