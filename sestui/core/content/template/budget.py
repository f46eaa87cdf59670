"""Limit the time and memory that rendering one mail may take.

A few characters of a template (``"x".ljust(3000000000)``, nested loops, a macro that calls itself
twice) could use up all memory, or run for years. Whatever repeats is charged before it runs, in
units of about one character; steps cost more.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from jinja2.runtime import Context, LoopContext
from jinja2.utils import pass_context
from markupsafe import Markup

from sestui.core.content._compat import PassArg

BUDGET = 5_000_000
"""Units for one mail: about 100,000 steps, or a few hundredths of a second."""
STEP = 50
"""Units for an iteration or a call."""
LARGEST_NUMBER = 10_000
"""The largest width, count or precision."""
_LARGEST_BITS = 4_096
_LARGEST_EXPONENT = 64
_TEXTS = frozenset({str, Markup})
_FEW = 10
_ITEM = 20
"""Units for any value in a list or mapping."""
SMALL = 100
"""Printing texts up to this length is not charged."""
_KEY = "\0budget"
"""The meter's name among the variables, which no template can contain."""
_NUMBERS = frozenset({int, float, bool})
_NESTED_FIELD = re.compile(r":[^{}]*\{")
_LONG_NUMBER = re.compile(r"\d{5,}")


class OverBudgetError(Exception):
    """Rendering exceeds the budget."""

    def __init__(self, why: str = "") -> None:
        super().__init__(
            why
            or "it takes too much time or memory to render; its loops and macros repeat too much"
        )


class Meter:
    """The budget of one mail."""

    __slots__ = ("_left",)

    def __init__(self) -> None:
        self._left = BUDGET

    def charge(self, units: int) -> None:
        """Take ``units`` from the budget.

        Raises:
            OverBudgetError: the budget is used up.
        """
        self._left -= units
        if self._left < 0:
            raise OverBudgetError

    def charge_for(self, value: Any, times: int = 1) -> None:
        """Charge the length of ``value`` as text, ``times`` over.

        Raises:
            OverBudgetError: the budget is used up.
        """
        waiting, units = [value], 0
        most = self._left // max(times, 1)
        while waiting:
            each = waiting.pop()
            if isinstance(each, str | bytes):
                units += len(each)
            elif isinstance(each, Mapping):
                waiting += each.keys()
                waiting += each.values()
            elif isinstance(each, list | tuple | set | frozenset):
                waiting += each
            units += _ITEM
            if units > most:
                raise OverBudgetError
        self.charge(units * max(times, 1))


def with_meter(values: dict[str, Any]) -> dict[str, Any]:
    """Add a fresh meter to the variables of one mail; returns ``values``."""
    values[_KEY] = Meter()
    return values


def meter_of(context: Context) -> Meter:
    """The meter of the mail that is being rendered."""
    found = context.parent.get(_KEY)
    if found is None:
        found = context.parent[_KEY] = Meter()
    assert isinstance(found, Meter)  # noqa: S101 - no template can set that name
    return found


def charge_text(context: Context, text: str) -> None:
    """Charge printed text, unless it is short."""
    if len(text) > SMALL:
        meter_of(context).charge(len(text))


@pass_context
def counted(context: Context, items: Iterable[Any], weight: int) -> Iterable[Any]:
    """A loop's iterable, with ``weight`` charged for each iteration."""
    meter = meter_of(context)
    try:
        count = len(items)  # type: ignore[arg-type] # TypeError is handled
    except TypeError:
        return _counting(items, meter, weight)
    meter.charge(count * weight)
    return items


def _counting(items: Iterable[Any], meter: Meter, weight: int) -> Iterator[Any]:
    for each in items:
        meter.charge(weight)
        yield each


@pass_context
def weighed(context: Context, value: Any) -> Any:
    """Charge a list or mapping that a template builds by its length as text."""
    meter_of(context).charge_for(value)
    return value


