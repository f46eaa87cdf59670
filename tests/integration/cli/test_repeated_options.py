"""An option that is given twice is collected or refused: its first value is never lost."""

from collections.abc import Iterator
from typing import Any

import pytest
import typer
import typer.main
from typer.testing import CliRunner

from sestui.cli.main import app
from sestui.cli.shared.commands import Commands
from sestui.errors import UsageError
from tests.support.cli import Sestui


def _options(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    for parameter in command.params:
        if parameter.param_type_name == "option":
            yield path, parameter
    for name, each in getattr(command, "commands", {}).items():
        yield from _options(each, (*path, name))


OPTIONS = list(_options(typer.main.get_command(app)))
SINGLE = [
    (path, option.opts[0])
    for path, option in OPTIONS
    if not option.multiple and not option.is_flag and not option.count
]


def test_there_are_options_to_look_at() -> None:
    assert (("export", "contacts"), "--list") in SINGLE
    assert len(SINGLE) > 50


@pytest.mark.parametrize(("path", "option"), SINGLE)
def test_an_option_for_one_value_is_refused_when_it_is_repeated(
    sestui: Sestui, path: tuple[str, ...], option: str
) -> None:
    said = sestui.refused(2, *path, option, "1", option, "2")
    assert said.endswith("is given 2 times; it takes one value.")


def test_a_switch_is_not_set_both_ways() -> None:
    both = Commands()

    @both.command()
    def _show(*, colour: bool = True) -> None:
        typer.echo(colour)

    run = CliRunner().invoke
    assert run(both, ["--no-colour"]).stdout == "False\n"
    assert isinstance(run(both, ["--colour", "--no-colour"]).exception, UsageError)


@pytest.mark.parametrize(
    "arguments",
    [
        ("--set", "account=ses", "--set", "account=simulator", "account"),
        ("--account", "ses", "--set", "account=simulator", "account"),
        ("task", "add", "x", "--type", "backup", "--schedule", "@daily", "-p", "a=1", "-p", "a=2"),
    ],
)
def test_a_name_gets_one_value(sestui: Sestui, arguments: tuple[str, ...]) -> None:
    assert "is given 2 times; give it one value" in sestui.refused(2, *arguments)


def test_saying_the_same_switch_twice_changes_nothing(sestui: Sestui) -> None:
    assert sestui.ok("campaign", "list", "--json", "--json").strip() == "[]"
