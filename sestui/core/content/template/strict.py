"""Strict tests, comparisons and printing of values in templates.

In Python ``"5" == 5`` is False, the string ``no`` is true and a function prints as ``<function
…>``. In a message each of these is an error before sending.
"""

import operator
from collections.abc import Callable, Iterator, Mapping
from datetime import date, time, timedelta
from decimal import Decimal
from typing import Any

from jinja2.runtime import Context, Undefined
from jinja2.utils import pass_context
from markupsafe import Markup

from sestui.core.content.template.budget import charge_text

_FALSE = frozenset({"false", "0", "0.0"})
_NO = frozenset({"no", "off", "n", "f"})
"""These mean false too, unless the value is also printed, as a name or an answer."""


class ValueFault(Exception):  # noqa: N818 - turned into a TemplateError with part and line
    """A value is used in a way it can't be; the text is the end of a sentence."""


_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "lteq": operator.le,
    "gt": operator.gt,
    "gteq": operator.ge,
}


def compared(left: Any, how: str, right: Any, name: str) -> Any:
    """Apply Jinja's comparison ``how``; ``name`` is the variable's, for the error.

    Raises:
        ValueFault: a string is compared with a number or a boolean.
    """
    if how in {"in", "notin"}:
        several = isinstance(right, list | tuple | set | frozenset) and bool(right)
        if several and not any(_comparable(left, each) for each in right):
            raise _mixed(name, left, next(iter(right)))
        found = left in right
        return found if how == "in" else not found
    if not _comparable(left, right):
        raise _mixed(name, left, right)
    return _OPERATORS[how](left, right)


def _comparable(left: Any, right: Any) -> bool:
    if type(left) is type(right):
        return True
    if isinstance(left, str):
        return not isinstance(right, int | float | Decimal)
    return not (isinstance(right, str) and isinstance(left, int | float | Decimal))


def _mixed(name: str, left: Any, right: Any) -> ValueFault:
    other = right if isinstance(left, str) else left
    what, kind = ("true or false", "bool") if isinstance(other, bool) else ("a number", "int")
    if not name:
        return ValueFault(f"a text is compared with {what}, which is never equal")
    return ValueFault(
        f"{name}: a text is compared with {what}; import the column as {kind}, or "
        "compare it with a text"
    )


def tested(value: Any, name: str, printed: bool) -> Any:
    """``value``, of which only the truth is used here; ``printed``: it is printed elsewhere.

    Raises:
        ValueFault: it is a string such as ``no``, which would count as true.
    """
    if isinstance(value, str) and len(value) < 6:
        word = value.strip().lower()
        if word in _FALSE or (word in _NO and not printed):
            raise ValueFault(
                f"{name} is the text '{word}', which counts as true; import the column as bool, "
                f"or compare it, as in {name} == 'yes'"
            )
    return value


_VALUES = (str, int, float, Decimal, date, time, timedelta, Undefined)


@pass_context
def printable_value(context: Context, value: Any) -> Any:
    """``value``, if people can read it.

    Raises:
        ValueFault: it is a list, a function or another object.
    """
    kind = type(value)
    if kind is str or kind is Markup:
        charge_text(context, value)
        return value
    if isinstance(value, _VALUES) or hasattr(value, "__html__"):
        return value
    raise ValueFault(f"it prints {_kind(value)}")


def check_joined(values: list[Any]) -> None:
    """Check the operands of ``~``.

    Raises:
        ValueFault: one of them is not a printable value.
    """
    for each in values:
        if not isinstance(each, _VALUES):
            raise ValueFault(f"it puts together {_kind(each)}")


def _kind(value: Any) -> str:
    if value is None:
        return "none, which is not a value"
    if isinstance(value, list | tuple | set | frozenset | Iterator):
        return "a list; write | join(', ') behind it, or a loop"
    if isinstance(value, Mapping):
        return "a mapping, not one of its values; write its name, a dot and the value's name"
    if callable(value):
        return "a function, which is not a value"
    return "something of the template's own, which is not a value"
