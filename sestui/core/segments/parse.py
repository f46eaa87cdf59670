"""Read an expression: whatever is not in the white list is an error that says where."""

import ast
from dataclasses import replace

from sestui.core.contact.address_check import domain_key
from sestui.core.segments.expression import Reference, SegmentExpression
from sestui.core.segments.given import GivenReader
from sestui.core.segments.kinds import kind_of, mismatch
from sestui.core.segments.names import EMAIL, FUNCTIONS, METHODS, PARTS, Gives
from sestui.core.segments.nodes import (
    And,
    AttributeValue,
    Comparison,
    Condition,
    DayPart,
    EmailValue,
    Fact,
    HasTag,
    InSegment,
    IsMissing,
    IsValid,
    MailResult,
    MailsIn,
    Moment,
    MomentValue,
    Not,
    OfDomain,
    OneOf,
    OnList,
    Op,
    Operand,
    Or,
    PartValue,
    RoleAddress,
    Span,
    TextFound,
    TextMatch,
    Value,
    leaves,
)
from sestui.core.segments.source import MOST_LEVELS, ExpressionSource
from sestui.core.suggestions import did_you_mean
from sestui.core.text import printable
from sestui.errors import SegmentError

MOST_CONDITIONS = 400
"""Of an expression, with those of the segments that it uses; a database has bounds, too."""

_OPS: dict[type[ast.cmpop], Op] = {
    ast.Eq: Op.EQ,
    ast.NotEq: Op.NE,
    ast.Lt: Op.LT,
    ast.LtE: Op.LE,
    ast.Gt: Op.GT,
    ast.GtE: Op.GE,
}
_OPERATORS = (*_OPS, ast.In, ast.NotIn)
_SETS = (ast.BitOr, ast.BitAnd, ast.Sub)


def parse(text: str) -> SegmentExpression:
    """Read an expression.

    Raises:
        SegmentError: it is none; the sentence says where and why.
    """
    source = ExpressionSource(text)
    reader = _Reader(source)
    try:
        root = reader.condition(source.parsed(), 0)
    except RecursionError:
        source.too_deep()
    if sum(1 for _ in leaves(root)) > MOST_CONDITIONS:
        raise SegmentError(f"The expression has more than {MOST_CONDITIONS} conditions.")
    return SegmentExpression(source.text, root, tuple(reader.references))


