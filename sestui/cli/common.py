"""What every command needs: the runtime, and the two ways to speak."""

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sestui.cli import completion
from sestui.core.text import printable

if TYPE_CHECKING:
    from sestui.runtime import Runtime
    from sestui.settings import Settings


@dataclass(frozen=True, slots=True)
class Invocation:
    """What every command may know of how it was called; typer's ``context.obj``."""

    given: frozenset[str]
    """Names of settings that were given on the command line."""
    began: float
    """When the process began, in monotonic seconds."""


AsJson = Annotated[bool, typer.Option("--json", help="Report as JSON.")]
Name = Annotated[
    str,
    typer.Argument(
        metavar="NAME", help="The campaign's name.", autocompletion=completion.campaigns
    ),
]


@contextmanager
def opened(settings: "Settings | None" = None) -> "Iterator[Runtime]":
    """The runtime of these settings, or of this process's own; closed at the end."""
    from sestui.runtime import Runtime  # noqa: PLC0415 - the database is slow to import
    from sestui.settings import load_settings  # noqa: PLC0415 - so is pydantic

    with Runtime.open(settings or load_settings()) as runtime:
        yield runtime


def say(text: str) -> None:
    """Narration: to stderr, so that stdout is data. Where nobody can hear it, the work goes on."""
    typer.echo(printable(text), err=True)


def put(text: str) -> None:
    """Data: to stdout."""
    typer.echo(printable(text))


def put_json(value: Any) -> None:
    """Data as JSON: to stdout."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))


def put_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Columns aligned by spaces: readable, and easy for awk."""
    cells = [tuple(head), *(tuple(printable(cell) for cell in row) for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]
    for row in cells:
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        typer.echo(line.rstrip())


def watched() -> bool:
    """Whether a person watches the narration."""
    return sys.stderr.isatty()
