"""Convert HTML to a readable text alternative."""

import re
from typing import Protocol

from sestui.core.content.markup.html_reader import HtmlReader

_BLOCKS = frozenset(
    {"address", "article", "aside", "center", "div", "dl", "dd", "dt", "fieldset", "figure"}
    | {"figcaption", "footer", "form", "header", "main", "nav", "p", "section"}
)
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_HIDDEN = frozenset({"head", "style", "script", "title", "template"})
_SPACE = re.compile(r"[ \t\r\n\f]+")
_TITLE_RULE = {"h1": "=", "h2": "-"}
_RULE_WIDTH = 40


class Tags(Protocol):
    """Tells template tags from other comments."""

    def is_block(self, comment: str) -> bool:
        """Whether the comment is a template tag."""

    def is_counter(self, comment: str) -> bool:
        """Whether the comment is the number of a list item."""

    def opening_at_end(self, text: str) -> int:
        """The offset of the trailing tags that open a block after the text."""


def text_of(html: str, tags: Tags) -> str:
    """Convert to text: links as ``text <url>``, lists with dashes or numbers, table rows as lines.

    Comments that are template tags are kept exactly where they open or close a block, so that an
    omitted block leaves no blank lines.
    """
    reader = _Reader(tags)
    reader.feed(html)
    reader.close()
    return reader.text()


class _Reader(HtmlReader):
    """Collects finished blocks, each with its line breaks."""

    def __init__(self, tags: Tags) -> None:
        super().__init__(convert_charrefs=True)
        self._tags = tags
        self._done: list[str] = []
        self._line = ""
        self._lists: list[int | None] = []
        """Open lists, innermost last: the next number, or None for an unordered list."""
        self._bullet = ""
        self._quotes = 0
        self._link: tuple[str, int] | None = None
        """The open link's address, and where its text begins on the line."""
        self._hidden = 0
        self._pre = 0
        self._cells = 0

    def text(self) -> str:
        """Everything read so far."""
        self._end_block("\n\n")
        return "".join(self._done)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = self.attributes()
        if tag in _HIDDEN:
            self._hidden += 1
        elif tag in _BLOCKS or tag in _HEADINGS or tag in {"table", "tr"}:
            self._end_block("\n" if tag == "tr" or self._lists else "\n\n")
            self._cells = 0
        elif tag in {"ul", "ol"}:
            self._end_block("\n" if self._lists else "\n\n")
            start = given.get("start", "")
            first = int(start) if start.isdecimal() else 1
            self._lists.append(first if tag == "ol" else None)
        elif tag == "li":
            self._begin_item()
        elif tag == "blockquote":
            self._end_block("\n\n")
            self._quotes += 1
        elif tag == "pre":
            self._end_block("\n\n")
            self._pre += 1
        elif tag in {"td", "th"}:
            self._line = self._line.rstrip() + (" | " if self._cells else "")
            self._cells += 1
        elif tag == "a":
            self._link = (given.get("href", ""), len(self._line))
        else:
            self._handle_void(tag, given)

    def _handle_void(self, tag: str, given: dict[str, str]) -> None:
        if tag == "br":
            self._line = self._line.rstrip(" ") + "\n"
        elif tag == "hr":
            self._end_block("\n\n")
            self._line = "-" * _RULE_WIDTH
            self._end_block("\n\n")
        elif tag == "img" and given.get("alt"):
            self._line += f"[{given['alt']}]"

    def _begin_item(self) -> None:
        self._end_block("\n")
        depth = max(0, len(self._lists) - 1)
        number = self._lists[-1] if self._lists else None
        self._bullet = "  " * depth + ("- " if number is None else f"{number}. ")
        if number is not None:
            self._lists[-1] = number + 1

    def handle_endtag(self, tag: str) -> None:
        if tag in _HIDDEN:
            self._hidden = max(0, self._hidden - 1)
        elif tag in _HEADINGS:
            if self._line.strip() and tag in _TITLE_RULE:
                # Of a fixed width, as the length of a title with variables is unknown here.
                self._line = f"{self._line.strip()}\n{_TITLE_RULE[tag] * _RULE_WIDTH}"
            self._end_block("\n\n")
        elif tag in {"ul", "ol"}:
            self._end_block("\n")
            if self._lists:
                self._lists.pop()
            if not self._lists:
                self._break("\n\n")
        elif tag in {"li", "tr"}:
            self._end_block("\n")
        elif tag == "blockquote":
            self._end_block("\n\n")
            self._quotes = max(0, self._quotes - 1)
        elif tag == "pre":
            self._end_block("\n\n")
            self._pre = max(0, self._pre - 1)
        elif tag == "a":
            self._end_link()
        elif tag in _BLOCKS:
            self._end_block("\n" if self._lists else "\n\n")
        elif tag == "table":
            self._end_block("\n")
            self._break("\n\n")

    def _end_link(self) -> None:
        if self._link is None:
            return
        address, begin = self._link
        self._link = None
        address = address.strip()
        label = self._line[begin:].strip()
        if (
            address
            and not address.startswith("#")
            and label
            not in {
                address,
                address.removeprefix("mailto:"),
            }
        ):
            self._line = self._line.rstrip() + (f" <{address}>" if label else f"<{address}>")

    def handle_data(self, data: str) -> None:
        if self._hidden:
            return
        if self._pre:
            self._line += data
            return
        words = _SPACE.sub(" ", data)
        if not self._line or self._line.endswith((" ", "\n")):
            words = words.lstrip(" ")
        self._line += words

    def handle_comment(self, data: str) -> None:
        if self._hidden or not self._tags.is_block(data):
            return
        if self._tags.is_counter(data):
            self._bullet = f"{'  ' * max(0, len(self._lists) - 1)}{data}. "
            return
        if self._line.strip() or self._bullet:
            self._line += data  # within a paragraph, an item or a row
        else:
            self._line = ""
            self._done.append(data)

    def _end_block(self, ending: str) -> None:
        end = self._tags.opening_at_end(self._line)
        content, opening = self._line[:end].rstrip(), self._line[end:].strip()
        content = content if self._pre else content.lstrip()
        self._line = ""
        if not content:
            self._done.extend([opening] if opening else [])
            return
        lead = "> " * self._quotes + self._bullet
        hang = "> " * self._quotes + " " * len(self._bullet)
        first, *rest = content.split("\n")
        lines = [lead + first, *((hang + line).rstrip() for line in rest)]
        self._bullet = ""
        self._done.append("\n".join(lines) + "\n")
        self._break(ending)
        if opening:
            self._done.append(opening)

    def _break(self, ending: str) -> None:
        """Add line breaks until the finished text ends with ``ending``."""
        if self._done and ending == "\n\n" and not self._done[-1].endswith("\n\n"):
            self._done.append("\n")
