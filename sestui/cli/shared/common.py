"""Helpers for all commands: the runtime, narration and output."""

import json
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sestui.cli.shared import completion
from sestui.core.text import printable

if TYPE_CHECKING:
    from sestui.runtime import Runtime
    from sestui.settings import Settings


@dataclass(frozen=True, slots=True)
class Invocation:
    """How the command was called; typer's ``context.obj``."""

    given: frozenset[str]
    """Names of settings that were given on the command line."""
    began: float
    """When the process started, in monotonic seconds."""


AsJson = Annotated[bool, typer.Option("--json", help="Report as JSON.")]
Name = Annotated[
    str,
    typer.Argument(
        metavar="NAME", help="The campaign's name.", autocompletion=completion.campaigns
    ),
]


@contextmanager
def opened(settings: "Settings | None" = None) -> "Iterator[Runtime]":
    """The runtime for these settings, or for this process's; closed after the block."""
    from sestui.runtime import Runtime  # noqa: PLC0415 - the database is slow to import
    from sestui.settings import load_settings  # noqa: PLC0415 - so is pydantic

    with Runtime.open(settings or load_settings()) as runtime:
        yield runtime


@contextmanager
def until_interrupted() -> Iterator[None]:
    """Let `kill` and Ctrl-C end the block quietly, until the server in it handles them itself."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with suppress(KeyboardInterrupt):
        yield


def say(text: str) -> None:
    """Write narration to stderr, so that stdout is data; ignored if stderr is closed."""
    typer.echo(printable(text), err=True)


def put(text: str) -> None:
    """Write data to stdout."""
    typer.echo(printable(text))


def put_json(value: Any) -> None:
    """Write data as JSON to stdout."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))


def put_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Write a table with columns aligned by spaces."""
    cells = [tuple(head), *(tuple(printable(cell) for cell in row) for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]
    for row in cells:
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        typer.echo(line.rstrip())


def watched() -> bool:
    """Whether stderr is a terminal."""
    return sys.stderr.isatty()
