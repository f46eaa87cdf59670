"""The ``{% %}`` tags of a Markdown body, cut out of its lines and told what belongs together."""

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
    """Where a tag stands in its line."""

    OWN = "own"
    """Nothing but such tags are in it."""
    LEAD = "lead"
    """Before the line's text."""
    TRAIL = "trail"
    """Behind it."""
    INSIDE = "inside"


class State(StrEnum):
    """What Markdown gets to see of a tag."""

    TAKEN = "taken"
    """Nothing: it is put back afterwards."""
    BLANK = "blank"
    """A blank line, so that what stands before and behind it is not one paragraph."""
    INLINE = "inline"
    """Its word, as part of the text."""


@dataclass(slots=True, eq=False)
class TagMark:
    """One ``{% %}`` or ``{# #}`` of the body."""

    number: int
    word: str
    name: str
    """``for``, ``endif`` and so on; '' for a comment."""
    opens: bool
    """Whether another tag has to close what it begins."""
    line: int
    site: Site
    quotes: int
    """How many block quotes its line is in."""
    state: State = State.TAKEN
    place: int = 0
    """How many lines that aren't blank stand before it, of those that Markdown sees."""


@dataclass(slots=True, eq=False)
class Construct:
    """A tag with what belongs to it: ``if``, ``elif``, ``else`` and ``endif``, say."""

    marks: list[TagMark]
    outer: "Construct | None"
    parent: Node | None = None
    """The block between whose children they are put back; None: there is none for all of them."""
    repeats: Node | None = None
    """The list or the rows of a table that a loop makes whole: its rounds are within."""

    @property
    def loops(self) -> bool:
        """Whether it is a ``for``."""
        return self.marks[0].name == "for"

    @property
    def on_one_line(self) -> bool:
        """Whether it begins and ends within a line that holds text, too."""
        return self.marks[0].line == self.marks[-1].line and self.marks[0].site is not Site.OWN

    @property
    def inline(self) -> bool:
        """Whether it is left in the text."""
        return self.marks[0].state is State.INLINE

    @property
    def joins_lines(self) -> bool:
        """Whether its rounds follow each other without a blank line."""
        opening, closing = self.marks[0].site, self.marks[-1].site
        return not (opening in {Site.OWN, Site.TRAIL} and closing in {Site.OWN, Site.LEAD})

    def stay_inline(self) -> bool:
        """Leave it in the text; whether that is new."""
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
    """What makes it part of quotes and lists: ``> `` or blanks."""
    glued: bool
    """Whether the next row stands in the same line."""


def rows_and_constructs(protected: Protected) -> tuple[list[Row], list[Construct]]:
    """The lines of a body cut at the tags that may stand between blocks; outer constructs first."""
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
    """What a line begins with that makes it part of a quote or an item."""
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
    """Whether it stands in the middle of text, by its tags alone."""
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
