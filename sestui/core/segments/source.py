"""An expression's text: its bounds, Python's grammar over it, and where something in it stands."""

import ast
import keyword
import re
import unicodedata
from typing import NoReturn

from sestui.core.segments.nodes import Span
from sestui.core.text import printable
from sestui.errors import SegmentError

MOST_CHARACTERS = 10_000
"""Of an expression."""

MOST_LEVELS = 30
"""Of conditions in conditions."""

_WORD = re.compile(r"\w+")
_ESCAPE = re.compile(r"\\(.?)", re.DOTALL)
_ALLOWED_ESCAPES = frozenset("\\\"'ntuUx")
_CITED = 40
"""Characters of the expression that a sentence repeats."""

_WRAPPED_LINES = 1
"""Lines that are put before the expression, so that it may go over several."""

_NO_EQUALS = "write == to compare, = has no meaning here."
_WORDS = frozenset({"and", "or", "not", "in", "is", "True", "False", "None"})
"""Python's words that expressions have."""

_BY_MESSAGE = (
    ("unterminated", "the text that begins here has no quotation mark at its end."),
    ("was never closed", "the bracket that opens here is never closed."),
)
"""Parts of Python's messages, and what to say."""

_BY_SIGNS = (
    *((mark, 'write texts in straight quotation marks, as in "Paris".') for mark in "“”„‘’«»"),
    ("&&", "write and for &&."),
    ("||", "write or for ||."),
    ("!", "write not for !."),
    ("<>", "write != for <>."),
    ("=", _NO_EQUALS),
)
"""What the rest begins with, and what to say."""


class ExpressionSource:
    """The text of one expression.

    Raises:
        SegmentError: it is empty, too long, or holds what no expression may.
    """

    def __init__(self, text: str) -> None:
        self.text = text.replace("\r\n", "\n").replace("\r", "\n").strip()
        if not self.text:
            raise SegmentError(
                'The expression is empty; write a condition, such as list("newsletter").'
            )
        if len(self.text) > MOST_CHARACTERS:
            raise SegmentError(
                f"The expression has {len(self.text):,} characters; at most {MOST_CHARACTERS:,} "
                "are possible. Give parts of it names and use them with segment(…)."
            )
        for position, sign in enumerate(self.text):
            if unicodedata.category(sign) in {"Cc", "Cs"} and sign not in "\n\t":
                self.refuse(position, f"{printable(sign)} can't be part of an expression.")
        for escape in _ESCAPE.finditer(self.text):
            if escape[1] not in _ALLOWED_ESCAPES:
                self.refuse(escape.start(), "write \\\\ for a backslash.")
        self._starts = [0]
        for line in self.text.split("\n"):
            self._starts.append(self._starts[-1] + len(line) + 1)

    def parsed(self) -> ast.expr:
        """The expression by Python's grammar.

        Raises:
            SegmentError: it is none.
        """
        try:
            root = ast.parse(f"(\n{self.text}\n)", mode="eval").body
        except SyntaxError as error:
            self._refuse_grammar(error)
        except (RecursionError, MemoryError):
            self.too_deep()
        except ValueError:  # an int of thousands of digits
            raise SegmentError("A number in the expression has too many digits.") from None
        if root.lineno <= _WRAPPED_LINES:  # the first bracket was closed by the text itself
            self.refuse(0, "the brackets don't match, or this is no condition.")
        return root

    def span(self, node: ast.AST) -> Span:
        """Where the node stands."""
        first, last = getattr(node, "lineno", 2), getattr(node, "end_lineno", 2)
        return (
            self._offset(first, getattr(node, "col_offset", 0)),
            self._offset(last, getattr(node, "end_col_offset", 0)),
        )

    def of(self, node: ast.AST) -> str:
        """The node's text as it was written: Python would compose the letters of names anew."""
        first, last = self.span(node)
        return self.text[first:last]

    def cited(self, node: ast.AST) -> str:
        """The beginning of the node's text on one line, for a sentence about it."""
        text = " ".join(self.of(node).split())
        return text if len(text) <= _CITED else f"{text[: _CITED - 1]}…"

    def refuse(self, at: int | ast.AST, why: str) -> NoReturn:
        """Refuse the expression because of what is at a character or a node.

        Raises:
            SegmentError: always.
        """
        offset = at if isinstance(at, int) else self.span(at)[0]
        before = self.text[: min(offset, len(self.text))]
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        where = f"Column {column}" if "\n" not in self.text else f"Line {line}, column {column}"
        raise SegmentError(f"{where}: {why}", line=line, column=column) from None

    def too_deep(self) -> NoReturn:
        """Refuse an expression whose parts are nested too deeply.

        Raises:
            SegmentError: always.
        """
        raise SegmentError(
            f"The expression is nested too deeply; {MOST_LEVELS} levels are possible. Give parts "
            "of it names and use them with segment(…)."
        ) from None

    def _offset(self, lineno: int, byte: int) -> int:
        """The position of a byte in a line, as Python counts both."""
        line = min(max(0, lineno - 1 - _WRAPPED_LINES), len(self._starts) - 2)
        start = self._starts[line]
        text = self.text[start : self._starts[line + 1] - 1]
        return start + len(text.encode()[:byte].decode("utf-8", "ignore"))

    def _refuse_grammar(self, error: SyntaxError) -> NoReturn:
        line = (error.lineno or 0) - 1 - _WRAPPED_LINES
        if "too many nested" in (error.msg or "") or "recursion" in (error.msg or ""):
            self.too_deep()
        if line < 0 or line >= len(self._starts) - 1:
            self.refuse(len(self.text), "the expression isn't complete here.")
        offset = min(self._starts[line] + max(0, (error.offset or 1) - 1), len(self.text))
        self.refuse(*self._why(error.msg or "", offset))

    def _why(self, message: str, offset: int) -> tuple[int, str]:
        """Where it really is, and why it can't be read."""
        rest = self.text[offset:]
        known = [why for said, why in _BY_MESSAGE if said in message]
        known += [
            why
            for signs, why in _BY_SIGNS
            # Of two signs, Python points at the second.
            if rest.startswith(signs)
            or (len(signs) > 1 and self.text.startswith(signs, offset - 1))
        ]
        if known:
            return offset, known[0]
        if "Maybe you meant '=='" in message:
            return offset + max(0, rest.find("=")), _NO_EQUALS
        line = rest.partition("\n")[0]
        for word in _WORD.finditer(line):
            if why := _why_not(word[0]):
                return offset + word.start(), why
        return offset, "the expression can't be read from here on."


def _why_not(word: str) -> str:
    """Why Python's grammar refuses the word; '' if it doesn't."""
    if word in _WORDS:
        return ""
    if word.lower() in _WORDS:
        return f"write {word.lower()} in small letters."
    if keyword.iskeyword(word):
        return f'{word} is a word of Python; write attribute("{word}") for an attribute.'
    return ""
