"""Jinja2 environments: sandboxed, strict about missing values, metered."""

from collections.abc import Iterator
from typing import Any

from jinja2 import Template, TemplateSyntaxError, meta, nodes
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import missing, pass_context

from sestui.core.content._compat import ExplainedUndefined
from sestui.core.content.message import TemplateError
from sestui.core.content.template.budget import check_binop, check_call, check_result, metered
from sestui.core.content.template.instrument import FILTERS, Generator, instrumented
from sestui.core.content.template.local_filters import FILTERS as LOCAL_FILTERS
from sestui.core.content.template.printed_values import FILTERS as PRINTING
from sestui.core.content.template.printed_values import without_markup
from sestui.core.content.template.strict import printable_value
from sestui.core.content.template.unclosed import Unclosed, unclosed_block, unclosed_tag

RANGE_BUDGET = 10_000
"""Total length of all ``range()`` calls in one rendering."""
_OF_EVERY_DICT = frozenset(dir(dict))
_LOADING = (nodes.Extends, nodes.Include, nodes.Import, nodes.FromImport)


class Missing(ExplainedUndefined):
    """A variable without a value: false in conditions, an error when printed.

    ``{{ first_name or 'there' }}`` and ``{% if first_name %}`` work for contacts without a first
    name, while a plain ``{{ first_name }}`` is reported rather than left blank.
    """

    __slots__ = ()

    def __bool__(self) -> bool:  # type: ignore[override] # typed as never returning in the base
        return False

    @staticmethod
    def _explained(hint: str | None, owner: Any, name: str | None) -> str:
        if hint:
            return hint
        if owner is not missing:
            return f"{name!r} is not part of the value it is asked of"
        if name == "view_url":
            return "view_url is not configured (the setting view_url says where mails can be read)"
        return f"{name} has no value; write {{{{ {name} or 'something' }}}} to do without it"


class RangeBudget:
    """``range`` for one rendering; raises OverflowError beyond :data:`RANGE_BUDGET`."""

    def __init__(self) -> None:
        self._left = RANGE_BUDGET

    def __call__(self, *bounds: int) -> range:
        """Like the built-in."""
        numbers = range(*bounds)
        self._left -= len(numbers)
        if self._left < 0:
            raise OverflowError(f"range() yields more than {RANGE_BUDGET:,} numbers in one mail")
        return numbers


