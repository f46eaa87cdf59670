"""The operator's own editor."""

import os
import shlex
import shutil
import subprocess
from pathlib import Path

from sestui.errors import UsageError

_USUAL = ("editor", "nano", "vi")


def editor_command() -> list[str]:
    """The command in $VISUAL or $EDITOR, else an installed editor.

    Raises:
        UsageError: there is none.
    """
    for name in ("VISUAL", "EDITOR"):
        given = os.environ.get(name, "").strip()
        if given:
            return _checked(name, given)
    for usual in _USUAL:
        if shutil.which(usual):
            return [usual]
    raise UsageError("No editor found; set EDITOR to yours, as in EDITOR=vim.")


def _checked(name: str, given: str) -> list[str]:
    try:
        command = shlex.split(given)
    except ValueError as error:
        raise UsageError(f"{name} is {given!r}, which is not a command: {error}.") from error
    if not command or shutil.which(command[0]) is None:
        raise UsageError(f"{name} is {given!r}, which can't be found; set it to your editor.")
    return command


def edit(command: list[str], path: Path, line: int) -> str:
    """Open the file at a line, wait for the editor's end, and read it back.

    Raises:
        UsageError: the editor failed, or left no text behind.
    """
    at = [f"+{line}"] if Path(command[0]).name in {"editor", "nano", "vi", "vim", "nvim"} else []
    try:
        code = subprocess.run([*command, *at, str(path)], check=False).returncode  # noqa: S603 - the operator's own command
        if code:
            raise UsageError(f"{command[0]} ended with {code}: the text has not been changed.")
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise UsageError(
            f"What {command[0]} wrote can't be read ({reason}): the text has not been changed."
        ) from error
