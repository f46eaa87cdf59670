"""A segment as campaigns and commands choose it: by its name, or as an expression."""

from sestui.core.segments.expression import SegmentExpression, quoted
from sestui.core.segments.parse import parse

NO_NAME = frozenset("()<>=\"'")
"""Signs of expressions, of which each has one: where a name or an expression may stand, one sees
which it is."""


def is_name(text: str) -> bool:
    """Whether nobody would take it for an expression."""
    return text.strip() != "" and not set(text) & NO_NAME


def chosen(text: str) -> SegmentExpression:
    """The expression that is meant; a name means ``segment("name")``.

    Raises:
        SegmentError: it is neither; the sentence says where and why.
    """
    if is_name(text):
        return parse(f"segment({quoted(' '.join(text.split()))})")
    return parse(text)


def on_one_line(text: str) -> str:
    """The same without comments and line ends, for a field of one line."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return " ".join(part for line in lines if (part := _without_comment(line).strip()))


def _without_comment(line: str) -> str:
    """The line up to a ``#`` outside of texts, which never go over several lines."""
    mark, escaped = "", False
    for position, sign in enumerate(line):
        if escaped:
            escaped = False
        elif mark:
            escaped = sign == "\\"
            mark = "" if sign == mark else mark
        elif sign in "\"'":
            mark = sign
        elif sign == "#":
            return line[:position]
    return line
