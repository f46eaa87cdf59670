"""Handlebars, as far as SES's stored templates use it, and strict as SES: nothing may be missing.

Substitutions, ``if``, ``unless``, ``each``, ``with``, sections, inline partials, ``else``,
``this``, ``../``, ``@index``, ``@key``, ``@first``, ``@last``, ``@root``. Of the libraries for it,
pybars3 makes Python code of templates and has not been kept up, chevron knows Mustache only, and
neither can tell a missing attribute from an empty one.

https://docs.aws.amazon.com/ses/latest/dg/send-personalized-email-advanced.html
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

_MOST_NESTED = 50
"""Blocks within blocks, and partials within partials."""

_TAG = re.compile(
    r"(?P<escaped>\\?)\{\{(?:\{(?P<left3>~?)(?P<raw>[^{}]*?)(?P<right3>~?)\}"
    r"|(?P<left>~?)(?P<tag>!--.*?--|[^{}]*?)(?P<right>~?))\}\}",
    re.DOTALL,
)
_SEGMENT = r"(?:[^\s!\"#%&'()*+,./;<=>@\[\\\]^`{|}~]+|\[[^\]]*\])"
_HELPERS = frozenset({"if", "unless", "each", "with"})
_SEGMENTS = re.compile(_SEGMENT)
_DOTTED = re.compile(rf"{_SEGMENT}(?:[./]{_SEGMENT})*")
_INLINE = re.compile(r"#\s*\*\s*inline\s+[\"']([^\"']+)[\"']")
_BLOCK = re.compile(r"#\s*(if|unless|each|with)\s+(\S+)")
_CHAIN = re.compile(r"else\s+(if|unless|each|with)\s+(\S+)")
_PARTIAL = re.compile(r">\s*([^\s]+)(?:\s+(\S+))?")
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


class MissingVariableError(Exception):
    """The data lacks a name the template uses; SES then accepts the mail and never delivers it."""

    def __init__(self, name: str) -> None:
        super().__init__(f"Attribute '{name}' is not present in the rendering data.")
        self.name = name


class TemplateError(ValueError):
    """The template is no Handlebars; the text says why."""


@dataclass(frozen=True, slots=True)
class _Path:
    written: str
    private: bool
    """One of ``@index`` and so on."""
    ups: int
    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Value:
    path: _Path
    escaped: bool


@dataclass(frozen=True, slots=True)
class _Block:
    kind: str
    """``if``, ``unless``, ``each``, ``with``; ``section`` and ``inverted`` for bare names."""
    path: _Path
    main: "list[_Node]" = field(default_factory=list)
    other: "list[_Node]" = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Inline:
    name: str
    main: "list[_Node]" = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Partial:
    name: str
    context: _Path | None


_Node = str | _Value | _Block | _Inline | _Partial


@dataclass(frozen=True, slots=True)
class _Scope:
    value: object
    parent: "_Scope | None" = None
    private: dict[str, object] = field(default_factory=dict)

    def below(self, value: object, **private: object) -> "_Scope":
        return _Scope(value, self, {**self.private, **private})


def render(template: str, data: dict[str, Any], *, escape: bool) -> str:
    """``template`` with ``data``; ``{{x}}`` is escaped for HTML if asked, ``{{{x}}}`` never is.

    Raises:
        TemplateError: it can't be parsed.
        MissingVariableError: it uses a name that ``data`` lacks.
    """
    return _Renderer(escape=escape).rendered(parse(template), _Scope(data, None, {"root": data}))


def text_of(value: object) -> str:
    """A value of the data as it stands in a mail."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ",".join(text_of(each) for each in value)
    return "[object Object]" if isinstance(value, dict) else str(value)


def escaped(text: str) -> str:
    """``text`` as HTML shows it."""
    return text.translate(_ESCAPES)


