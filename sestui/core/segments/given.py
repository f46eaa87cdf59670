"""What an expression says itself: texts, numbers, days, and calls of functions with them."""

import ast
import math
from collections.abc import Sequence
from datetime import date, datetime
from typing import NoReturn

from sestui.core.segments.expression import Reference
from sestui.core.segments.names import FUNCTIONS, PARTS, SegmentFunction, Takes
from sestui.core.segments.nodes import DayPart, DaysFromNow, GivenDay, Operand, TodaysPart
from sestui.core.segments.source import ExpressionSource
from sestui.core.suggestions import did_you_mean
from sestui.core.text import printable

_MOST_DAYS = 36_500
_BIGGEST = 1e15
"""Beyond it, databases don't tell neighbouring numbers apart."""


class GivenReader:
    """Reads literals and calls; whatever else stands there is refused."""

    def __init__(self, source: ExpressionSource) -> None:
        self._source = source
        self.references: list[Reference] = []
        """The names of lists, campaigns and segments so far."""

    def operand(self, node: ast.expr) -> Operand:  # noqa: PLR0911 - one return for each kind
        """What a value is compared with."""
        match node:
            case ast.Constant(value=str()):
                return self.text(node)
            case ast.Constant(value=bool() as truth):
                return truth
            case ast.Constant(value=int() | float() as number):
                return self._number(node, number)
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as number)):
                return self._number(node, -number)
            case ast.Attribute(value=ast.Call(func=ast.Name(id="today")) as call, attr=part):
                return self._todays(node, call, part)
            case ast.Call(func=ast.Name()):
                return self._moment(node)
            case ast.BinOp():
                self.refuse_calculation(node)
            case ast.Constant(value=None):
                self._source.refuse(node, "ask missing(…) rather than for None.")
            case ast.Name() | ast.Attribute():
                self._source.refuse(
                    node,
                    f"{self._source.cited(node)} is a value of the contact; compare with a given "
                    "one. Texts stand in quotation marks.",
                )
        return self._source.refuse(node, f"{self._source.cited(node)} is nothing to compare with.")

    def _todays(self, node: ast.expr, call: ast.Call, part: str) -> Operand:
        self.called(call)
        if part not in PARTS:
            self._source.refuse(node, f"today() has {', '.join(PARTS)}.")
        return TodaysPart(DayPart(part))

    def _moment(self, node: ast.Call) -> Operand:
        function, given = self.called(node)
        match function.name:
            case "days_ago":
                return DaysFromNow(-self.days(node, given[0]))
            case "in_days":
                return DaysFromNow(self.days(node, given[0]))
            case "today":
                return DaysFromNow(0.0)
            case "date":
                return self._day(node.args[0], str(given[0]))
        return self._source.refuse(node, f"{self._source.cited(node)} is nothing to compare with.")

    def _day(self, node: ast.expr, text: str) -> GivenDay:
        try:
            if len(text) == len("2026-11-01"):
                return GivenDay(date.fromisoformat(text).isoformat())
            moment = datetime.fromisoformat(text)
        except ValueError:
            moment = None
        if moment is None or moment.tzinfo is not None:
            self._source.refuse(node, "write a date as 2026-11-01 or 2026-11-01T09:00.")
        return GivenDay(moment.isoformat(timespec="seconds"))

    def days(self, node: ast.expr, given: str | float) -> float:
        """A number of days within bounds."""
        days = float(given)
        if not 0 <= days <= _MOST_DAYS:
            self._source.refuse(node, f"days are from 0 to {_MOST_DAYS:,}.")
        return days

    def _number(self, node: ast.expr, number: float) -> float:
        if not math.isfinite(number) or abs(number) > _BIGGEST:
            self._source.refuse(node, "the number is too big.")
        return number

    def text(self, node: ast.expr) -> str:
        """A quoted text."""
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
            self._source.refuse(
                node, f"write a text in quotation marks, not {self._source.cited(node)}."
            )
        written = self._source.of(node)
        if not _is_one_literal(written):
            self._source.refuse(
                node,
                "write a text in one pair of quotation marks, without letters before it; between "
                "two texts there is a comma.",
            )
        if "\0" in node.value or not _is_encodable(node.value):
            self._source.refuse(node, "the text has a character that no database keeps.")
        return node.value

    def refuse_calculation(self, node: ast.BinOp) -> NoReturn:
        """Refuse an operator between values: it may be meant as `and`."""
        if isinstance(node.op, ast.BitOr | ast.BitAnd):
            sign, word = ("|", "or") if isinstance(node.op, ast.BitOr) else ("&", "and")
            self._source.refuse(
                node, f"write {word} between comparisons; {sign} goes between lists and tags."
            )
        self._source.refuse(node, f"{self._source.cited(node)}: expressions don't calculate.")

    def called(self, node: ast.Call) -> tuple[SegmentFunction, dict[int, str | float]]:
        """The function and its arguments by position; a VALUE is left to the caller."""
        name = self._source.of(node.func)
        function = FUNCTIONS.get(name)
        if function is None:
            known = did_you_mean(name, FUNCTIONS)
            self._source.refuse(node, f"there is no function {printable(name)}{_then(known)}")
        nodes = self._arguments(node, function)
        given: dict[int, str | float] = {}
        for position, (each, argument) in enumerate(zip(nodes, function.arguments, strict=False)):
            if argument.takes is Takes.NUMBER:
                given[position] = self._number_given(each, function)
            elif argument.takes is Takes.TEXT:
                given[position] = self.text(each)
                if argument.refers is not None:
                    self.references.append(
                        Reference(argument.refers, str(given[position]), self._source.span(each))
                    )
        return function, given

    def _arguments(self, node: ast.Call, function: SegmentFunction) -> Sequence[ast.expr]:
        nodes = list(node.args)
        for position, keyword in enumerate(node.keywords, len(nodes)):
            known = function.arguments[position : position + 1]
            if keyword.arg is None or not known or keyword.arg != known[0].keyword:
                self._source.refuse(node, f"write {function.usage}.")
            nodes.append(keyword.value)
        least = sum(not each.optional for each in function.arguments)
        if not least <= len(nodes) <= len(function.arguments):
            self._source.refuse(node, f"write {function.usage}.")
        return nodes

    def _number_given(self, node: ast.expr, function: SegmentFunction) -> float:
        operand = self.operand(node)
        if isinstance(operand, bool) or not isinstance(operand, int | float):
            self._source.refuse(node, f"write a number, as in {function.usage}.")
        return operand


def _then(known: str) -> str:
    return f"; {known}" if known else "."


def _is_encodable(text: str) -> bool:
    return not any(0xD800 <= ord(sign) < 0xE000 for sign in text)


def _is_one_literal(written: str) -> bool:
    """Whether it is one text in single or double quotation marks, without a prefix."""
    mark = written[:1]
    if mark not in {'"', "'"} or len(written) < 2:
        return False
    escaped = False
    for position in range(1, len(written)):
        if escaped:
            escaped = False
        elif written[position] == "\\":
            escaped = True
        elif written[position] == mark:
            return position == len(written) - 1
    return False
