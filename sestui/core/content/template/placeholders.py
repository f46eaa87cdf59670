"""Protect Jinja tags while Markdown, the CSS inliner and the text converter run.

Each tag is replaced by a word that none of them changes, and put back at the end. A tag that prints
(``{{ }}``) stays a word everywhere. Other tags (``{% %}``) become HTML comments in text, because
parsers would move a bare word between two table rows out of the table.
"""

import itertools
import re
import sys
from bisect import bisect_right
from dataclasses import dataclass, replace

from sestui.core.content.message import TemplateError
from sestui.core.content.template.sandbox import tokens
from sestui.core.content.template.unclosed import PAIRED

_NAME = re.compile(r"[-+\s]*(\w*)")
_BLOCK_SET = re.compile(r"\{%\s*set\b[^=]*%\}")
_OPENS = {"variable_begin": "variable_end", "block_begin": "block_end"}
_CONTENT = re.compile(r"\{\{[-+]?\s*content\s*(?:\|\s*safe\s*)?[-+]?\}\}")
_LOOKS_LIKE_JINJA = re.compile(r"\{(?=[{%#]|\Z)")
_QUOTED = re.compile(r'"[^"]*"|\'[^\']*\'')
_TAG = re.compile(r"""</?[a-zA-Z](?:"[^"]*"|'[^']*'|[^>"'])*>""")
_OPAQUE = (
    r"<!--.*?-->|<(?P<raw>style|script|title|textarea)\b.*?</(?P=raw)\s*>"
    r"""|</?[a-zA-Z](?:"[^"]*"|'[^']*'|[^>"'])*>"""
)


@dataclass(frozen=True, slots=True)
class _Tag:
    source: str
    """As Jinja will read it, with white-space control applied; '' for a comment."""
    line: int
    prints: bool
    in_text: str | None = None
    """Its replacement in the text part; None for the same source."""
    counts: bool = False
    """Whether it is a list item's number in the text part."""
    where: str = ""
    """The part in which it is written; '' for the main one."""

    @property
    def word(self) -> str:
        """``for``, ``endif`` and so on; '' for comments and printing tags."""
        name = _NAME.match(self.source, 2)
        return name[1] if name and not self.prints else ""


@dataclass(frozen=True, slots=True)
class Word:
    """A protected tag in a text."""

    begin: int
    end: int
    source: str
    """As Jinja will read it, '' for a comment."""
    name: str
    """``for``, ``endif`` and so on; '' for comments and printing tags."""
    prints: bool

    @property
    def opens(self) -> bool:
        """Whether it needs a closing tag."""
        return self.name in PAIRED or bool(_BLOCK_SET.fullmatch(self.source))