@lru_cache(maxsize=64)
def parse(template: str) -> Sequence[_Node]:
    """The template's parts.

    Raises:
        TemplateError: it can't be parsed.
    """
    return _Parser().parsed(template)


@dataclass(frozen=True, slots=True)
class _Open:
    """A block whose end has not come."""

    closed_by: str
    outside: list[_Node]
    """What goes on behind it."""
    block: _Block | None
    """None where there can be no ``else``."""
    chained: bool
    """Begun by ``else if``: it ends with the block around it."""


class _Parser:
    """Reads tags into blocks; the innermost open one takes what comes."""

    def __init__(self) -> None:
        self._nodes: list[_Node] = []
        self._open: list[_Open] = []

    def parsed(self, template: str) -> Sequence[_Node]:
        at, trim = 0, False
        for match in _TAG.finditer(template):
            text = template[at : match.start()]
            at = match.end()
            left, right = (bool(match[name] or match[f"{name}3"]) for name in ("left", "right"))
            text = text.lstrip() if trim else text
            self._text(text.rstrip() if left else text)
            trim = right
            self._tag(match)
        rest = template[at:]
        self._text(rest.lstrip() if trim else rest)
        if self._open:
            raise TemplateError(f"{{{{#{self._open[-1].closed_by}}}}} is never closed.")
        return self._nodes

    def _text(self, text: str) -> None:
        if "{{" in text:
            raise TemplateError(f"A tag is never closed: {text[text.index('{{') :][:40]!r}.")
        if text:
            self._nodes.append(text)

    def _tag(self, match: re.Match[str]) -> None:
        if match["escaped"]:
            self._nodes.append(match[0][1:])
            return
        if match["raw"] is not None:
            self._nodes.append(_Value(_path(match["raw"].strip()), escaped=False))
            return
        tag = match["tag"].strip()
        act: Callable[[str], None] | None = {
            "!": lambda _: None,
            "#": self._begin,
            "/": self._end,
            "^": self._inverted,
            ">": self._partial,
        }.get(tag[:1])
        if act is not None:
            act(tag)
        elif tag == "else" or tag.startswith("else "):
            self._else(tag)
        elif tag.startswith("&"):
            self._nodes.append(_Value(_path(tag[1:].strip()), escaped=False))
        else:
            self._nodes.append(_Value(_path(tag), escaped=True))

    def _begin(self, tag: str) -> None:
        inline = _INLINE.fullmatch(tag)
        if inline:
            node = _Inline(inline[1])
            self._nodes.append(node)
            self._enter("inline", node.main, None)
            return
        block = _BLOCK.fullmatch(tag)
        name = tag[1:].strip()
        if block:
            self._block(block[1], block[2], closed_by=block[1])
        elif name in _HELPERS:
            raise TemplateError(f"{{{{#{name}}}}} needs to be told of what.")
        else:
            self._block("section", name, closed_by=name)

    def _block(self, kind: str, path: str, *, closed_by: str, chained: bool = False) -> None:
        node = _Block(kind, _path(path))
        self._nodes.append(node)
        self._enter(closed_by, node.main, node, chained=chained)

    def _enter(
        self, closed_by: str, inside: list[_Node], block: _Block | None, *, chained: bool = False
    ) -> None:
        if len(self._open) >= _MOST_NESTED:
            raise TemplateError(f"Blocks are nested more than {_MOST_NESTED} deep.")
        self._open.append(_Open(closed_by, self._nodes, block, chained))
        self._nodes = inside

    def _inverted(self, tag: str) -> None:
        if tag == "^":
            self._else("else")
        else:
            name = tag[1:].strip()
            self._block("inverted", name, closed_by=name)

    def _else(self, tag: str) -> None:
        block = self._open[-1].block if self._open else None
        if block is None or self._nodes is block.other:
            raise TemplateError("{{else}} stands in no block that can have it.")
        self._nodes = block.other
        chain = _CHAIN.fullmatch(tag)
        if chain:
            closed_by = self._open[-1].closed_by
            self._block(chain[1], chain[2], closed_by=closed_by, chained=True)
        elif tag != "else":
            raise TemplateError(f"{{{{{tag}}}}} can't be read.")

    def _end(self, tag: str) -> None:
        name = tag[1:].strip()
        if not self._open or self._open[-1].closed_by != name:
            raise TemplateError(f"{{{{/{name}}}}} closes no block that is open.")
        closed = self._open.pop()
        while closed.chained:
            closed = self._open.pop()
        self._nodes = closed.outside

    def _partial(self, tag: str) -> None:
        match = _PARTIAL.fullmatch(tag)
        if match is None:
            raise TemplateError(f"{{{{{tag}}}}} can't be read.")
        context = None if match[2] is None else _path(match[2])
        self._nodes.append(_Partial(match[1].strip("\"'"), context))


