"""A number that no database holds is refused before anything is opened."""

from collections.abc import Iterator
from typing import Any

import pytest
import typer.main

from sestui.cli.main import app
from tests.support.cli import Sestui

LARGE = str(2**63)
Found = tuple[tuple[str, ...], Any, Any]


def _numbers(command: Any, path: tuple[str, ...] = ()) -> Iterator[Found]:
    for parameter in command.params:
        is_number = parameter.type_descriptor.annotation in {int, int | None}
        if is_number and parameter.max is None and not getattr(parameter, "count", False):
            yield path, command, parameter
    for name, each in getattr(command, "commands", {}).items():
        yield from _numbers(each, (*path, name))


def _words(command: Any, number: Any) -> Iterator[str]:
    """The arguments of ``command`` with that parameter too large."""
    for each in command.params:
        value = LARGE if each is number else "1"
        if each is number or each.required:
            yield from [value] if each.param_type_name == "argument" else [each.opts[0], value]


NUMBERS = {
    f"{' '.join(path)} {number.name}": (*path, *_words(command, number))
    for path, command, number in _numbers(typer.main.get_command(app))
}


def test_there_are_numbers_to_look_at() -> None:
    assert {"events quarantine show message_id", "campaign report number"} <= set(NUMBERS)
    assert {"contact find limit", "simulator outbox limit"} <= set(NUMBERS)


@pytest.mark.parametrize("name", NUMBERS)
def test_a_number_that_no_database_holds_is_refused(sestui: Sestui, name: str) -> None:
    said = sestui.refused(2, *NUMBERS[name])
    assert said.endswith(" is too large; the largest number is 9,223,372,036,854,775,807.")
    assert "None" not in said
