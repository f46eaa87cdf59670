"""Names of settings, as they are given in the environment and mistyped."""

import difflib
import os
from collections.abc import Collection

_PREFIX = "SESTUI_"
_NO_SETTINGS = ("SESTUI_CONFIG", "SESTUI_BENCH_")
"""Known variables that aren't settings: the file's path, and those for benchmarks."""


def unknown_names(known: Collection[str]) -> str:
    """A sentence on unknown variables that are named like settings; or ''.

    Names the settings that may be meant, as the variables have no effect.
    """
    names = sorted(
        name
        for name in os.environ
        if name.upper().startswith(_PREFIX)
        and not name.upper().startswith(_NO_SETTINGS)
        and name.upper().removeprefix(_PREFIX).lower() not in known
    )
    said = []
    for name in names:
        close = _close(name.upper().removeprefix(_PREFIX).lower(), known)
        said.append(f"{name} (did you mean {_PREFIX}{close.upper()}?)" if close else name)
    if not said:
        return ""
    what = "is not a setting" if len(said) == 1 else "are not settings"
    return f"{', '.join(said)} in the environment {what}"


def value_error(message: str) -> str:
    """What pydantic says is wrong with a value, to go on with after a colon."""
    text = message.removeprefix("Value error, ")
    return text[:1].lower() + text[1:]


def suggested(name: str, known: Collection[str]) -> str:
    """What to do about an unknown name of a setting."""
    close = _close(name, known)
    return f"did you mean {close}?" if close else "`sestui config show` lists them all"


def _close(name: str, known: Collection[str]) -> str:
    """The setting with a similar name; '' if there is none."""
    return next(iter(difflib.get_close_matches(name, known, n=1)), "")
