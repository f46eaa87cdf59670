"""The README names every command and every setting, and no command that isn't there."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

from sestui.cli.main import app
from sestui.settings import Settings

README = (Path(__file__).parents[3] / "README.md").read_text(encoding="utf-8")


def commands(group: Any, path: str = "sestui") -> Iterator[str]:
    for name, command in group.commands.items():
        whole = f"{path} {name}"
        if hasattr(command, "commands"):
            if command.invoke_without_command:
                yield whole
            yield from commands(command, whole)
        else:
            yield whole


COMMANDS = sorted(commands(typer.main.get_command(app)))


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_its_row(command: str) -> None:
    assert f"| `{command}` | " in README


def test_no_row_for_a_command_that_is_not_there() -> None:
    rows = re.findall(r"^\| `(sestui [a-z -]+)` \|", README, re.MULTILINE)
    assert sorted(rows) == COMMANDS


def test_every_setting_has_its_row_and_true_default() -> None:
    rows = dict(re.findall(r"^\| `([a-z_]+)` \| (.+?) \|", README, re.MULTILINE))
    for name, field in Settings.model_fields.items():
        told = rows[name].strip("`")
        default = field.default
        assert told in {str(default), f"{default:g}" if isinstance(default, float) else ""} or (
            told in {"empty", "the machine's", "the user's data folder", "the user's state folder"}
        )


def test_pictures_exist() -> None:
    pictures = re.findall(r"\]\((screenshots/[^)]+)\)", README)
    assert pictures
    assert all((Path(__file__).parents[3] / picture).is_file() for picture in pictures)
