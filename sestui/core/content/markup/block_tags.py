"""Find the ``{% %}`` tags between the blocks of a Markdown body, and match them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from sestui.core.content.markup.block_tree import Node
from sestui.core.content.template.placeholders import Protected, Word

_MIDDLES = frozenset({"else", "elif"})
_CONTAINERS = re.compile(r"[ \t>]*")
_BEGINS_BLOCK = re.compile(r"\s*(?:(?:[-+*]|\d{1,9}[.)]|#{1,6})\s|>|\||```|~~~)")


class Site(StrEnum):
    """A tag's position on its line."""

    OWN = "own"
    """The line holds only such tags."""
    LEAD = "lead"
    """Before the line's text."""
    TRAIL = "trail"
    """After the line's text."""
    INSIDE = "inside"


class State(StrEnum):
    """What Markdown sees of a tag."""

    TAKEN = "taken"
    """Nothing; the tag is put back afterwards."""
    BLANK = "blank"
    """A blank line, which separates the paragraphs around it."""
    INLINE = "inline"
    """The tag's word, as part of the text."""


@dataclass(slots=True, eq=False)
class TagMark:
    """One ``{% %}`` or ``{# #}`` of the body."""

    number: int
    word: str
    name: str
    """``for``, ``endif`` and so on; '' for a comment."""
    opens: bool
    """Whether it needs a closing tag."""
    line: int
    site: Site
    quotes: int
    """Depth of block quotes at its line."""
    state: State = State.TAKEN
    place: int = 0
    """Number of non-blank lines before it, as Markdown sees them."""


@dataclass(slots=True, eq=False)
class Construct:
    """Tags that belong together, such as ``if``, ``elif``, ``else`` and ``endif``."""

    marks: list[TagMark]
    outer: "Construct | None"
    parent: Node | None = None
    """The block between whose children all of them are put back; None if there is none."""
    repeats: Node | None = None
    """The list or table body whose items or rows the loop repeats."""

    @property
    def loops(self) -> bool:
        """Whether it is a ``for`` loop."""
        return self.marks[0].name == "for"

    @property
    def on_one_line(self) -> bool:
        """Whether it begins and ends on one line that also holds text."""
        return self.marks[0].line == self.marks[-1].line and self.marks[0].site is not Site.OWN

    @property
    def inline(self) -> bool:
        """Whether its tags are left in the text."""
        return self.marks[0].state is State.INLINE

    @property
    def joins_lines(self) -> bool:
        """Whether its iterations follow each other without a blank line."""
        opening, closing = self.marks[0].site, self.marks[-1].site
        return not (opening in {Site.OWN, Site.TRAIL} and closing in {Site.OWN, Site.LEAD})

    def stay_inline(self) -> bool:
        """Leave its tags in the text; returns whether that changes anything."""
        new = any(mark.state is not State.INLINE for mark in self.marks)
        for mark in self.marks:
            mark.state = State.INLINE
        return new


@dataclass(slots=True)
class Row:
    """A piece of a line: text, or one tag."""

    text: str
    """'' for a tag."""
    mark: TagMark | None
    prefix: str
    """The quote marks or indentation before it."""
    glued: bool
    """Whether the next row is on the same line."""


def rows_and_constructs(protected: Protected) -> tuple[list[Row], list[Construct]]:
    """Split a body's lines at tags that may stand between blocks; outer constructs come first."""
    lines = protected.text.split("\n")
    words = [protected.words(line) for line in lines]
    marks: list[TagMark] = []
    places: list[list[tuple[Word, TagMark]]] = []
    for number, line in enumerate(lines):
        placed = []
        quotes = _prefix(line).count(">")
        blocks = [word for word in words[number] if not word.prints]
        for word, site in zip(blocks, _sites(line, blocks), strict=True):
            text = line[word.begin : word.end]
            mark = TagMark(len(marks), text, word.name, word.opens, number, site, quotes)
            marks.append(mark)
            placed.append((word, mark))
        places.append(placed)
    constructs = _constructs(marks)
    for construct in constructs:
        if _has_to_stay(construct, lines, places):
            construct.stay_inline()
    rows = [row for line, placed in zip(lines, places, strict=True) for row in _rows(line, placed)]
    return rows, constructs


def _prefix(line: str) -> str:
    """The line's quote marks and indentation."""
    found = _CONTAINERS.match(line)
    return found[0] if found else ""


def _sites(line: str, blocks: list[Word]) -> list[Site]:
    lead = len(_prefix(line))
    sites = [Site.INSIDE] * len(blocks)
    last = len(line)
    for number in reversed(range(len(blocks))):
        if line[blocks[number].end : last].strip():
            break
        sites[number], last = Site.TRAIL, blocks[number].begin
    for number, word in enumerate(blocks):
        if line[lead : word.begin].strip():
            break
        own = sites[number] is Site.TRAIL
        sites[number], lead = Site.OWN if own else Site.LEAD, word.end
    return sites


def _constructs(marks: list[TagMark]) -> list[Construct]:
    found: list[Construct] = []
    stack: list[Construct] = []
    for mark in marks:
        outer = stack[-1] if stack else None
        if mark.name in _MIDDLES or mark.name.startswith("end"):
            if outer is not None:
                outer.marks.append(mark)
                if mark.name not in _MIDDLES:
                    stack.pop()
            continue
        found.append(Construct([mark], outer))
        if mark.opens:
            stack.append(found[-1])
    return found


def _has_to_stay(
    construct: Construct, lines: list[str], places: list[list[tuple[Word, TagMark]]]
) -> bool:
    """Whether its tags must stay in the text, judging by the tags alone."""
    marks = construct.marks
    outer = construct.outer
    if outer is not None and outer.inline and outer.on_one_line:
        return True
    if len(marks) == 1:
        return marks[0].site is Site.INSIDE
    if not construct.on_one_line:
        return any(mark.site is Site.INSIDE for mark in marks)
    ends = (marks[0].site, marks[-1].site)
    if construct.marks[0].name != "if" or ends != (Site.LEAD, Site.TRAIL):
        return True
    line, of_line = lines[marks[0].line], {id(mark): word for word, mark in places[marks[0].line]}
    branches = [line[of_line[id(mark)].end :] for mark in marks[:-1]]
    return len(branches) > 1 and not any(map(_BEGINS_BLOCK.match, branches))


def _rows(line: str, placed: list[tuple[Word, TagMark]]) -> Iterator[Row]:
    prefix = _prefix(line)
    at = len(prefix)
    rows: list[Row] = []
    for word, mark in placed:
        if mark.state is State.INLINE:
            continue
        before = line[at : word.begin]
        if before.strip():
            rows.append(Row(before, None, prefix, glued=True))
        rows.append(Row("", mark, prefix, glued=True))
        at = word.end
    if not rows or line[at:].strip():
        rows.append(Row(line[at:], None, prefix, glued=True))
    rows[-1].glued = False
    yield from rows
