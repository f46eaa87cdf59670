"""The options of `sestui import`, and parsers for those of the form NAME=MEANING."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sestui.core.contact.conflict_policy import OnConflict
from sestui.core.text import printable
from sestui.errors import UsageError

if TYPE_CHECKING:
    from sestui.audience.imports.status_words import Meaning

SUPPRESSED = "suppressed"
"""The only value of ``--as``."""

ImportedFile = Annotated[
    Path,
    typer.Argument(
        metavar="FILE",
        help="CSV, TSV, xlsx, JSON, vCard or a list of addresses, gzip or zip of one; - reads "
        "standard input.",
    ),
]
ListNames = Annotated[
    list[str] | None,
    typer.Option(
        "--list", metavar="NAME", help="A list for them to join; created if needed. Repeatable."
    ),
]
ColumnUses = Annotated[
    list[str] | None,
    typer.Option(
        "--map",
        metavar="COL=FIELD",
        help="A column (name or number) is email, tags, status (who may be mailed), this "
        "attribute, or - (left out). Repeatable.",
    ),
]
ColumnTypes = Annotated[
    list[str] | None,
    typer.Option(
        "--type",
        metavar="COL=TYPE",
        help="The type of a column's cells: int, float, bool, date, date-dmy, date-mdy or "
        "text. Repeatable.",
    ),
]
Encoding = Annotated[
    str | None,
    typer.Option(metavar="E", help="The file's encoding, if it isn't detected correctly: cp1251 …"),
]
Delimiter = Annotated[
    str | None,
    typer.Option(metavar="D", help="What separates its cells: a character, or tab, semicolon …"),
]
As = Annotated[
    str,
    typer.Option("--as", metavar=SUPPRESSED, help="Suppress every address and domain in the file."),
]
StatusMeanings = Annotated[
    list[str] | None,
    typer.Option(
        "--status",
        metavar="VALUE=MEANING",
        help="What a status value means: active, unsubscribed, bounced, complained or "
        "blocklisted. Repeatable.",
    ),
]
AllActive = Annotated[
    bool,
    typer.Option("--all-active", help="Ignore what the file says about who has left."),
]
ConflictPolicy = Annotated[
    OnConflict, typer.Option(help="Contacts already known: fill in, leave alone, replace.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Count everything; change nothing.")]
RejectsPath = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Rejected rows as CSV: line, column, value, reason."),
]


def parse_mapping(options: Sequence[str]) -> dict[str, str]:
    """Parse ``COL=FIELD`` options; a column's name may contain ``=``.

    Raises:
        UsageError: one is not of that form, or a column comes twice.
    """
    return _by_column(
        "--map",
        options,
        form="COL=FIELD, for example --map 'E-Mail=email'",
        twice="that column is already mapped",
    )


def parse_types(options: Sequence[str]) -> dict[str, str]:
    """Parse ``COL=TYPE`` options like :func:`parse_mapping`; types in lower case.

    Raises:
        UsageError: one is not of that form, or a column comes twice.
    """
    found = _by_column(
        "--type",
        options,
        form="COL=TYPE, for example --type age=int",
        twice="that column has a type already",
    )
    return {column: kind.lower() for column, kind in found.items()}


def _by_column(name: str, options: Sequence[str], *, form: str, twice: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for option in options:
        column, equals, value = option.rpartition("=")
        if not equals or not column or not value:
            raise UsageError(f"{name} {printable(option)}: write {form}.")
        if column in found:
            raise UsageError(f"{name} {printable(option)}: {twice}.")
        found[column] = value.strip()
    return found


def parse_words(options: list[str]) -> "dict[str, Meaning]":
    """Parse ``VALUE=MEANING`` options to meanings by folded value.

    Raises:
        UsageError: one is not of that form, or a value comes twice.
    """
    from sestui.audience.imports.status_words import Meaning  # noqa: PLC0415 - only for those who need it
    from sestui.core.text import folded  # noqa: PLC0415 - as above

    words: dict[str, Meaning] = {}
    for option in options:
        value, _, meaning = (part.strip() for part in option.rpartition("="))
        if meaning not in set(Meaning):
            raise UsageError(
                f"--status {printable(option)}: write VALUE=MEANING, where MEANING is one of "
                f"{', '.join(Meaning)}."
            )
        key = folded(value) or value
        if key in words:
            raise UsageError(f"--status {printable(option)}: that value already has a meaning.")
        words[key] = Meaning(meaning)
    return words
