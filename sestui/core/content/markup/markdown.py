"""Convert Markdown bodies with Jinja tags around list items, table rows or paragraphs.

Tags such as ``{% for %}`` are taken out of the lines before Markdown reads them, and put back at
the same place in the HTML, between two items, rows or paragraphs. The result is the same as running
Markdown on each rendered mail, but Markdown runs only once.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

from sestui.core.content.markup.bare_addresses import with_links
from sestui.core.content.markup.block_tags import (
    Construct,
    Site,
    State,
    TagMark,
    rows_and_constructs,
)
from sestui.core.content.markup.block_tree import LISTS, Node, tree_of
from sestui.core.content.template.placeholders import Protected

_PLACED = "placed"
_PROTECTED = "protected"
_ROWS = "tbody_open"
_AS_WRITTEN = frozenset({"fence", "code_block", "html_block"})
"""Blocks whose contents Markdown copies as they are."""
_BLANK = re.compile(r"[ \t>]*")
_LOOP_INDEX = re.compile(r"\{\{\s*loop\.index\s*\}\}")
_ITEM = re.compile(r"[.)][ \t]")
_HTML_LINE = re.compile(r"\s*<")


def html_of(protected: Protected) -> str:
    """Convert to HTML; tags are still words, and ``{% %}`` between blocks are comments."""
    layout = _Layout(protected)
    while layout.adjusted():
        pass
    return str(
        markdown_parser().render(layout.text, {_PLACED: layout.placed, _PROTECTED: protected})
    )


@cache
def markdown_parser() -> MarkdownIt:
    """The Markdown parser for bodies."""
    # Authors may use HTML; recipients' attributes are escaped when they are filled in.
    parser = MarkdownIt("commonmark", {"html": True, "linkify": True})
    parser.enable(["table", "strikethrough", "linkify"])
    # Only full URLs become links, not README.md or "{{ name }}.It".
    assert parser.linkify is not None  # noqa: S101
    parser.linkify.set({"fuzzy_link": False})
    parser.core.ruler.after("block", "jinja_blocks", _put_back)
    parser.core.ruler.after("linkify", "bare_addresses", _link_addresses)
    return parser


def _put_back(state: StateCore) -> None:
    if _PLACED in state.env:
        state.tokens = state.env[_PLACED](state.tokens)


def _link_addresses(state: StateCore) -> None:
    if _PROTECTED in state.env:
        for token in state.tokens:
            if token.children:
                token.children = with_links(token.children, state.env[_PROTECTED])


@dataclass(order=True, slots=True)
class _Insertion:
    """HTML to insert before a token."""

    token: int
    rank: int
    """Lower ranks come first."""
    html: str = field(compare=False)


class _Layout:
    """The lines of a body, its tags, and where each tag goes."""

    def __init__(self, protected: Protected) -> None:
        self._protected = protected
        self._rows, self._constructs = rows_and_constructs(protected)
        self._lines: list[str] = []
        self._set_lines()

    @property
    def text(self) -> str:
        """The text for Markdown to parse."""
        return "\n".join(self._lines)

    def _set_lines(self) -> None:
        """Build the lines without the tags that are taken out."""
        lines: list[str] = []
        seen = 0
        open_line: str | None = None
        for number, row in enumerate(self._rows):
            mark = row.mark
            ends = not row.glued
            if mark is None:
                open_line = row.prefix + row.text if open_line is None else open_line + row.text
                following = self._rows[number + 1].mark if row.glued else None
                ends = ends or (following is not None and following.state is not State.INLINE)
            elif mark.state is State.INLINE:
                open_line = (row.prefix if open_line is None else open_line) + mark.word
            else:
                mark.place = seen
                if mark.state is State.BLANK:
                    lines.append(row.prefix.rstrip())
            if ends and open_line is not None:
                lines.append(_with_index(open_line, self._protected))
                seen += not _is_blank(open_line)
                open_line = None
        self._lines = lines

    def _tree(self, tokens: Sequence[Token]) -> Node:
        counts = [0]
        for line in self._lines:
            counts.append(counts[-1] + (not _is_blank(line)))
        return tree_of(tokens, counts)

    def adjusted(self) -> bool:
        """Change the text where a tag has no place yet; returns whether it has changed."""
        tokens: list[Token] = []
        parser = markdown_parser()
        parser.block.parse(self.text, parser, {}, tokens)
        root = self._tree(tokens)
        changed = False
        for construct in self._constructs:
            if not construct.inline:
                _settle(construct, root)
                changed |= self._adjust(construct, root)
        if changed:
            self._set_lines()
        return changed

    def _adjust(self, construct: Construct, root: Node) -> bool:
        """Add a blank line where only a tag separates blocks, or leave the tags in the text."""
        marks, parent = construct.marks, construct.parent
        parted = False
        for mark in marks:
            if mark.state is State.TAKEN and self._parts(construct, mark, root):
                mark.state = State.BLANK
                parted = True
        if parted:
            return True
        if parent is None:
            on_own_lines = all(mark.site is Site.OWN for mark in marks)
            leaves = [root.leaf_around(mark.place) for mark in marks]
            as_it_stands = any(leaf is not None and leaf.kind in _AS_WRITTEN for leaf in leaves)
            return (as_it_stands or not on_own_lines) and construct.stay_inline()
        if construct.loops and construct.joins_lines:
            body = parent.between(marks[0].place, marks[1].place)
            if {node.kind for node in body} == {"paragraph_open"}:
                return construct.stay_inline()
        return False

    def _parts(self, construct: Construct, mark: TagMark, root: Node) -> bool:
        """Whether a tag divides what Markdown takes for one block."""
        ends_loop = construct.loops and mark is construct.marks[-1] and mark.site is Site.LEAD
        if mark.site is not Site.OWN and not ends_loop:
            return False
        following = self._text_behind(mark)
        leaf = root.leaf_around(mark.place)
        if leaf is not None:
            paragraph = leaf.kind in {"paragraph_open", "heading_open"}
            return paragraph or (leaf.kind == "html_block" and not _HTML_LINE.match(following))
        # Any following line continues a table.
        inside = (node.begin < mark.place < node.end for node in root.walk() if node.kind == _ROWS)
        return "|" not in following and any(inside)

    def _text_behind(self, mark: TagMark) -> str:
        numbers = (number for number, row in enumerate(self._rows) if row.mark is mark)
        behind = self._rows[next(numbers) :]
        return next((row.text for row in behind if row.mark is None and row.text.strip()), "")

    def placed(self, tokens: Sequence[Token]) -> list[Token]:
        """The tokens with the tags put back between them."""
        root = self._tree(tokens)
        insertions: list[_Insertion] = []
        for construct in self._constructs:
            if construct.inline:
                continue
            _settle(construct, root)
            if construct.repeats is not None and construct.repeats.kind in LISTS:
                insertions += self._around_list(construct, construct.repeats)
                continue
            for mark in construct.marks:
                parent = (
                    construct.repeats
                    or construct.parent
                    or root.around([mark.place], mark.quotes)
                    or root
                )
                insertions.append(_insertion(mark, parent))
        insertions += self._numbers(root, insertions)
        for token in tokens:
            if token.type in _AS_WRITTEN:
                token.content = self._protected.without_own_lines(token.content)
        return list(_inserted(tokens, sorted(insertions)))

    def _around_list(self, construct: Construct, node: Node) -> Iterator[_Insertion]:
        """Put a loop around all items of a list; without an iteration there is no list."""
        opening, closing, *others = construct.marks
        if not others:
            yield from self._unless_empty(construct, node)
            return
        # The loop has an ``else``, which is not part of the list, so the list can't surround the
        # loop.
        first = _comment(self._protected.added("{% if loop.first %}"))
        last = _comment(self._protected.added("{% if loop.last %}"))
        end = _comment(self._protected.added("{% endif %}"))
        begins, ends = opening.number, closing.number
        yield _Insertion(node.open, begins, _comment(opening.word) + first)
        yield _Insertion(node.open + 1, begins, end)
        yield _Insertion(node.close, ends, last)
        yield _Insertion(node.close + 1, ends, end + _comment(closing.word))
        assert construct.parent is not None  # noqa: S101 - repeats is only set along with parent
        yield from (_insertion(mark, construct.parent) for mark in others)

    def _unless_empty(self, construct: Construct, node: Node) -> Iterator[_Insertion]:
        """Put the loop inside its list, and drop the list if it is empty.

        That renders faster than testing ``loop.first`` and ``loop.last`` in each iteration.
        """
        opening, closing = construct.marks
        name = f"{self._protected.mark}l{opening.number}"
        setting = f"{{% set {name} %}}"
        shown = f"{{{{ {name}|_as_it_is }}}}{{% endif %}}"
        in_html = f"{{% endset %}}{{% if '<li' in {name} %}}{shown}"
        in_text = f"{{% endset %}}{{% if {name}|trim %}}{shown}"
        before = _comment(self._protected.added(setting))
        behind = _comment(self._protected.added(in_html, in_text))
        yield _Insertion(node.open, opening.number, before)
        yield _insertion(opening, node)
        yield _insertion(closing, node)
        yield _Insertion(node.close + 1, closing.number, behind)

    def _numbers(self, root: Node, insertions: list[_Insertion]) -> Iterator[_Insertion]:
        """Item numbers for the text part of lists whose items come from loops or conditions."""
        lists = [node for node in root.walk() if node.kind == "ordered_list_open"]
        for number, node in enumerate(lists):
            if not any(node.open <= each.token <= node.close for each in insertions):
                continue
            name = f"{self._protected.mark}n{number}"
            setting = f"{{% set {name} = namespace(n={node.start - 1}) %}}"
            yield _Insertion(node.open, -1, _comment(self._protected.added("", setting)))
            counting = f"{{% set {name}.n = {name}.n + 1 %}}{{{{ {name}.n }}}}"
            for item in node.children:
                word = self._protected.added("", counting, counts=True)
                yield _Insertion(item.open + 1, -1, _comment(word))


def _settle(construct: Construct, root: Node) -> None:
    """Find the block into which a construct's tags go."""
    places = [mark.place for mark in construct.marks]
    outer = construct.outer
    within = [outer.repeats, outer.parent] if outer is not None else []
    quotes = min(mark.quotes for mark in construct.marks)
    found = (node.around(places, quotes) for node in (*within, root) if node is not None)
    parent = next((node for node in found if node is not None), None)
    construct.parent, construct.repeats = parent, None
    if construct.loops and parent is not None and len(places) > 1:
        body = parent.between(places[0], places[1])
        if len(body) == 1 and body[0].kind in {*LISTS, _ROWS}:
            # The iterations together are one list or table.
            construct.repeats = body[0]


def _insertion(mark: TagMark, parent: Node) -> _Insertion:
    return _Insertion(parent.token_at(mark.place), mark.number, _comment(mark.word))


def _inserted(tokens: Sequence[Token], insertions: list[_Insertion]) -> Iterator[Token]:
    waiting = iter(insertions)
    following = next(waiting, None)
    for number in range(len(tokens) + 1):
        while following is not None and following.token <= number:
            yield Token("html_block", "", 0, content=following.html)
            following = next(waiting, None)
        if number < len(tokens):
            yield tokens[number]


def _comment(word: str) -> str:
    return f"<!--{word}-->"


def _is_blank(line: str) -> bool:
    return _BLANK.fullmatch(line) is not None


def _with_index(line: str, protected: Protected) -> str:
    """Turn ``{{ loop.index }}. Tea`` into an item of a numbered list."""
    words = protected.words(line)
    if words and words[0].prints and _BLANK.fullmatch(line, 0, words[0].begin):
        behind = line[words[0].end :]
        if _LOOP_INDEX.fullmatch(words[0].source) and _ITEM.match(behind):
            return f"{line[: words[0].begin]}1{behind}"
    return line