class _Environment(ImmutableSandboxedEnvironment):
    intercepted_binops = frozenset({"*", "**", "+", "%"})
    code_generator_class = Generator

    def getattr(self, obj: Any, attribute: str) -> Any:
        """``obj.attribute``, or else ``obj[attribute]``, as in Jinja."""
        # Jinja tries getattr first, and the AttributeError is slow where loops read hundreds of
        # dict values.
        if type(obj) is dict and attribute in obj and attribute not in _OF_EVERY_DICT:
            return obj[attribute]
        return super().getattr(obj, attribute)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Charge or refuse operators that could use up time or memory."""
        check_binop(context, operator, left, right)
        return super().call_binop(context, operator, left, right)

    def call(
        __self,  # noqa: N805 - as in the base: templates may pass an argument named self
        __context: Context,
        __obj: Any,
        *args: Any,
        **kwargs: Any,
    ) -> Any:
        """Charge a call and its result."""
        check_call(__context, __obj, args, kwargs)
        return check_result(__context, super().call(__context, __obj, *args, **kwargs))


@pass_context
def _printed_in_text(context: Context, value: Any) -> Any:
    return without_markup(printable_value(context, value))


def _environment(*, autoescape: bool) -> _Environment:
    # Values are escaped in HTML; in text their markup is removed.
    shown = printable_value if autoescape else _printed_in_text
    environment = _Environment(undefined=Missing, autoescape=autoescape, finalize=shown)
    metered_filters = {
        name: metered(name, function) for name, function in environment.filters.items()
    }
    environment.filters = metered_filters | FILTERS | PRINTING | LOCAL_FILTERS
    # lipsum is random and unlimited; each rendering gets a range with its own budget.
    for name in ("lipsum", "range"):
        del environment.globals[name]
    return environment


PLAIN = _environment(autoescape=False)
HTML = _environment(autoescape=True)
GLOBALS = dict(PLAIN.globals)
"""Names that every template can use besides its variables."""
_TOO_DEEP = "expressions are nested too deeply"


def tokens(source: str, where: str) -> Iterator[tuple[int, str, str]]:
    """Jinja's tokens: (line, kind, text), kinds as in ``jinja2.lexer``.

    Raises:
        TemplateError: a tag or string is not closed.
    """
    try:
        yield from PLAIN.lexer.tokeniter(source, where)
    except TemplateSyntaxError as error:
        raise _syntax_fault(error, where, source) from error


def parsed(source: str, where: str, *, html: bool) -> nodes.Template:
    """The template's syntax tree, to be compiled with the same ``html``.

    Raises:
        TemplateError: as :func:`compiled`.
    """
    try:
        return (HTML if html else PLAIN).parse(source, where, where)
    except TemplateSyntaxError as error:
        raise _syntax_fault(error, where, source) from error
    except RecursionError as error:
        raise TemplateError(where, None, _TOO_DEEP) from error


def compiled(source: str | nodes.Template, where: str, *, html: bool) -> Template:
    """Compile a template; its tracebacks have ``where`` as the file name.

    Raises:
        TemplateError: it isn't valid Jinja, or uses an unknown filter or test.
    """
    environment = HTML if html else PLAIN
    try:
        tree = environment.parse(source, where, where) if isinstance(source, str) else source
        code = environment.compile(instrumented(tree), where, where)
        return Template.from_code(environment, code, environment.make_globals(None))
    except TemplateSyntaxError as error:
        raise _syntax_fault(error, where, source if isinstance(source, str) else "") from error
    except RecursionError as error:
        raise TemplateError(where, None, _TOO_DEEP) from error


def variables_of(source: str, where: str) -> frozenset[str]:
    """The template's variables: attributes, keywords, built-ins and ``range``.

    Raises:
        TemplateError: as :func:`lines_of_variables`.
    """
    return frozenset(lines_of_variables(source, where))


def lines_of_variables(source: str, where: str) -> dict[str, int]:
    """The template's variables, each with the line of its first use.

    Raises:
        TemplateError: it isn't valid Jinja, or loads another template.
    """
    tree = parsed(source, where, html=False)
    try:
        loading = next(iter(tree.find_all(_LOADING)), None)
        if loading is not None:
            raise TemplateError(
                where,
                loading.lineno,
                "a message can't load other templates; in a campaign file "
                '{% include "footer.html" %} puts one in its place',
            )
        names = meta.find_undeclared_variables(tree) - GLOBALS.keys()
        found = [(node.lineno, node.name) for node in tree.find_all(nodes.Name)]
    except TemplateSyntaxError as error:
        raise _syntax_fault(error, where, source) from error
    except RecursionError as error:
        raise TemplateError(where, None, _TOO_DEEP) from error
    # Sorted in reverse, so that the first line wins.
    return {name: line for line, name in sorted(found, reverse=True) if name in names}


def _syntax_fault(error: TemplateSyntaxError, where: str, source: str) -> TemplateError:
    """Jinja's error; of what is never closed, with the line on which it opens."""
    line, said = error.lineno, (error.message or "it is not a Jinja template").rstrip(".")
    unclosed = unclosed_tag(source)
    if unclosed is None and "needs to be closed" in said:
        unclosed = _unclosed_block(source)
    if unclosed is not None and unclosed.line <= line:
        line, said = unclosed.line, unclosed.problem
    return TemplateError(where, line, f"the template is broken: {said}")


def _unclosed_block(source: str) -> Unclosed | None:
    try:
        return unclosed_block(PLAIN.lexer.tokeniter(source, None))
    except TemplateSyntaxError:
        return None
