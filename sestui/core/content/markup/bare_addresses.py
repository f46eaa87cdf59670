"""Make links of ``{{ unsubscribe_url }}`` and the like, where they stand as text in Markdown.

A URL in the text becomes a link by itself, but these have no URL before they are filled in.
"""

import re
from collections.abc import Iterator, Sequence

from markdown_it.common.utils import isLinkClose, isLinkOpen
from markdown_it.token import Token

from sestui.core.content.template.placeholders import Protected

_ADDRESS = re.compile(r"\{\{[-+]?\s*(?:unsubscribe_url|view_url)\s*[-+]?\}\}")
_PART_OF_ADDRESS = re.compile(r"[\w/=?&#%@~+]")


def with_links(tokens: Sequence[Token], protected: Protected) -> list[Token]:
    """A line's tokens with links around addresses that are neither in one nor part of one."""
    found: list[Token] = []
    links = 0
    for token in tokens:
        if token.type == "html_inline":
            links += isLinkOpen(token.content)
            links -= isLinkClose(token.content)
        elif token.type in {"link_open", "link_close"}:
            links += token.nesting
        if token.type == "text" and links <= 0 and protected.has_tag(token.content):
            found += _linked(token, protected)
        else:
            found.append(token)
    return found


def _linked(token: Token, protected: Protected) -> Iterator[Token]:
    text, at = token.content, 0
    words = protected.words(text)
    # ``{% if x %}`` before an address or behind it prints nothing.
    silent = {edge for word in words if not word.prints for edge in (word.begin, word.end)}
    for word in words:
        around = [(word.begin, word.begin - 1), (word.end, word.end)]
        if not _ADDRESS.fullmatch(word.source) or any(
            edge not in silent and sign >= 0 and _PART_OF_ADDRESS.match(text, sign)
            for edge, sign in around
        ):
            continue
        address = text[word.begin : word.end]
        if word.begin > at:
            yield _text(text[at : word.begin], token.level)
        yield Token("link_open", "a", 1, attrs={"href": address}, level=token.level)
        yield _text(address, token.level + 1)
        yield Token("link_close", "a", -1, level=token.level)
        at = word.end
    if at < len(text):
        yield _text(text[at:], token.level)


def _text(content: str, level: int) -> Token:
    return Token("text", "", 0, content=content, level=level)