@pass_context
def charged(context: Context, weight: int) -> str:
    """Charge one call of a macro; prints nothing."""
    meter_of(context).charge(weight)
    return ""


# operators


def check_binop(context: Context, operator: str, left: Any, right: Any) -> None:
    """Charge or refuse an operator that could use up time or memory."""
    if operator == "**":
        if abs(left) > 10**6 or abs(right) > _LARGEST_EXPONENT:
            raise OverBudgetError("the power is too large for a mail")
    elif operator == "*":
        for sequence, times in ((left, right), (right, left)):
            if isinstance(times, int) and isinstance(sequence, str | bytes | list | tuple):
                try:
                    meter_of(context).charge_for(sequence, times)
                except OverBudgetError as error:
                    raise OverBudgetError("it repeats something too often for a mail") from error
        if isinstance(left, int) and isinstance(right, int):
            _check_bits(left, right)
    elif operator == "+":
        if isinstance(left, str | bytes | list | tuple):
            meter_of(context).charge_for((left, right))
    elif isinstance(left, str | bytes):
        _check_format(context, str(left), right if isinstance(right, tuple) else (right,), "%")


def _check_bits(left: int, right: int) -> None:
    if left.bit_length() + right.bit_length() > _LARGEST_BITS:
        raise OverBudgetError("the number is too large for a mail")


def _check_format(context: Context, template: str, given: Sequence[Any], mark: str) -> None:
    """Check widths and charge repeated values, for both kinds of formatting."""
    has_wide, takes_widths = _format_kind(template, mark)
    if has_wide:
        raise OverBudgetError("a width is too large for a mail")
    if takes_widths:
        _check_numbers(given)
    for each in given:
        if type(each) not in _NUMBERS:
            meter_of(context).charge_for(given, template.count(mark))
            break


@lru_cache(maxsize=512)
def _format_kind(template: str, mark: str) -> tuple[bool, bool]:
    """Whether it has a huge width, and whether it takes widths from its values."""
    takes = "*" in template if mark == "%" else _NESTED_FIELD.search(template) is not None
    return _LONG_NUMBER.search(template) is not None, takes


def _check_numbers(given: Iterable[Any]) -> None:
    for each in given:
        if isinstance(each, int | float) and abs(each) > LARGEST_NUMBER:
            raise OverBudgetError(f"a width or count is above {LARGEST_NUMBER:,}")


# calls


def check_call(context: Context, called: Any, args: Sequence[Any], more: Mapping[str, Any]) -> None:
    """Charge a call; refuse string methods with huge arguments."""
    meter = meter_of(context)
    meter.charge(STEP)
    if isinstance(called, LoopContext) and args:
        meter.charge_for(args[0], STEP)
        return
    method = getattr(called, "__wrapped__", called)  # the sandbox wraps str.format
    owner, name = getattr(method, "__self__", None), getattr(method, "__name__", "")
    if isinstance(owner, str | bytes):
        _check_method(context, owner, name, (*args, *more.values()))
    elif isinstance(owner, int):
        _check_numbers(args)


def _check_method(context: Context, owner: str | bytes, name: str, given: Sequence[Any]) -> None:
    if name in {"ljust", "rjust", "center", "zfill", "expandtabs"}:
        _check_numbers(given)
        if name == "expandtabs":
            meter_of(context).charge_for(owner, int(given[0]) if given else 8)
    elif name in {"format", "format_map"}:
        _check_format(context, str(owner), given, "{")
    elif name == "replace":
        _charge_replaced(context, *given[:2], text=owner)
    elif name == "join" and given:
        _charge_joined(context, given[0], owner)
    elif name == "translate" and given and isinstance(given[0], Mapping):
        longest = max((len(v) for v in given[0].values() if isinstance(v, str)), default=1)
        meter_of(context).charge(len(owner) * longest)


