"""Add meters and strict comparisons to a template's syntax tree before it is compiled."""

from typing import Any

from jinja2 import nodes
from jinja2.compiler import Frame
from jinja2.filters import do_format
from jinja2.runtime import Context, markup_join, str_join
from jinja2.utils import pass_context
from jinja2.visitor import NodeTransformer

from sestui.core.content._compat import PrintingGenerator
from sestui.core.content.template.budget import (
    SMALL,
    STEP,
    charged,
    check_result,
    counted,
    is_plain_format,
    meter_of,
    weighed,
)
from sestui.core.content.template.strict import check_joined, compared, tested

_PRINTED = 20
"""Units for printing a short value within a loop or macro."""


@pass_context
def _joined(context: Context, values: list[Any]) -> Any:
    """The operator ``~``."""
    check_joined(values)
    meter_of(context).charge_for(values)
    joined = markup_join if context.environment.autoescape else str_join
    return check_result(context, joined(values))


# Names with a space, which no template can contain.
_COUNTED, _WEIGHED, _CHARGED = " counted", " weighed", " charged"
_COMPARED, _TESTED, _JOINED, _FORMAT = " compared", " tested", " joined", " format"
FILTERS = {
    _COUNTED: counted,
    _WEIGHED: weighed,
    _CHARGED: charged,
    _COMPARED: compared,
    _TESTED: tested,
    _JOINED: _joined,
    _FORMAT: do_format,
}
"""Filters that only instrumented trees call."""


def instrumented(tree: nodes.Template) -> nodes.Template:
    """The tree with loops and macros metered, and with strict tests and comparisons."""
    printed: set[str] = set()
    _note_printed(tree, printed, test=False)
    return _Instrument(printed).visit(tree)  # type: ignore[no-any-return] # Jinja's stubs


def _note_printed(node: nodes.Node, printed: set[str], *, test: bool) -> None:
    """Collect names that are used for more than their truth value."""
    if isinstance(node, nodes.Name):
        if not test:
            printed.add(node.name)
        return
    for field, child in _children(node):
        _note_printed(child, printed, test=_is_test(node, field, test=test))


def _children(node: nodes.Node) -> list[tuple[str, nodes.Node]]:
    return [
        (field, each)
        for field, value in node.iter_fields()
        for each in (value if isinstance(value, list) else [value])
        if isinstance(each, nodes.Node)
    ]


def _is_test(node: nodes.Node, field: str, *, test: bool) -> bool:
    """Whether only the truth value of this child is used."""
    if isinstance(node, nodes.If | nodes.CondExpr):
        return field == "test" or (test and isinstance(node, nodes.CondExpr))
    if isinstance(node, nodes.Not):
        return True
    if isinstance(node, nodes.And):
        return test or field == "left"
    return test and isinstance(node, nodes.Or)


def _weight(node: nodes.Node) -> int:
    """Units for one pass through a body, without long values that it prints."""
    texts = sum(len(each.data) for each in node.find_all(nodes.TemplateData))
    printed = sum(len(each.nodes) for each in node.find_all(nodes.Output))
    return STEP + texts + _PRINTED * printed


def _filter(node: nodes.Node, name: str, *given: Any) -> nodes.Filter:
    args: list[nodes.Expr] = [
        each if isinstance(each, nodes.Expr) else nodes.Const(each, lineno=node.lineno)
        for each in given
    ]
    assert isinstance(node, nodes.Expr)  # noqa: S101 - only expressions are filtered
    return nodes.Filter(node, name, args, [], None, None, lineno=node.lineno)


