"""Ask the user for the meaning of a file's unknown statuses."""

import typer

from sestui.audience.imports.columns import tidy
from sestui.audience.imports.status_words import Meaning
from sestui.audience.imports.statuses import UnknownStatus, UnknownStatusError
from sestui.cli.shared.common import say
from sestui.core.text import folded, printable

_ATTRIBUTE, _OUT = "attribute", "-"
_ANSWERS = (*Meaning, _ATTRIBUTE, _OUT)


def ask(error: UnknownStatusError, mapping: dict[str, str], words: dict[str, Meaning]) -> None:
    """Ask for each unknown value's meaning; answers are added to ``mapping`` and ``words``."""
    for column in error.columns:
        say(f"{column.sentence[0].upper()}{column.sentence[1:]}.")
        say(
            f"Answer {', '.join(Meaning)}; or {_ATTRIBUTE} to keep the column as one, or {_OUT} to "
            "leave it out."
        )
        use = _ask_of(column, words)
        if use:
            mapping[column.label] = use


def _ask_of(column: UnknownStatus, words: dict[str, Meaning]) -> str:
    """The column's use instead; '' if every value has a meaning now."""
    for value in column.values:
        answer = ""
        while answer not in _ANSWERS:
            answer = typer.prompt(
                f"{printable(column.label)}: {printable(value)} means", err=True
            ).strip()
        if answer == _OUT:
            return _OUT
        if answer == _ATTRIBUTE:
            return f"{tidy(column.label) or 'column'}_text"
        words[folded(value) or value] = Meaning(answer)
    return ""
