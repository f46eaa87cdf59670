"""``sestui log``: the log's path and last lines."""

from typing import Annotated

import typer

from sestui import log
from sestui.cli.shared.common import AsJson, put, put_json, say
from sestui.errors import BadFileError


def log_command(
    *,
    lines: Annotated[
        int, typer.Option("-n", "--lines", min=0, metavar="N", help="How many lines to show.")
    ] = 40,
    path_only: Annotated[
        bool, typer.Option("--path", help="Show only its path, whether or not it exists.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show the path of sestui's log and its last lines, with the tracebacks of errors.

    The lines go to standard output, the path to standard error.
    """
    from sestui.settings import load_settings  # noqa: PLC0415 - pydantic is slow

    path = load_settings().state_dir / log.FILE_NAME
    if path_only and not as_json:
        put(str(path))
        return
    try:
        found = [] if path_only else log.last_lines(path, lines)
    except OSError as error:
        raise BadFileError(f"The log {path} can't be read: {error.strerror}.") from error
    if as_json:
        put_json({"path": str(path)} | ({} if path_only else {"lines": found}))
        return
    say(f"The log is {path}." if found or path.exists() else f"Nothing has been logged in {path}.")
    for line in found:
        put(line)
