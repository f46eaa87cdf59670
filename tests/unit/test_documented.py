"""The guide has every command, option, setting and letter, and none that doesn't exist."""

import re
import shlex
from collections.abc import Iterator
from typing import Any

import pytest
import typer.main

from sestui.cli.main import app
from sestui.settings import Settings
from tests.support import documents, letters

ROOT_COMMAND = typer.main.get_command(app)


def commands(group: Any, path: str = "sestui") -> Iterator[tuple[str, Any]]:
    for name, command in group.commands.items():
        whole = f"{path} {name}"
        if not hasattr(command, "commands") or command.invoke_without_command:
            yield whole, command
        if hasattr(command, "commands"):
            yield from commands(command, whole)


COMMANDS = dict(commands(ROOT_COMMAND))


def test_every_command_has_its_row_and_no_other_has_one() -> None:
    told = [row[0] for row in documents.rows(r"\| `(sestui [a-z -]+)` \| \S")]
    assert sorted(told) == sorted(COMMANDS)


def told_options() -> dict[str, set[str]]:
    """The options that the page of options has, by command."""
    found: dict[str, set[str]] = {}
    command = ""
    for line in documents.read("docs/guide/options.md").prose:
        if line.startswith("## "):
            command = line.removeprefix("## ")
            found[command] = set()
        elif line.startswith(("- `-", "  `-")):
            head = line.partition("`:")[0]
            found[command] |= set(re.findall(r"`(--?[a-z][a-z-]*)", head))
    return found


EVERYWHERE = {"--help", "-h", "--json"}


def test_every_option_is_told_and_no_other_is() -> None:
    real = {
        name: options(command) - EVERYWHERE
        for name, command in {"sestui": ROOT_COMMAND, **COMMANDS}.items()
    }
    assert told_options() == {name: found for name, found in real.items() if found}


def test_every_setting_has_its_row_and_true_default() -> None:
    rows = dict(documents.rows(r"\| `([a-z_]+)` \| (.+?) \| \S"))
    for name, field in Settings.model_fields.items():
        told = rows[name].strip("`")
        default = field.default
        assert told in {str(default), f"{default:g}" if isinstance(default, float) else ""} or (
            told in {"empty", "the machine's", "the user's data folder", "the user's state folder"}
        )


def command_lines(name: str) -> Iterator[str]:
    """What a page has of sestui's command lines, in blocks and in sentences."""
    page = documents.read(name)
    yield from (line for block in page.blocks for line in block.lines)
    yield from page.spans


def options(command: Any) -> set[str]:
    options = [each for each in command.params if each.param_type_name == "option"]
    found = {each for option in options for each in option.opts + option.secondary_opts}
    return found | {"--help", "-h"}


NAME_OF_A_COMMAND = r"(?!simulator|ses\b)[a-z][a-z-]*"
"""Or of one that there isn't; not a value of the option ``--account``."""


def unknown(line: str) -> list[str]:
    """The commands and options of a command line that don't exist."""
    words = shlex.split(line.replace("…", ""), comments=True)
    command: Any = ROOT_COMMAND
    known = options(command)
    for word in words[1:]:
        if word in getattr(command, "commands", {}):
            command = command.commands[word]
            known |= options(command)
        elif word in {"|", "||", "&&"}:
            break
        elif word.startswith("--"):
            if word.partition("=")[0] not in known:
                return [word]
        elif hasattr(command, "commands") and re.fullmatch(NAME_OF_A_COMMAND, word):
            return [word]
    return []


@pytest.mark.parametrize("name", [name for name in documents.NAMES if name != "CHANGELOG.md"])
def test_command_lines_name_commands_and_options_that_exist(name: str) -> None:
    lines = [line for line in command_lines(name) if line.startswith("sestui ")]
    assert [(line, wrong) for line in lines if (wrong := unknown(line))] == []


def test_a_wrong_command_or_option_is_found() -> None:
    assert unknown("sestui campaign recheck NAME") == ["recheck"]
    assert unknown("sestui --account ses send NAME --agin  # again") == ["--agin"]
    assert unknown("sestui import FILE --list a --dry-run") == []


def test_every_letter_has_its_row_and_no_other_has_one() -> None:
    """A new key takes a letter of its meaning, or one that the table has nowhere in reach."""
    rows, bound = letters.told(), list(letters.bound())

    def covers(row: letters.Meaning, letter: letters.Letter) -> bool:
        places = row.places | ({letter.place} if letters.EVERYWHERE in row.places else set())
        return row.key == letter.key and letter.label in row.labels and letter.place in places

    assert [each for each in bound if not any(covers(row, each) for row in rows)] == []
    unused = {
        (row.key, label)
        for row in rows
        for label in row.labels
        if not any(covers(row, each) and each.label == label for each in bound)
    }
    assert unused == set()


def test_no_letter_means_two_things_in_reach_of_each_other() -> None:
    pairs = letters.in_reach()
    assert {frozenset({"campaigns", "compose"}), frozenset({"deliveries", "log"})} <= pairs
    rows = letters.told()
    twice = [
        (one, other)
        for number, one in enumerate(rows)
        for other in rows[:number]
        if one.key == other.key and letters.meet(one, other, pairs)
    ]
    assert twice == []


def test_letters_that_meet_are_found() -> None:
    def row(key: str, *places: str) -> letters.Meaning:
        return letters.Meaning(key, frozenset({"Label"}), frozenset(places))

    pairs = {frozenset({"log", "deliveries"})}
    assert letters.meet(row("c", "log"), row("c", "deliveries", "home"), pairs)
    assert letters.meet(row("c", "log"), row("c", "log"), pairs)
    assert letters.meet(row("c", "everywhere"), row("c", "home"), pairs)
    assert not letters.meet(row("c", "log"), row("c", "home"), pairs)
