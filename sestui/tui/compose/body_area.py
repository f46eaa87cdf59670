"""The editor of a message's text: Markdown, HTML and Jinja in colour, however long it is."""

import re
from collections.abc import Sequence
from functools import cache

from rich.color import Color as RichColor
from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual import events, on
from textual.color import Color, ColorParseError
from textual.content import Content
from textual.geometry import Offset, Region
from textual.strip import Strip
from textual.widgets import TextArea
from textual.widgets.text_area import SyntaxAwareDocument, TextAreaTheme

from sestui.core.content.lint.findings import Finding
from sestui.core.content.message import BodyFormat
from sestui.tui._compat import (
    LateHighlights,
    highlight_query_of,
    highlights_of,
    wear_theme,
    worn_theme_of,
)
from sestui.tui.compose.completion import TakesKeys, offer_key
from sestui.tui.compose.finding_signs import SIGNS
from sestui.tui.widgets.format import shorten
from sestui.tui.widgets.visible_controls import visible

_THEME = "sestui"
_MOST_PARSED = 60_000
"""Characters; the grammars of longer texts take longer than a key may."""
_AHEAD = 60
"""Lines beyond those in sight that are coloured with them."""
_JINJA = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}")
_INLINE = (
    ("bold", re.compile(r"(\*\*|__)(?=\S).+?\1")),
    (
        "italic",
        re.compile(r"(?<![*\w])\*(?=[^\s*])[^*]+\*(?!\*)|(?<![_\w])_(?=[^\s_])[^_]+_(?!\w)"),
    ),
    ("inline_code", re.compile(r"(`+).+?\1")),
    ("link.uri", re.compile(r"(?<=\]\()[^)\s]+|<(?:https?://|mailto:)[^>\s]+>")),
)
"""What the Markdown grammar leaves to a grammar of its own."""


