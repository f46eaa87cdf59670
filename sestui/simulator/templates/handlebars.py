"""Parse the part of Handlebars that SES's stored templates use.

Substitutions, ``if``, ``unless``, ``each``, ``with``, sections, inline partials, ``else``,
``this``, ``../``, ``@index``, ``@key``, ``@first``, ``@last``, ``@root``. Of the libraries for it,
pybars3 compiles templates to Python code and is unmaintained, chevron is Mustache only, and neither
distinguishes a missing attribute from an empty one.

https://docs.aws.amazon.com/ses/latest/dg/send-personalized-email-advanced.html
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

_MOST_NESTED = 50
"""The deepest nesting of blocks."""
_TAG = re.compile(
    r"(?P<escaped>\\?)\{\{(?:\{(?P<left3>~?)(?P<raw>[^{}]*?)(?P<right3>~?)\}\}\}"
    r"|(?P<left>~?)(?:(?P<tag>!--.*?--|(?!!--)[^{}]*?)(?P<right>~?)\}\}|(?P<unclosed>!--)))",
    re.DOTALL,
)
_SEGMENT = r"(?:[^\s!\"#%&'()*+,./;<=>@\[\\\]^`{|}~]+|\[[^\]]*\])"
_HELPERS = frozenset({"if", "unless", "each", "with"})
_SEGMENTS = re.compile(_SEGMENT)
_DOTTED = re.compile(rf"{_SEGMENT}(?:[./]{_SEGMENT})*")
_INLINE = re.compile(r"#\s*\*\s*inline\s+[\"']([^\"']+)[\"']")
_UPS = re.compile(r"(?:\.\./)*")
_BLOCK = re.compile(r"#\s*(if|unless|each|with)\s+(\S+)")
_CHAIN = re.compile(r"else\s+(if|unless|each|with)\s+(\S+)")
_PARTIAL = re.compile(r">\s*([^\s]+)(?:\s+(\S+))?")


class HandlebarsError(ValueError):
    """The template is invalid; the text says why."""


@dataclass(frozen=True, slots=True)
class Path:
    """A parsed name."""

    written: str
    private: bool
    """Whether it begins with ``@``, as ``@index`` does."""
    ups: int
    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Value:
    """A substitution."""

    path: Path
    escaped: bool


@dataclass(frozen=True, slots=True)
class Block:
    """A conditional or repeated part."""

    kind: str
    """``if``, ``unless``, ``each``, ``with``; ``section`` and ``inverted`` for bare names."""
    path: Path
    main: "list[Node]" = field(default_factory=list)
    other: "list[Node]" = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Inline:
    """A partial that the template defines."""

    name: str
    main: "list[Node]" = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Partial:
    """The use of a partial."""

    name: str
    context: Path | None


Node = str | Value | Block | Inline | Partial


@lru_cache(maxsize=64)
def parse(template: str) -> Sequence[Node]:
    """Parse a template into nodes.

    Raises:
        HandlebarsError: it can't be parsed.
    """
    return _Parser().parsed(template)


@dataclass(frozen=True, slots=True)
class _Open:
    """A block that isn't closed yet."""

    closed_by: str
    outside: list[Node]
    """The list that continues after it."""
    block: Block | None
    """None if it can't have an ``else``."""
    chained: bool
    """Whether ``else if`` began it; it then ends with the block around it."""


class _Parser:
    """Collects nodes in the innermost open block."""

    def __init__(self) -> None:
        self._nodes: list[Node] = []
        self._open: list[_Open] = []

    def parsed(self, template: str) -> Sequence[Node]:
        at, trim = 0, False
        for match in _TAG.finditer(template):
            if match["unclosed"]:
                break
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
            raise HandlebarsError(f"{{{{#{self._open[-1].closed_by}}}}} is never closed.")
        return self._nodes

    def _text(self, text: str) -> None:
        if "{{" in text:
            raise HandlebarsError(f"A tag is never closed: {text[text.index('{{') :][:40]!r}.")
        if text:
            self._nodes.append(text)

    def _tag(self, match: re.Match[str]) -> None:
        if match["escaped"]:
            self._nodes.append(match[0][1:])
            return
        if match["raw"] is not None:
            self._nodes.append(Value(_path(match["raw"].strip()), escaped=False))
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
            self._nodes.append(Value(_path(tag[1:].strip()), escaped=False))
        else:
            self._nodes.append(Value(_path(tag), escaped=True))

    def _begin(self, tag: str) -> None:
        inline = _INLINE.fullmatch(tag)
        if inline:
            node = Inline(inline[1])
            self._nodes.append(node)
            self._enter("inline", node.main, None)
            return
        block = _BLOCK.fullmatch(tag)
        name = tag[1:].strip()
        if block:
            self._block(block[1], block[2], closed_by=block[1])
        elif name in _HELPERS:
            raise HandlebarsError(f"{{{{#{name}}}}} needs to be told of what.")
        else:
            self._block("section", name, closed_by=name)

    def _block(self, kind: str, path: str, *, closed_by: str, chained: bool = False) -> None:
        node = Block(kind, _path(path))
        self._nodes.append(node)
        self._enter(closed_by, node.main, node, chained=chained)

    def _enter(
        self, closed_by: str, inside: list[Node], block: Block | None, *, chained: bool = False
    ) -> None:
        if len(self._open) >= _MOST_NESTED:
            raise HandlebarsError(f"Blocks are nested more than {_MOST_NESTED} deep.")
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
            raise HandlebarsError("{{else}} stands in no block that can have it.")
        self._nodes = block.other
        chain = _CHAIN.fullmatch(tag)
        if chain:
            closed_by = self._open[-1].closed_by
            self._block(chain[1], chain[2], closed_by=closed_by, chained=True)
        elif tag != "else":
            raise HandlebarsError(f"{{{{{tag}}}}} can't be read.")

    def _end(self, tag: str) -> None:
        name = tag[1:].strip()
        if not self._open or self._open[-1].closed_by != name:
            raise HandlebarsError(f"{{{{/{name}}}}} closes no block that is open.")
        closed = self._open.pop()
        while closed.chained:
            closed = self._open.pop()
        self._nodes = closed.outside

    def _partial(self, tag: str) -> None:
        match = _PARTIAL.fullmatch(tag)
        if match is None:
            raise HandlebarsError(f"{{{{{tag}}}}} can't be read.")
        context = None if match[2] is None else _path(match[2])
        self._nodes.append(Partial(match[1].strip("\"'"), context))


def _path(text: str) -> Path:
    rest = text.removeprefix("@")
    private = rest != text
    below = _UPS.sub("", rest, count=1)
    ups = (len(rest) - len(below)) // 3
    rest = below
    if rest == "..":
        return Path(text, private, ups + 1, ())
    if rest in {"this", "."} and not private:
        return Path(text, False, ups, ())
    for own in ("this.", "this/", "./"):
        rest = rest.removeprefix(own)
    if not _DOTTED.fullmatch(rest):
        raise HandlebarsError(f"{{{{{text}}}}} can't be read.")
    parts = tuple(part.strip("[]") for part in _SEGMENTS.findall(rest))
    return Path(text, private, ups, parts)
