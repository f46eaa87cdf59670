"""The blocks of a Markdown text as a tree that knows between which of its lines a tag may stand.

Lines are counted without blank ones, so that neighbours touch: a *place* is the number of lines
before it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from markdown_it.token import Token

LISTS = frozenset({"bullet_list_open", "ordered_list_open"})


@dataclass(slots=True, eq=False)
class Node:
    """A block: from place ``begin`` to place ``end``, tokens ``open`` to ``close``."""

    kind: str
    """The type of its first token, ``root`` for the whole."""
    begin: int
    end: int
    open: int
    close: int
    start: int = 1
    """The first number of an ordered list."""
    quotes: int = 0
    """How many block quotes it is in; one counts itself."""
    children: list["Node"] = field(default_factory=list)

    def gap(self, place: int) -> int | None:
        """The number of children before ``place``; None if it is within one of them, or outside."""
        if not self.begin <= place <= self.end or self.kind in {"inline", "tr_open"}:
            return None
        before = sum(child.end <= place and child.begin < place for child in self.children)
        if before < len(self.children) and self.children[before].begin < place:
            return None
        return before if self.children or self.kind == "root" else None

    def around(self, places: Sequence[int], quotes: int) -> "Node | None":
        """The outermost block between whose children all ``places`` are, so deep in quotes."""
        if self.quotes >= quotes and all(self.gap(place) is not None for place in places):
            return self
        for child in self.children:
            if child.begin <= places[0] and places[-1] <= child.end:
                found = child.around(places, quotes)
                if found is not None:
                    return found
        return None

    def between(self, first: int, last: int) -> list["Node"]:
        """The children between two places that are gaps."""
        return self.children[self.gap(first) : self.gap(last)]

    def token_at(self, place: int) -> int:
        """The number of the token before which a gap is."""
        gap = self.gap(place)
        if gap is None or gap == len(self.children):
            return self.close
        return self.children[gap].open

    def leaf_around(self, place: int) -> "Node | None":
        """The block without children of which some lines are before ``place`` and some behind."""
        for child in self.children:
            if child.begin < place < child.end:
                return child.leaf_around(place)
        return None if self.kind == "root" or self.children else self

    def walk(self) -> Iterator["Node"]:
        """This block and all in it, in order."""
        yield self
        for child in self.children:
            yield from child.walk()


def tree_of(tokens: Sequence[Token], counts: Sequence[int]) -> Node:
    """The tree of a text's tokens; ``counts[n]`` lines before line n are not blank."""
    root = Node("root", 0, counts[-1], 0, len(tokens))
    stack = [root]
    for number, token in enumerate(tokens):
        if token.nesting < 0:
            stack.pop().close = number
            continue
        if token.map is None or token.type == "inline":
            if token.nesting > 0:  # a cell: its row is the least that a line can be
                stack.append(Node(token.type, 0, 0, number, number, quotes=stack[-1].quotes))
            continue
        begin, end = (counts[min(line, len(counts) - 1)] for line in token.map)
        start = int(token.attrs.get("start", 1))
        quotes = stack[-1].quotes + (token.type == "blockquote_open")
        node = Node(token.type, begin, end, number, number, start, quotes)
        stack[-1].children.append(node)
        if token.nesting > 0:
            stack.append(node)
    return root
