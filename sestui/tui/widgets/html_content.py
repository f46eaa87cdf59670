"""A mail's HTML drawn with what a terminal has: bold, underlines, bullets and rules."""

import re
from collections import Counter

from textual.content import Content

from sestui.core.content.markup.html_reader import HtmlReader
from sestui.core.text import printable

MOST_CHARACTERS = 40_000
"""More of a mail is not drawn: that is what a browser is for."""

_BLOCKS = frozenset(
    {"address", "article", "aside", "blockquote", "center", "div", "dl", "dd", "dt", "figure"}
    | {"figcaption", "footer", "form", "header", "main", "nav", "ol", "p", "pre", "section"}
    | {"table", "ul"}
)
_ROWS = frozenset({"li", "tr"})
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_STYLES = {
    "h1": "bold underline $text-primary",
    "h2": "bold $text-primary",
    "h3": "bold",
    "h4": "bold",
    "h5": "bold italic",
    "h6": "italic",
    "a": "underline $text-primary",
    "b": "bold",
    "strong": "bold",
    "th": "bold",
    "i": "italic",
    "em": "italic",
    "cite": "italic",
    "s": "strike",
    "del": "strike",
    "strike": "strike",
    "u": "underline",
    "ins": "underline",
    "code": "$text-warning",
    "pre": "$text-warning",
    "kbd": "$text-warning",
}
_UNSEEN = frozenset({"head", "script", "style", "template", "title"})
_ENDLESS = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"}
)
_ENDS = {
    "li": ("li", frozenset({"ol", "ul"})),
    "p": ("p", frozenset({"td", "th", "li", "div", "blockquote"})),
    "tr": ("tr", frozenset({"table"})),
    "td": ("td", frozenset({"tr", "table"})),
    "th": ("th", frozenset({"tr", "table"})),
}
"""Elements that end one of their kind which nobody has closed, unless one of these is between."""
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_SPACE = re.compile(r"[ \t\r\n\f]+")
_DEEPEST = 200
"""Elements within one another; deeper ones are only text: nobody writes them, but somebody may."""
_RULE = "─" * 40
_QUIET = "$text-muted"


def html_content(html: str) -> Content:
    """The mail as a person reads it; lines are as long as they come."""
    reader = _Reader()
    reader.feed(html[: 8 * MOST_CHARACTERS])
    reader.close()
    return reader.content()


class _Open:
    """An element that is not closed yet."""

    def __init__(self, tag: str, within: "_Open | None", *, hidden: bool) -> None:
        self.tag = tag
        self.hidden: bool = hidden or (within is not None and within.hidden)
        self.style: str = f"{within.style if within else ''} {_STYLES.get(tag, '')}".strip()
        """Its own and those of the elements around it."""
        self.number: int | None = None
        """Of the next item of a numbered list."""
        self.cells = 0
        """Of a row so far."""


class _Reader(HtmlReader):
    """Collects pieces of text with their styles, line breaks among them."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._open: list[_Open] = []
        self._depths: Counter[str] = Counter()
        """How many of each kind are open."""
        self._pieces: list[tuple[str, str]] = []
        self._length = 0
        self._breaks = 2
        """Line breaks at the end of what is drawn; more than two are never made."""
        self._wanted = 0
        """Line breaks due before the next text."""
        self._blank = False
        """A blank is due before the next text of the line."""
        self._bullet = ""

    def content(self) -> Content:
        """What was drawn."""
        return Content.assemble(*self._pieces)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag in _ENDLESS:
            self._draw_single(tag, given)
            return
        if tag in _ENDS:
            self._end_like(*_ENDS[tag])
        if len(self._open) >= _DEEPEST or self._length > MOST_CHARACTERS:
            return
        hidden = tag in _UNSEEN or bool(_HIDDEN.search(given.get("style", "")))
        self._before(tag)
        self._open.append(_Open(tag, self._open[-1] if self._open else None, hidden=hidden))
        self._depths[tag] += 1
        if tag == "ol":
            start = given.get("start", "")
            self._open[-1].number = int(start) if start.isdecimal() and len(start) < 9 else 1

    def handle_endtag(self, tag: str) -> None:
        ended = "" if self._depths[tag] else tag
        while ended != tag:
            ended = self._open.pop().tag
            self._depths[ended] -= 1
        if tag in _BLOCKS or tag in _HEADINGS:
            self._break(1 if self._in_list else 2)
        elif tag in _ROWS:
            self._break(1)

    def handle_data(self, data: str) -> None:
        if self._hidden:
            return
        if self._depths["pre"]:
            for number, line in enumerate(data.split("\n")):
                if number:
                    self._break(1)
                if line:
                    self._draw(printable(line.expandtabs(4)))
            return
        words = _SPACE.sub(" ", data)
        if words.startswith(" "):
            self._blank = True
        if text := words.strip(" "):
            self._draw(printable(text))
            self._blank = words.endswith(" ")

    def _end_like(self, tag: str, between: frozenset[str]) -> None:
        for each in reversed(self._open):
            if each.tag == tag:
                self.handle_endtag(tag)
                return
            if each.tag in between:
                return

    @property
    def _hidden(self) -> bool:
        return bool(self._open) and self._open[-1].hidden

    @property
    def _in_list(self) -> bool:
        return self._depths["li"] > 0

    def _before(self, tag: str) -> None:
        """What an element asks for before its own text."""
        if tag in _HEADINGS or tag in _BLOCKS:
            self._break(1 if self._in_list else 2)
        elif tag in _ROWS:
            self._break(1)
        if tag == "li":
            self._begin_item()
        elif tag in {"td", "th"}:
            row = next((each for each in reversed(self._open) if each.tag == "tr"), None)
            if row is not None:
                row.cells += 1
                if row.cells > 1 and not self._wanted and not self._breaks:
                    self._blank = False
                    self._draw(" │ ", _QUIET)

    def _begin_item(self) -> None:
        inner = next((each for each in reversed(self._open) if each.tag in {"ol", "ul"}), None)
        indent = "  " * max(0, self._depths["ol"] + self._depths["ul"] - 1)
        number = inner.number if inner is not None else None
        if inner is not None and number is not None:
            inner.number = number + 1
        self._bullet = indent + ("• " if number is None else f"{number}. ")

    def _draw_single(self, tag: str, given: dict[str, str]) -> None:
        if self._hidden:
            return
        if tag == "br":
            self._break(min(2, self._wanted + 1))
        elif tag == "hr":
            self._break(2)
            self._draw(_RULE, _QUIET)
            self._break(2)
        elif tag == "img" and given.get("width") != "1":
            alt = _SPACE.sub(" ", given.get("alt", "")).strip()
            self._draw(f"[{printable(alt) or 'image'}]", _QUIET)

    def _break(self, lines: int) -> None:
        self._wanted = max(self._wanted, lines)
        self._blank = False

    def _draw(self, text: str, style: str = "") -> None:
        if self._length > MOST_CHARACTERS:
            return
        lead = "\n" * max(0, self._wanted - self._breaks) if self._pieces else ""
        if self._wanted or not self._pieces:
            self._put(lead, "")
            self._put("▌ " * self._depths["blockquote"], _QUIET)
            self._put(self._bullet, _QUIET)
            self._bullet = ""
        elif self._blank:
            self._put(" ", self._style)
        self._put(text, style or self._style)
        self._wanted, self._breaks, self._blank = 0, 0, False
        self._length += len(text)

    def _put(self, text: str, style: str) -> None:
        if text:
            self._pieces.append((text, style))

    @property
    def _style(self) -> str:
        return self._open[-1].style if self._open else ""
