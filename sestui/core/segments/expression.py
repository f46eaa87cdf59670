"""An expression that has been read, and the names of other things in it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sestui.core.segments.names import Refers
from sestui.core.segments.nodes import Condition, Span


@dataclass(frozen=True, slots=True)
class Reference:
    """A name of something else in an expression."""

    kind: Refers
    name: str
    span: Span
    """Of the quoted text."""


@dataclass(frozen=True, slots=True)
class SegmentExpression:
    """An expression that has been read."""

    text: str
    root: Condition
    references: tuple[Reference, ...]

    def names(self, kind: Refers) -> list[str]:
        """The names of this kind, each once, as they come."""
        return list(dict.fromkeys(each.name for each in self.references if each.kind is kind))

    def renamed(self, kind: Refers, name: str, new_name: str) -> str:
        """The text with another name wherever this one stands."""
        text = self.text
        for each in sorted(self.references, key=lambda each: each.span, reverse=True):
            if each.kind is kind and each.name == name:
                text = text[: each.span[0]] + quoted(new_name) + text[each.span[1] :]
        return text


@dataclass(frozen=True, slots=True)
class Together:
    """What is going to be saved with an expression."""

    segments: Mapping[str, SegmentExpression] = field(default_factory=dict)
    """By name, in place of those that have their names now."""
    campaigns: frozenset[str] = frozenset()
    """Names of campaigns, which may be new."""
    lists: frozenset[str] = frozenset()
    """Names of lists, which may be new."""


NOTHING_ELSE = Together()


def quoted(text: str) -> str:
    """``text`` as an expression has it."""
    safe = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(sign if sign.isprintable() else _escaped(sign) for sign in safe) + '"'


def _escaped(sign: str) -> str:
    number = ord(sign)
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"
