"""Render parsed Handlebars templates with a mail's data; strict as SES, and bounded."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from sestui.core.text import encodable
from sestui.simulator.templates.handlebars import Block, Inline, Node, Partial, Path, Value, parse

_DEEPEST = 200
"""The deepest nesting of blocks and partials in a mail."""
_MOST_PARTS = 100_000
"""The most nodes rendered for a mail, far above a real one's."""
_LONGEST = 10_000_000
"""Characters of a mail's part."""

_ESCAPES = str.maketrans(
    {
        "&": "&amp;",
        "<": "&lt;",
        ">": "&gt;",
        '"': "&quot;",
        "'": "&#x27;",
        "`": "&#x60;",
        "=": "&#x3D;",
    }
)


class RenderingError(Exception):
    """The template can't be rendered; SES then accepts the mail and never delivers it."""


class MissingVariableError(RenderingError):
    """The data lacks a name that the template uses."""

    def __init__(self, name: str) -> None:
        super().__init__(f"Attribute '{name}' is not present in the rendering data.")
        self.name = name


@dataclass(frozen=True, slots=True)
class _Scope:
    value: object
    parent: "_Scope | None" = None
    private: dict[str, object] = field(default_factory=dict)

    def below(self, value: object, **private: object) -> "_Scope":
        return _Scope(value, self, {**self.private, **private})


def render(template: str, data: dict[str, Any], *, escape: bool) -> str:
    """Render ``template``; ``escape`` is for ``{{x}}`` in HTML, ``{{{x}}}`` is never escaped.

    Raises:
        HandlebarsError: it can't be parsed.
        RenderingError: the result is far larger than a mail.
        MissingVariableError: it uses a name that ``data`` lacks.
    """
    return _Renderer(escape=escape).rendered(parse(template), _Scope(data, None, {"root": data}))


def text_of(value: object) -> str:
    """A value of the data as text, by JavaScript's rules."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ",".join(map(text_of, _leaves(value)))
    return "[object Object]" if isinstance(value, dict) else encodable(str(value))


def _leaves(value: list[object]) -> Iterator[object]:
    """The items of nested lists; an empty list yields None."""
    waiting = value[::-1]
    while waiting:
        item = waiting.pop()
        if isinstance(item, list):
            waiting += item[::-1] or [None]
        else:
            yield item


def escaped(text: str) -> str:
    """``text`` escaped for HTML."""
    return text.translate(_ESCAPES)


_MISSING = object()
_INDEX = re.compile(r"[0-9]{1,9}").fullmatch


class _Renderer:
    """Renders one template."""

    def __init__(self, *, escape: bool) -> None:
        self._escape = escape
        self._partials: dict[str, list[Node]] = {}
        self._depth = 0
        self._parts = self._characters = 0

    def rendered(self, nodes: Iterable[Node], scope: _Scope) -> str:
        return "".join(self._pieces(nodes, scope))

    def _pieces(self, nodes: Iterable[Node], scope: _Scope) -> Iterator[str]:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise RenderingError(f"Blocks and partials are nested more than {_DEEPEST} deep.")
        for node in nodes:
            self._count(parts=1)
            if isinstance(node, str):
                yield self._counted(node)
            elif isinstance(node, Value):
                value = text_of(_present(node.path, scope))
                yield self._counted(escaped(value) if self._escape and node.escaped else value)
            elif isinstance(node, Block):
                yield from self._block(node, scope)
            elif isinstance(node, Inline):
                self._partials[node.name] = node.main
            else:
                yield from self._partial(node, scope)
        self._depth -= 1

    def _counted(self, text: str) -> str:
        self._count(characters=len(text))
        return text

    def _count(self, *, parts: int = 0, characters: int = 0) -> None:
        self._parts += parts
        self._characters += characters
        if self._parts > _MOST_PARTS or self._characters > _LONGEST:
            raise RenderingError(
                f"It yields more than {_LONGEST} characters, or is made of more than {_MOST_PARTS} "
                "parts."
            )

    def _block(self, block: Block, scope: _Scope) -> Iterator[str]:
        value = _looked_up(block.path, scope)
        if block.kind in {"unless", "inverted"}:
            yield from self._pieces(block.other if _is_true(value) else block.main, scope)
        elif not _is_true(value):
            yield from self._pieces(block.other, scope)
        elif block.kind == "if" or (block.kind == "section" and value is True):
            yield from self._pieces(block.main, scope)
        elif block.kind == "with" or (block.kind == "section" and not isinstance(value, list)):
            yield from self._pieces(block.main, scope.below(value))
        else:
            yield from self._each(block, scope, value)

    def _each(self, block: Block, scope: _Scope, value: object) -> Iterator[str]:
        items: list[tuple[object, object]] = []
        if isinstance(value, (list, dict)):
            self._count(parts=len(value))
        if isinstance(value, list):
            items = list(enumerate(value))
        elif isinstance(value, dict):
            items = list(value.items())
        for index, (key, item) in enumerate(items):
            inner = scope.below(
                item, index=index, key=key, first=index == 0, last=index == len(items) - 1
            )
            yield from self._pieces(block.main, inner)
        if not items:
            yield from self._pieces(block.other, scope)

    def _partial(self, node: Partial, scope: _Scope) -> Iterator[str]:
        nodes = self._partials.get(node.name)
        if nodes is None:
            raise MissingVariableError(node.name)
        inner = scope if node.context is None else scope.below(_present(node.context, scope))
        yield from self._pieces(nodes, inner)


def _is_true(value: object) -> bool:
    """Handlebars' truth: an empty object is true, an empty list isn't."""
    return value is not _MISSING and (bool(value) or isinstance(value, dict))


def _present(path: Path, scope: _Scope) -> object:
    value = _looked_up(path, scope)
    if value is _MISSING:
        raise MissingVariableError(path.written)
    return value


def _looked_up(path: Path, scope: _Scope) -> object:
    for _ in range(path.ups):
        if scope.parent is None:
            return _MISSING
        scope = scope.parent
    found: object = scope.private if path.private else scope.value
    for part in path.parts:
        if isinstance(found, dict) and part in found:
            found = found[part]
        elif isinstance(found, list) and _INDEX(part) and int(part) < len(found):
            found = found[int(part)]
        else:
            return _MISSING
    return found