class Protected:
    """A template whose tags have become words; ``text`` is safe for Markdown and HTML tools."""

    def __init__(self, source: str, where: str, beside: str = "") -> None:
        self.where = where
        self._tags: list[_Tag] = []
        self.mark = _unused_mark(source + beside)
        """The prefix of all words, which does not occur in the source."""
        self._word = re.compile(rf"{self.mark}(\d+)z")
        self._places: list[tuple[int, int]] = []
        """Offset in ``text`` and line of the source at which each piece begins."""
        self.text = "".join(self._replace_tags(source))

    def _replace_tags(self, source: str) -> list[str]:
        pieces: list[str] = []
        offset = seen = 0
        stream = tokens(source, self.where)
        for line, kind, value in stream:
            offset += sum(map(len, pieces[seen:]))
            seen = len(pieces)
            self._places.append((offset, line))
            if kind in _OPENS:
                inside = itertools.takewhile(lambda t, end=_OPENS[kind]: t[1] != end, stream)  # type: ignore[misc]
                code = "".join(text for _, _, text in inside)
                opening, closing = ("{{", "}}") if kind == "variable_begin" else ("{%", "%}")
                tag = _Tag(f"{opening}{code}{closing}", line, prints=kind == "variable_begin")
                pieces.append(self._add(tag))
            elif kind == "comment_begin":
                pieces.append(self._add(_Tag("", line, prints=False)))
            elif kind == "data":
                pieces.append(value)
        return pieces

    def _add(self, tag: _Tag) -> str:
        self._tags.append(tag)
        return f"{self.mark}{len(self._tags) - 1}z"

    def _prints(self, match: re.Match[str]) -> bool:
        return self._tags[int(match[1])].prints

    def added(self, source: str, in_text: str | None = None, *, counts: bool = False) -> str:
        """Add a ``{% %}`` of our own; returns its word.

        ``in_text`` is its replacement in the text part, where with ``counts`` it is an item's
        number.
        """
        return self._add(_Tag(source, 1, prints=False, in_text=in_text, counts=counts))

    def words(self, text: str) -> list[Word]:
        """The words in a part of ``text``, in order."""
        return [
            Word(match.start(), match.end(), tag.source, tag.word, tag.prints)
            for match in self._word.finditer(text)
            for tag in (self._tags[int(match[1])],)
        ]

    def around(self, layout: str, where: str, content: str) -> str:
        """The layout's text with ``content`` for its ``{{ content }}``, its tags turned into words.

        This object must have been constructed with ``layout`` as ``beside``.

        Raises:
            TemplateError: it is invalid, or has not exactly one ``{{ content }}``.
        """
        other = Protected(layout, where)
        places = 0

        def word(match: re.Match[str]) -> str:
            nonlocal places
            tag = other._tags[int(match[1])]
            if tag.prints and _CONTENT.fullmatch(tag.source):
                places += 1
                return content
            return self._add(replace(tag, where=where))

        text = other._word.sub(word, other.text)
        if places != 1:
            problem = (
                "there is no {{ content }} in it" if not places else "it has {{ content }} twice"
            )
            raise TemplateError(where, None, f"{problem}; write it once, where the body goes")
        return text

    def without_own_lines(self, text: str) -> str:
        """The text with tags on lines of their own moved to the start of the next line."""
        pattern = re.compile(rf"^[ \t]*((?:{self.mark}\d+z[ \t]*)+)\n", re.MULTILINE)

        def joined(match: re.Match[str]) -> str:
            return match[0] if any(word.prints for word in self.words(match[1])) else match[1]

        return pattern.sub(joined, text)

    def printing(self, source: str, instead_of: str) -> str:
        """Add a printing tag derived from the author's tag with the word ``instead_of``."""
        of = self._word.fullmatch(instead_of)
        line = self._tags[int(of[1])].line if of else 1
        return self._add(_Tag(source, line, prints=True))

    def blocks_in_text_as_comments(self, html: str) -> str:
        """The HTML with each ``{% %}`` in text (not within an HTML tag) as a comment."""
        pattern = re.compile(f"{_OPAQUE}|{self._word.pattern}", re.DOTALL | re.IGNORECASE)

        def replace(match: re.Match[str]) -> str:
            number = match[2]
            if number is None or self._tags[int(number)].prints:
                return match[0]
            return f"<!--{match[0]}-->"

        return pattern.sub(replace, html)

    def check_tags(self, html: str) -> None:
        """Refuse unquoted values inside HTML tags, as they could add attributes.

        Raises:
            TemplateError: names the first such value.
        """
        for tag in _TAG.finditer(html):
            for word in self._word.finditer(_QUOTED.sub("", tag[0])):
                if self._prints(word):
                    found = self._tags[int(word[1])]
                    raise TemplateError(
                        found.where or self.where,
                        found.line,
                        f"{found.source} stands inside an HTML tag outside of quotes; write it as "
                        f'"{found.source}" in an attribute, or as a Markdown link '
                        f"[text]({found.source})",
                    )

    def restored(self, text: str, *, in_text: bool = False) -> str:
        """``text`` as Jinja source: words become tags again, and all other braces are escaped.

        With ``in_text`` tags get their replacement for the text part.
        """
        word = self._word.pattern
        pattern = re.compile(f'<!--{word}-->|&lt;!--{word}--&gt;|{word}(="")?')
        pieces: list[str] = []
        end = 0
        for match in pattern.finditer(text):
            pieces.append(_literal(text[end : match.start()]))
            tag = self._tags[int(match[1] or match[2] or match[3])]
            # HTML tools give a bare attribute (<td {% if x %}…>) an empty value.
            source = tag.source if tag.in_text is None or not in_text else tag.in_text
            pieces.append(source + ((match[4] or "") if tag.prints else ""))
            end = match.end()
        pieces.append(_literal(text[end:]))
        return "".join(pieces)

    def is_block(self, comment: str) -> bool:
        """Whether an HTML comment is a protected tag."""
        return self._word.fullmatch(comment) is not None

    def is_counter(self, comment: str) -> bool:
        """Whether an HTML comment is a list item's number."""
        word = self._word.fullmatch(comment)
        return word is not None and self._tags[int(word[1])].counts

    def opening_at_end(self, text: str) -> int:
        """The offset of the trailing tags that open a block after ``text``."""
        found = end = len(text)
        closed = 0
        for word in reversed(self.words(text)):
            if word.prints or text[word.end : end].strip():
                break
            end = word.begin
            if word.name.startswith("end"):
                closed += 1
            elif word.opens and closed:
                closed -= 1
            elif word.opens:
                found = word.begin
        return found

    def has_tag(self, text: str) -> bool:
        """Whether a part of ``text`` holds a tag."""
        return self._word.search(text) is not None

    def without_words(self, text: str) -> str:
        """A part of ``text`` without its tags."""
        return self._word.sub("", text)

    def written(self, text: str) -> str:
        """A part of ``text`` with its tags as written, for messages."""
        return self._word.sub(lambda match: self._tags[int(match[1])].source, text)

    def line_at(self, offset: int) -> int:
        """The source line (from 1) of ``offset`` in ``text``."""
        place = bisect_right(self._places, (offset, sys.maxsize)) - 1
        if place < 0:
            return 1
        begin, line = self._places[place]
        return line + self.text.count("\n", begin, offset)


def _literal(text: str) -> str:
    return _LOOKS_LIKE_JINJA.sub("{{ '{' }}", text)


def _unused_mark(source: str) -> str:
    lowered = source.lower()
    return next(mark for mark in (f"zq{'x' * n}" for n in itertools.count()) if mark not in lowered)
