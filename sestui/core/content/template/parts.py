"""Split a part of a message (subject, HTML, text) into constant and variable pieces."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from jinja2 import Template, nodes
from jinja2.runtime import Context

from sestui.core.content.message import TemplateError
from sestui.core.content.template.sandbox import compiled, parsed

NOT_TEXT = "a value holds characters that are not text"
_SEPARATOR = "\ud800"
"""Separates pieces in rendered text: a lone surrogate, which no mail can hold."""

_Token = str | nodes.Node


class MessagePart:
    """A template split at its top level; only its variable pieces are rendered for each recipient.

    A piece stands between two constant texts: an expression, a whole ``if`` or ``for``, or several
    in a row.

    Args:
        source: the template.
        where: the part's name in errors.
        html: render with autoescape.
        written: the author's own templates, to find the line of an error.
        ending: if given, the whole is stripped and this is added to its end.

    Raises:
        TemplateError: as :func:`sestui.core.content.template.sandbox.compiled`.
    """

    def __init__(
        self,
        source: str,
        where: str,
        *,
        html: bool,
        written: tuple[tuple[str, Template], ...],
        ending: str | None = None,
    ) -> None:
        tree = parsed(source, where, html=html)
        tokens = list(_tokens(tree))
        constants, pieces = _grouped(tokens if ending is None else _with_blanks_in_pieces(tokens))
        self._strips_first = ending is not None and not constants[0]
        self._strips_last = ending is not None and not constants[-1]
        constants[-1] += ending or ""
        self.constants = tuple(constants)
        """The texts around the pieces, one more than there are pieces."""
        self.written = written
        self._interleaved = [""] * (2 * len(pieces) + 1)
        self._interleaved[::2] = constants
        self._count = len(pieces)
        tree.body = [node for piece in pieces for node in (_text(_SEPARATOR), *piece)][1:]
        self._template = compiled(tree, where, html=html)

    def pieces(self, names: dict[str, Any]) -> list[str]:
        """Render the pieces for one recipient; ``names`` are all of the template's variables.

        Raises:
            TemplateError: a value holds a lone surrogate.
            Exception: whatever the template's expressions raise.
        """
        if not self._count:
            return []
        template = self._template
        # Like Template.render, but without copying the names.
        context = Context(template.environment, names, template.name, template.blocks)
        pieces = "".join(template.root_render_func(context)).split(_SEPARATOR)
        if len(pieces) != self._count:
            raise TemplateError("", None, NOT_TEXT)
        if self._strips_first:
            pieces[0] = pieces[0].lstrip()
        if self._strips_last:
            pieces[-1] = pieces[-1].rstrip()
        return pieces

    def whole(self, pieces: Sequence[str]) -> str:
        """The part with its pieces filled in."""
        texts = self._interleaved.copy()
        texts[1::2] = pieces
        return "".join(texts)


def _tokens(tree: nodes.Template) -> Iterator[_Token]:
    """Constant texts, and everything else as separate statements."""
    for node in tree.body:
        if not isinstance(node, nodes.Output):
            yield node
            continue
        for child in node.nodes:
            if isinstance(child, nodes.TemplateData):
                yield child.data
            else:
                yield nodes.Output([child], lineno=child.lineno)


def _with_blanks_in_pieces(tokens: list[_Token]) -> list[_Token]:
    """Move blanks at the beginning and end of the template into the pieces there.

    Such a piece may be empty for some recipient, and then the blanks beside it must be stripped
    too.
    """
    solid = [i for i, token in enumerate(tokens) if isinstance(token, str) and token.strip()]
    if not solid:
        return _as_piece(tokens)
    first, last = solid[0], solid[-1]
    middle = tokens[first : last + 1]
    start, end = str(middle[0]), str(middle[-1])
    before = start[: len(start) - len(start.lstrip())]
    after = end[len(end.rstrip()) :]
    middle[0] = start.lstrip()
    middle[-1] = str(middle[-1]).rstrip()
    return [
        *_as_piece([*tokens[:first], before]),
        *middle,
        *_as_piece([after, *tokens[last + 1 :]]),
    ]


def _as_piece(tokens: list[_Token]) -> list[_Token]:
    """``tokens`` with blanks as statements; empty if there are only blanks."""
    if all(isinstance(token, str) for token in tokens):
        return []
    return [_text(token) if isinstance(token, str) else token for token in tokens if token]


def _grouped(tokens: Iterable[_Token]) -> tuple[list[str], list[list[nodes.Node]]]:
    """Group tokens into constants and the pieces between them."""
    constants, pieces = [""], list[list[nodes.Node]]()
    for token in tokens:
        if isinstance(token, str):
            constants[-1] += token
        elif pieces and not constants[-1]:
            pieces[-1].append(token)
        else:
            pieces.append([token])
            constants.append("")
    return constants, pieces


def _text(text: str) -> nodes.Output:
    return nodes.Output([nodes.TemplateData(text, lineno=1)], lineno=1)
