"""The blocks of a Markdown text as a tree, to find where a tag may stand between them.

A *place* is a position between lines: the number of non-blank lines before it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from markdown_it.token import Token

LISTS = frozenset({"bullet_list_open", "ordered_list_open"})


@dataclass(slots=True, eq=False)
class Node:
    """A block from place ``begin`` to ``end``, with tokens ``open`` to ``close``."""

    kind: str
    """The type of its first token; ``root`` for the whole text."""
    begin: int
    end: int
    open: int
    close: int
    start: int = 1
    """The first number of an ordered list."""
    quotes: int = 0
    """Depth of block quotes, itself included."""
    children: list["Node"] = field(default_factory=list)

    def gap(self, place: int) -> int | None:
        """The number of children before ``place``; None if it is not between children."""
        if not self.begin <= place <= self.end or self.kind in {"inline", "tr_open"}:
            return None
        before = sum(child.end <= place and child.begin < place for child in self.children)
        if before < len(self.children) and self.children[before].begin < place:
            return None
        return before if self.children or self.kind == "root" else None

    def around(self, places: Sequence[int], quotes: int) -> "Node | None":
        """The outermost block with all ``places`` between its children, ``quotes`` deep."""
        if self.quotes >= quotes and all(self.gap(place) is not None for place in places):
            return self
        for child in self.children:
            if child.begin <= places[0] and places[-1] <= child.end:
                found = child.around(places, quotes)
                if found is not None:
                    return found
        return None

    def between(self, first: int, last: int) -> list["Node"]:
        """The children between two places."""
        return self.children[self.gap(first) : self.gap(last)]

    def token_at(self, place: int) -> int:
        """The index of the token that follows ``place``."""
        gap = self.gap(place)
        if gap is None or gap == len(self.children):
            return self.close
        return self.children[gap].open

    def leaf_around(self, place: int) -> "Node | None":
        """The childless block that ``place`` divides; None if there is none."""
        for child in self.children:
            if child.begin < place < child.end:
                return child.leaf_around(place)
        return None if self.kind == "root" or self.children else self

    def walk(self) -> Iterator["Node"]:
        """This block and its descendants, in order."""
        yield self
        for child in self.children:
            yield from child.walk()


def tree_of(tokens: Sequence[Token], counts: Sequence[int]) -> Node:
    """Build the tree; ``counts[n]`` is the number of non-blank lines before line n."""
    root = Node("root", 0, counts[-1], 0, len(tokens))
    stack = [root]
    for number, token in enumerate(tokens):
        if token.nesting < 0:
            stack.pop().close = number
            continue
        if token.map is None or token.type == "inline":
            if token.nesting > 0:  # a table cell; its row is one line
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