def check_result(context: Context, result: Any) -> Any:
    """Charge the result of a call or filter; returns it."""
    if isinstance(result, str):
        charge_text(context, result)
    elif isinstance(result, list | tuple | dict):
        meter_of(context).charge_for(result)
    return result


def _charge_replaced(context: Context, old: Any = "", new: Any = "", *, text: Any = "") -> None:
    times = len(text) + 1 if isinstance(text, bytes) else str(text).count(str(old))
    meter_of(context).charge(len(text) + times * (len(str(new)) + 1))


def _charge_joined(context: Context, items: Any, between: Any) -> None:
    if isinstance(items, str | bytes | list | tuple | set | frozenset | Mapping):
        meter_of(context).charge_for(items)
        meter_of(context).charge(len(items) * len(between))


# filters


def _joined(context: Context, items: Any, between: Any = "", *_: Any, **__: Any) -> None:
    _charge_joined(context, items, str(between))


def _numbers(_context: Context, _value: Any, *given: Any, **more: Any) -> None:
    _check_numbers((*given, *more.values()))


def _filled(context: Context, value: Any, *given: Any, **more: Any) -> None:
    _check_numbers((*given, *more.values()))
    for each in (*given, *more.values()):
        if isinstance(each, int) and isinstance(value, str | list | tuple):
            meter_of(context).charge((len(value) + abs(each)) * _longest(given, more))


def _longest(given: Sequence[Any], more: Mapping[str, Any]) -> int:
    return max((len(v) for v in (*given, *more.values()) if isinstance(v, str)), default=1)


def _spread(context: Context, value: Any, *given: Any, **more: Any) -> None:
    meter_of(context).charge_for(value, _longest(given, more))


def _indented(context: Context, value: Any, width: Any = 4, *given: Any, **more: Any) -> None:
    width = more.get("width", width)
    _check_numbers([width])
    wide = len(width) if isinstance(width, str) else int(width)
    meter_of(context).charge(len(value) + (str(value).count("\n") + 1) * wide)


def _replaced(context: Context, value: Any, *given: Any, **more: Any) -> None:
    old, new = (*given, more.get("old", ""), more.get("new", ""))[:2]
    _charge_replaced(context, old, more.get("new", new), text=str(value))


def _formatted(context: Context, value: Any, *given: Any, **more: Any) -> None:
    _check_format(context, str(value), (*given, *more.values()), "%")


def is_plain_format(template: str) -> bool:
    """Whether its result is short by itself: no large widths, few values."""
    return template.count("%") <= _FEW and not any(_format_kind(template, "%"))


def _passed(context: Context, value: Any, *_: Any, **__: Any) -> None:
    meter_of(context).charge_for(value)


_BEFORE: dict[str, Callable[..., None]] = {
    **dict.fromkeys(("center", "round", "tojson"), _numbers),
    **dict.fromkeys(("batch", "slice"), _filled),
    **dict.fromkeys(("wordwrap", "urlize", "xmlattr"), _spread),
    **dict.fromkeys(("list", "sort", "unique", "sum", "groupby", "dictsort", "pprint"), _passed),
    "indent": _indented,
    "replace": _replaced,
    "join": _joined,
    "format": _formatted,
}
"""What is charged or refused before filters that can produce long results."""


def metered(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """The filter, metered if it can produce long results."""
    before = _BEFORE.get(name)
    if before is None:
        return function
    wants = PassArg.from_obj(function)

    @pass_context
    def filtered(context: Context, value: Any, *args: Any, **more: Any) -> Any:
        if type(value) not in _TEXTS and hasattr(value, "__next__"):
            value = list(counted(context, value, 1))
        before(context, value, *args, **more)
        if wants is PassArg.context:
            result = function(context, value, *args, **more)
        elif wants is PassArg.eval_context:
            result = function(context.eval_ctx, value, *args, **more)
        elif wants is PassArg.environment:
            result = function(context.environment, value, *args, **more)
        else:
            result = function(value, *args, **more)
        return check_result(context, result)

    return filtered