class BodyArea(LateHighlights, TextArea):
    """A text area that colours only the visible lines, and never interprets its content."""

    completion: TakesKeys | None = None
    """Gets keys first."""

    def __init__(
        self,
        *,
        placeholder: str = "",
        id: str | None = None,  # noqa: A002 - textual's own name for it
    ) -> None:
        super().__init__(soft_wrap=True, show_line_numbers=True, placeholder=placeholder, id=id)
        self._coloured: range = range(0)
        self._format: BodyFormat | None = None
        self._marks: dict[int, Finding] = {}
        """The worst finding by its line, from 1."""

    def on_mount(self) -> None:
        """Wear the app's colours."""
        self._dress()
        self.app.theme_changed_signal.subscribe(self, lambda _theme: self._dress())

    def on_key(self, event: events.Key) -> None:
        """Offer it to the completion first."""
        offer_key(self.completion, event)

    def on_blur(self) -> None:
        """Close the completion."""
        if self.completion is not None:
            self.completion.close()

    def _dress(self) -> None:
        self.register_theme(_theme_of(tuple(sorted(self.app.theme_variables.items()))))
        self.theme = _THEME
        wear_theme(self, _THEME)  # the same name may mean other colours by now

    def show(self, text: str, body_format: BodyFormat | None) -> None:
        """Show another text; None: it is no markup."""
        self._format = body_format
        self.language = None
        self.load_text(text)
        self.choose_language()

    def be(self, body_format: BodyFormat | None) -> None:
        """Treat the same text as another kind of markup."""
        self._format = body_format
        self.choose_language()
        self.refresh()

    def choose_language(self) -> None:
        """Parse the text if it is short enough to be parsed at every key."""
        short = len(self.text) <= _MOST_PARSED
        wanted = self._format if short else None
        if self.language != wanted:
            self.language = wanted

    def replace_all(self, text: str) -> None:
        """Replace the whole text; undo restores the old one."""
        self.replace(text, (0, 0), self.document.end)

    def go_to_line(self, line: int) -> None:
        """Put the cursor at the beginning of a line, from 1."""
        last = self.document.line_count - 1
        self.move_cursor((max(0, min(line - 1, last)), 0), center=True)

    def mark(self, findings: Sequence[Finding]) -> None:
        """Mark the lines of these, the worst first, in the gutter."""
        marks: dict[int, Finding] = {}
        for each in findings:
            if each.line is not None:
                marks.setdefault(each.line, each)
        if marks != self._marks:
            self._marks = marks
            self._say_finding()
            self.refresh()

    @on(TextArea.SelectionChanged)
    def _say_finding(self) -> None:
        """Show the problem of the cursor's line below the text."""
        found = self._marks.get(self.cursor_location[0] + 1)
        width = max(8, self.size.width - 4)
        said = ""
        if found is not None:
            said = f"{SIGNS[found.severity][0]} {found.problem}"
        self.border_subtitle = Content(shorten(said, width))

    # drawing

    def render_line(self, y: int) -> Strip:
        """The line with its mark."""
        strip = super().render_line(y)
        row = y + self.scroll_offset.y
        if not self._marks or row >= self.wrapped_document.height:
            return strip
        line, column = self.wrapped_document.offset_to_location(Offset(0, row))
        found = self._marks.get(line + 1)
        if found is None or column:
            return strip
        sign, colour = SIGNS[found.severity]
        at = self.gutter_width - 2  # behind the number are two blanks
        theme = worn_theme_of(self)
        ink = theme.syntax_styles.get(colour, Style()) if theme else Style()
        mark = Strip([Segment(sign, _style_at(strip, at) + ink)], 1)
        return Strip.join([strip.crop(0, at), mark, strip.crop(at + 1)])

    def get_line(self, line_index: int) -> Text:
        """A line with colours for what no grammar of a text area knows."""
        line = Text(visible(self.document.get_line(line_index)), end="", no_wrap=True)
        theme = worn_theme_of(self)
        styles = theme.syntax_styles if theme else {}
        if self._format == "markdown":
            for name, pattern in _INLINE:
                line.highlight_regex(pattern, styles.get(name, ""))
        line.highlight_regex(_JINJA, styles.get("jinja", ""))
        return line

    def render_lines(self, crop: Region) -> list[Strip]:
        """Colour what is about to be drawn."""
        self._colour(*self._lines_in_sight())
        return super().render_lines(crop)

    def _lines_in_sight(self) -> tuple[int, int]:
        top = self.scroll_offset.y
        bottom = min(top + self.size.height, self.wrapped_document.height - 1)
        locate = self.wrapped_document.offset_to_location
        return locate(Offset(0, max(0, top)))[0], locate(Offset(0, max(0, bottom)))[0]

    def forget_highlights(self) -> None:
        """Colour what is in sight anew, rather than the whole text at every key.

        That takes half a second where it is long.
        """
        highlights_of(self).clear()
        self._coloured = range(0)

    def _colour(self, first: int, last: int) -> None:
        query, document = highlight_query_of(self), self.document
        if not query or not isinstance(document, SyntaxAwareDocument):
            return
        if first in self._coloured and last in self._coloured:
            return
        highlights = highlights_of(self)
        highlights.clear()
        lines = self._coloured = range(max(0, first - _AHEAD), last + _AHEAD + 1)
        found = document.query_syntax_tree(query, (lines.start, 0), (lines.stop, 0))
        for name, nodes in found.items():
            for node in nodes:
                (begin, begin_column), (end, end_column) = node.start_point, node.end_point
                for row in range(max(begin, lines.start), min(end + 1, lines.stop)):
                    highlights[row].append(
                        (
                            begin_column if row == begin else 0,
                            end_column if row == end else None,
                            name,
                        )
                    )


def _style_at(strip: Strip, cell: int) -> Style:
    """What a cell looks like."""
    return next((each.style for each in strip.crop(cell, cell + 1) if each.style), Style())


@cache
def _theme_of(colours: tuple[tuple[str, str], ...]) -> TextAreaTheme:
    """What parts of a text look like in an app's theme."""
    known = dict(colours)

    def colour(name: str) -> RichColor | None:
        try:
            return Color.parse(known[name]).rich_color
        except (KeyError, ColorParseError):  # a theme of somebody's own
            return None

    def ink(name: str, *, bold: bool | None = None, underline: bool | None = None) -> Style:
        return Style(color=colour(name), bold=bold, underline=underline)

    def ground(name: str) -> Style:
        return Style(bgcolor=colour(name))

    quiet = Style(dim=True)
    link = ink("text-accent", underline=True)
    return TextAreaTheme(
        _THEME,
        syntax_styles={
            "heading": ink("text-primary", bold=True),
            "heading.marker": quiet,
            "list.marker": ink("text-secondary", bold=True),
            "punctuation.special": ink("text-secondary", bold=True),
            "text.literal": ink("text-warning"),
            "inline_code": ink("text-warning"),
            "bold": Style(bold=True),
            "italic": Style(italic=True),
            "link.uri": link,
            "link.label": link,
            "text.uri": link,
            "tag": ink("text-primary"),
            "tag.attribute": ink("text-secondary"),
            "string": ink("text-warning"),
            "comment": quiet,
            **{name: ink(name, bold=True) for _, name in SIGNS.values()},
            "html.end_tag_error": ink("text-error", underline=True),
            # On a ground of its own: a heading's colour lies over that of what is in it.
            "jinja": ink("text-success", bold=True) + ground("panel"),
        },
    )