def _path(text: str) -> _Path:
    rest = text.removeprefix("@")
    private = rest != text
    ups = 0
    while rest.startswith("../"):
        rest, ups = rest[3:], ups + 1
    if rest == "..":
        return _Path(text, private, ups + 1, ())
    if rest in {"this", "."} and not private:
        return _Path(text, False, ups, ())
    for own in ("this.", "this/", "./"):
        rest = rest.removeprefix(own)
    if not _DOTTED.fullmatch(rest):
        raise TemplateError(f"{{{{{text}}}}} can't be read.")
    parts = tuple(part.strip("[]") for part in _SEGMENTS.findall(rest))
    return _Path(text, private, ups, parts)


_MISSING = object()


class _Renderer:
    """Renders one template."""

    def __init__(self, *, escape: bool) -> None:
        self._escape = escape
        self._partials: dict[str, list[_Node]] = {}
        self._depth = 0

    def rendered(self, nodes: Iterable[_Node], scope: _Scope) -> str:
        return "".join(self._pieces(nodes, scope))

    def _pieces(self, nodes: Iterable[_Node], scope: _Scope) -> Iterator[str]:
        for node in nodes:
            if isinstance(node, str):
                yield node
            elif isinstance(node, _Value):
                value = text_of(_present(node.path, scope))
                yield escaped(value) if self._escape and node.escaped else value
            elif isinstance(node, _Block):
                yield from self._block(node, scope)
            elif isinstance(node, _Inline):
                self._partials[node.name] = node.main
            else:
                yield from self._partial(node, scope)

    def _block(self, block: _Block, scope: _Scope) -> Iterator[str]:
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

    def _each(self, block: _Block, scope: _Scope, value: object) -> Iterator[str]:
        items: list[tuple[object, object]] = []
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

    def _partial(self, node: _Partial, scope: _Scope) -> Iterator[str]:
        nodes = self._partials.get(node.name)
        if nodes is None or self._depth >= _MOST_NESTED:
            raise MissingVariableError(node.name)
        inner = scope if node.context is None else scope.below(_present(node.context, scope))
        self._depth += 1
        yield from self._pieces(nodes, inner)
        self._depth -= 1


def _is_true(value: object) -> bool:
    """What Handlebars takes for true: an empty object is, an empty list isn't."""
    return value is not _MISSING and (bool(value) or isinstance(value, dict))


def _present(path: _Path, scope: _Scope) -> object:
    value = _looked_up(path, scope)
    if value is _MISSING:
        raise MissingVariableError(path.written)
    return value


def _looked_up(path: _Path, scope: _Scope) -> object:
    for _ in range(path.ups):
        if scope.parent is None:
            return _MISSING
        scope = scope.parent
    found: object = scope.private if path.private else scope.value
    for part in path.parts:
        if isinstance(found, dict) and part in found:
            found = found[part]
        elif isinstance(found, list) and part.isdecimal() and int(part) < len(found):
            found = found[int(part)]
        else:
            return _MISSING
    return found