class _Instrument(NodeTransformer):
    def __init__(self, printed: set[str]) -> None:
        self._printed = printed

        # repetition

    def visit_For(self, node: nodes.For) -> nodes.Node:  # noqa: N802 - Jinja's name
        weight = _weight(node)
        self.generic_visit(node)
        node.iter = _filter(node.iter, _COUNTED, weight)
        return node

    def visit_Macro(self, node: nodes.Macro) -> nodes.Node:  # noqa: N802 - Jinja's name
        return self._charged(node)

    def visit_CallBlock(self, node: nodes.CallBlock) -> nodes.Node:  # noqa: N802 - Jinja's name
        return self._charged(node)

    def _charged(self, node: nodes.Macro | nodes.CallBlock) -> nodes.Node:
        weight = _weight(node)
        self.generic_visit(node)
        charge = _filter(nodes.Const(weight, lineno=node.lineno), _CHARGED)
        node.body.insert(0, nodes.ExprStmt(charge, lineno=node.lineno))
        return node

        # new values

    def visit_Filter(self, node: nodes.Filter) -> nodes.Node:  # noqa: N802 - Jinja's name
        self.generic_visit(node)
        made = node.node
        # A price list formats hundreds of numbers, so constant formats are checked beforehand.
        constant = made.value if isinstance(made, nodes.Const) else None
        if node.name == "format" and isinstance(constant, str) and is_plain_format(constant):
            node.name = _FORMAT
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:  # noqa: N802 - Jinja's name
        self.generic_visit(node)
        return _filter(nodes.List(node.nodes, lineno=node.lineno), _JOINED)

    def _made(self, node: nodes.Expr) -> nodes.Node:
        constant = not any(node.find_all((nodes.Name, nodes.Call, nodes.Getattr)))
        self.generic_visit(node)
        return node if constant else _filter(node, _WEIGHED)

    def visit_List(self, node: nodes.List) -> nodes.Node:  # noqa: N802 - Jinja's name
        return self._made(node)

    def visit_Dict(self, node: nodes.Dict) -> nodes.Node:  # noqa: N802 - Jinja's name
        return self._made(node)

    def visit_Tuple(self, node: nodes.Tuple) -> nodes.Node:  # noqa: N802 - Jinja's name
        if node.ctx != "load":
            return node
        return self._made(node)

        # tests and comparisons

    def visit_Compare(self, node: nodes.Compare) -> nodes.Node:  # noqa: N802 - Jinja's name
        self.generic_visit(node)
        left = node.expr
        whole: nodes.Expr | None = None
        for each in node.ops:
            name = _name(left) or _name(each.expr)
            pair = _filter(left, _COMPARED, each.op, each.expr, name)
            whole = pair if whole is None else nodes.And(whole, pair, lineno=node.lineno)
            left = each.expr
        return whole or node

    def visit_If(self, node: nodes.If) -> nodes.Node:  # noqa: N802 - Jinja's name
        return self._tested(node)

    def visit_CondExpr(self, node: nodes.CondExpr) -> nodes.Node:  # noqa: N802 - Jinja's name
        return self._tested(node)

    def visit_Not(self, node: nodes.Not) -> nodes.Node:  # noqa: N802 - Jinja's name
        self.generic_visit(node)
        node.node = self._truth(node.node)
        return node

    def visit_And(self, node: nodes.And) -> nodes.Node:  # noqa: N802 - Jinja's name
        self.generic_visit(node)
        node.left = self._truth(node.left)
        return node

    def _tested(self, node: nodes.If | nodes.CondExpr) -> nodes.Node:
        self.generic_visit(node)
        node.test = self._truth(node.test)
        return node

    def _truth(self, node: nodes.Node) -> nodes.Expr:
        """``node`` with a check of values that are used only for their truth."""
        assert isinstance(node, nodes.Expr)  # noqa: S101 - only expressions are tested
        if isinstance(node, nodes.And | nodes.Or):
            node.left, node.right = self._truth(node.left), self._truth(node.right)
        elif name := _name(node):
            return _filter(node, _TESTED, name, name in self._printed)
        return node


def _name(node: nodes.Node) -> str:
    """The name in the source, dotted if need be; '' for other expressions."""
    if isinstance(node, nodes.Name):
        return node.name
    if isinstance(node, nodes.Getattr):
        inner = _name(node.node)
        return f"{inner}.{node.attr}" if inner else ""
    return ""


class Generator(PrintingGenerator):
    """Generates template code that prints short strings, as most values are, without a call."""

    def before_printed(self, frame: Frame) -> None:
        """Write the test for a short string."""
        if frame.eval_ctx.volatile:
            self.write("(escape if context.eval_ctx.autoescape else str)(")
        else:
            self.write("escape(" if frame.eval_ctx.autoescape else "str(")
        self.write("_v if type(_v := ")

    def after_printed(self) -> None:
        """Write the call for all other values."""
        self.write(f") is str and len(_v) <= {SMALL}")
        if not self.environment.autoescape:  # in text a value's own markup is taken off
            self.write(' and "<" not in _v and "&" not in _v')
        self.write(" else environment.finalize(context, _v))")
