"""Groups of commands that refuse repeated options."""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import typer
from typer.core import TyperCommand, TyperGroup

from sestui.core.text import printable
from sestui.errors import UsageError

_LARGEST_NUMBER = 2**63 - 1

_Function = TypeVar("_Function", bound=Callable[..., Any])


class Commands(typer.Typer):
    """A typer app that refuses an option with one value if it is given twice.

    typer would silently use the last value.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(cls=_Group, **options)

    def command(self, name: str | None = None, **options: Any) -> Callable[[_Function], _Function]:
        """Register a command, as typer does."""
        return super().command(name, cls=_Command, **options)


def refuse_repeated(option: str, names: Iterable[str]) -> None:
    """Check that no NAME is repeated in the NAME=VALUEs of one option.

    Raises:
        UsageError: one is; the sentence names it.
    """
    for name, count in Counter(names).items():
        if count > 1:
            raise UsageError(
                f"{option} {printable(name)} is given {count} times; give it one value."
            )


class _Command(TyperCommand):
    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        _refuse_repeated_options(self, ctx, args)
        rest = super().parse_args(ctx, args)
        _refuse_large_numbers(self, ctx)
        return rest


class _Group(TyperGroup):
    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        _refuse_repeated_options(self, ctx, args)
        rest = super().parse_args(ctx, args)
        _refuse_large_numbers(self, ctx)
        return rest


def _refuse_large_numbers(command: TyperCommand | TyperGroup, ctx: Any) -> None:
    """No database holds such a number, as an id or as a limit."""
    for parameter in command.params:
        value = ctx.params.get(parameter.name)
        if isinstance(value, int) and abs(value) > _LARGEST_NUMBER:
            is_option = parameter.param_type_name == "option"
            name = max(parameter.opts, key=len) if is_option else str(parameter.metavar).strip("[]")
            raise UsageError(f"{name} is too large; the largest number is {_LARGEST_NUMBER:,}.")


def _refuse_repeated_options(command: TyperCommand | TyperGroup, ctx: Any, args: list[str]) -> None:
    if ctx.resilient_parsing:  # completion of an incomplete line
        return
    _values, _rest, order = command.make_parser(ctx).parse_args(args=list(args))
    for parameter, count in Counter(order).items():
        if count > 1 and _holds_one_value(parameter):
            name = max(parameter.opts, key=len)
            raise UsageError(f"{name} is given {count} times; it takes one value.")


def _holds_one_value(parameter: Any) -> bool:
    """Whether a second value would replace the first, unlike for ``--json --json``."""
    if parameter.param_type_name != "option" or parameter.multiple:
        return False
    return not parameter.is_flag or bool(parameter.secondary_opts)