class _Reader:
    """Turns Python's tree into ours."""

    def __init__(self, source: ExpressionSource) -> None:
        self._source = source
        self._given = GivenReader(source)

    @property
    def references(self) -> list[Reference]:
        return self._given.references

    # conditions

    def condition(self, node: ast.expr, depth: int) -> Condition:  # noqa: PLR0911 - one for each kind
        if depth >= MOST_LEVELS:
            self._source.too_deep()
        match node:
            case ast.BoolOp(op=ast.And(), values=values):
                return And(tuple(self.condition(each, depth + 1) for each in values))
            case ast.BoolOp(values=values):
                return Or(tuple(self.condition(each, depth + 1) for each in values))
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return Not(self.condition(operand, depth + 1))
            case ast.BinOp():
                return self._of_sets(node, depth)
            case ast.Compare():
                return self._comparison(node)
            case ast.Call(func=ast.Name()):
                return self._function(node)
            case ast.Call(func=ast.Attribute()):
                return self._method(node)
        return self._source.refuse(node, self._no_condition(node))

    def _no_condition(self, node: ast.expr) -> str:
        if not isinstance(node, ast.Name):
            return f"{self._source.cited(node)} is no condition."
        name = self._source.of(node)
        if name in FUNCTIONS:
            return f"{name} is a function; write {FUNCTIONS[name].usage}."
        if name == EMAIL or name in set(Moment):
            return f"compare {name} with something, as in {_example(name)}."
        return f'{name} is an attribute; compare it, as in {name} == "…", or ask missing({name}).'

    def _of_sets(self, node: ast.BinOp, depth: int) -> Condition:
        if not isinstance(node.op, _SETS):
            self._given.refuse_calculation(node)
        kind = type(node.op)
        later: list[ast.expr] = []
        first: ast.expr = node
        while isinstance(first, ast.BinOp) and isinstance(first.op, kind):
            later.insert(0, first.right)
            first = first.left
        parts = [self.condition(each, depth + 1) for each in (first, *later)]
        if kind is ast.BitOr:
            return Or(tuple(parts))
        if kind is ast.Sub:
            parts[1:] = [Not(each) for each in parts[1:]]
        return And(tuple(parts))

    def _function(self, node: ast.Call) -> Condition:  # noqa: PLR0911 - one for each function
        function, given = self._given.called(node)
        if function.gives is not Gives.CONDITION:
            self._source.refuse(
                node, f"compare {function.usage} with something; it is no condition by itself."
            )
        span, text = self._source.span(node), given.get(0, "")
        match function.name:
            case "list":
                return OnList(str(text), span=span)
            case "tag":
                return HasTag(str(text), span=span)
            case "segment":
                return InSegment(str(text), span=span)
            case "missing":
                return IsMissing(self._missing(node.args[0]), span=span)
            case "domain":
                return OfDomain(self._domain(node.args[0], str(text)), span=span)
            case "valid":
                return IsValid(span=span)
            case "role_address":
                return RoleAddress(span=span)
        campaign = str(given[0]) if 0 in given else None
        return MailResult(Fact(function.name), campaign, str(given.get(1, "")), span=span)

    def _missing(self, node: ast.expr) -> Value:
        value = self._value(node)
        if isinstance(value, EmailValue | MailsIn):
            self._source.refuse(node, f"{self._source.cited(node)} is never missing.")
        return value

    def _domain(self, node: ast.expr, text: str) -> str:
        key = domain_key(text)
        if key is None:
            self._source.refuse(node, "this is no domain; write it as gmail.com.")
        return key

    def _method(self, node: ast.Call) -> Condition:
        assert isinstance(node.func, ast.Attribute)  # noqa: S101 - matched by the caller
        method = node.func.attr
        if method == "lower":
            self._source.refuse(node, 'compare it with a text, as in city.lower() == "paris".')
        if method not in METHODS:
            known = did_you_mean(method, METHODS) or f"there are {', '.join(METHODS)}."
            self._source.refuse(node, f"{printable(method)}(…) is no method here; {known}")
        value = self._value(node.func.value)
        if not isinstance(value, AttributeValue | EmailValue):
            self._source.refuse(node, f"{method}(…) goes with attributes and email.")
        if len(node.args) != 1 or node.keywords:
            self._source.refuse(node, f'write one text: {method}("A").')
        text = self._sought(node.args[0], value)
        return TextFound(value, TextMatch(method), text, span=self._source.span(node))

    def _sought(self, node: ast.expr, value: AttributeValue | EmailValue) -> str:
        text = self._given.text(node)
        if not text:
            self._source.refuse(node, "an empty text is in every other; write at least a letter.")
        return text.lower() if isinstance(value, EmailValue) else text

    # comparisons

    def _comparison(self, node: ast.Compare) -> Condition:
        sides = [node.left, *node.comparators]
        for op in node.ops:
            if not isinstance(op, _OPERATORS):
                self._source.refuse(
                    node, "write == for is and != for is not; missing(…) asks for nothing."
                )
        pairs = [
            self._pair(left, op, right)
            for left, op, right in zip(sides, node.ops, sides[1:], strict=False)
        ]
        return pairs[0] if len(pairs) == 1 else And(tuple(pairs))

    def _pair(self, left: ast.expr, op: ast.cmpop, right: ast.expr) -> Condition:
        span = self._source.span(left)[0], self._source.span(right)[1]
        if isinstance(op, ast.In | ast.NotIn):
            return self._membership(left, right, span, negated=isinstance(op, ast.NotIn))
        sign = _OPS[type(op)]
        if self._is_operand(left):
            if self._is_operand(right):
                self._source.refuse(left, "two given values are compared; name an attribute.")
            left, right, sign = right, left, sign.turned
        value = self._value(left)
        return Comparison(value, sign, self._operand(right, value, sign), span=span)

    def _membership(
        self, left: ast.expr, right: ast.expr, span: Span, *, negated: bool
    ) -> Condition:
        if isinstance(right, ast.Tuple | ast.List | ast.Set):
            if not right.elts:
                self._source.refuse(right, "there is nothing in these brackets to be in.")
            value = self._value(left)
            operands = tuple(self._operand(each, value, Op.EQ) for each in right.elts)
            if len({kind_of(each) for each in operands}) > 1:
                self._source.refuse(right, "write texts, or numbers, or days, and no mixture.")
            return OneOf(value, operands, negated, span=span)
        if isinstance(right, ast.Constant):
            self._source.refuse(
                right, f"write several values in brackets, or == {self._source.cited(right)}."
            )
        if not self._is_operand(left):
            self._source.refuse(
                right, 'write values in brackets behind in, as in city in ("Paris", "Lyon").'
            )
        value = self._value(right)
        if not isinstance(value, AttributeValue | EmailValue):
            self._source.refuse(right, "a text can be in an attribute or in email.")
        return TextFound(value, TextMatch.CONTAINS, self._sought(left, value), negated, span=span)

    def _is_operand(self, node: ast.expr) -> bool:
        match node:
            case ast.Constant() | ast.UnaryOp():
                return True
            case ast.Call(func=ast.Name(id=name)):
                return name in FUNCTIONS and FUNCTIONS[name].gives is Gives.OPERAND
            case ast.Attribute(value=ast.Call(func=ast.Name(id="today"))):
                return True
        return False

    # values

    def _value(self, node: ast.expr) -> Value:
        match node:
            case ast.Name():
                return self._named(node)
            case ast.Attribute(value=of, attr=part):
                return self._part(node, of, part)
            case ast.Call(func=ast.Name()):
                return self._value_function(node)
            case ast.Call(func=ast.Attribute(value=of, attr="lower"), args=[], keywords=[]):
                value = self._value(of)
                if isinstance(value, AttributeValue):
                    return replace(value, folded=True)
                if isinstance(value, EmailValue):
                    return value
            case ast.BinOp():
                self._given.refuse_calculation(node)
        return self._source.refuse(node, f"{self._source.cited(node)} is no value of a contact.")

    def _named(self, node: ast.Name) -> Value:
        name = self._source.of(node)
        if name == EMAIL:
            return EmailValue()
        if name in set(Moment):
            return MomentValue(Moment(name))
        if name in FUNCTIONS:
            self._source.refuse(
                node,
                f"{name} is a function ({FUNCTIONS[name].usage}); "
                f'write attribute("{name}") for an attribute.',
            )
        return AttributeValue(name)

    def _part(self, node: ast.expr, of: ast.expr, part: str) -> Value:
        if part not in PARTS:
            known = did_you_mean(part, PARTS) or f"there are {', '.join(PARTS)}."
            self._source.refuse(
                node,
                f"{printable(part)} is no part of a day; {known} Attributes have no parts: write "
                f"{printable(part)}, not {self._source.cited(node)}.",
            )
        value = self._value(of)
        if not isinstance(value, AttributeValue) or value.folded:
            self._source.refuse(
                node, f"{part} goes with attributes; compare instants with date(…) or days_ago(…)."
            )
        return PartValue(value.name, DayPart(part))

    def _value_function(self, node: ast.Call) -> Value:
        function, given = self._given.called(node)
        if function.name == "attribute":
            if not given[0]:
                self._source.refuse(node, "an attribute has a name; this one is empty.")
            return AttributeValue(str(given[0]))
        if function.name == "joined":
            return MomentValue(Moment.JOINED, str(given[0]))
        if function.name == "mails_in":
            return MailsIn(self._given.days(node, given[0]))
        return self._source.refuse(node, f"{self._source.cited(node)} is no value of a contact.")

    # what values are compared with

    def _operand(self, node: ast.expr, value: Value, op: Op) -> Operand:
        operand = self._given.operand(node)
        if why := mismatch(value, op, operand):
            self._source.refuse(node, why)
        if isinstance(value, EmailValue) and isinstance(operand, str):
            return operand.lower()
        return operand


def _example(name: str) -> str:
    return f'{name} == "ada@example.org"' if name == EMAIL else f"{name} > days_ago(30)"
