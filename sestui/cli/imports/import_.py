"""`sestui import`: contacts from a file."""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sestui.cli.imports.import_options import parse_mapping, parse_types, parse_words
from sestui.cli.imports.import_report import put_imported, put_suppressed
from sestui.cli.shared.common import say
from sestui.core.contact.conflict_policy import OnConflict
from sestui.core.text import printable
from sestui.errors import UsageError

if TYPE_CHECKING:
    from sestui.audience.imports.importer import ImportResult, Progress
    from sestui.audience.imports.status_words import Meaning
    from sestui.audience.imports.statuses import FileSays
    from sestui.audience.sources.file_cells import Reading

_SUPPRESSED = "suppressed"


def import_command(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="CSV, TSV, xlsx, JSON, vCard or a list of addresses, gzip or zip of one; - reads "
            "standard input.",
        ),
    ],
    list_names: Annotated[
        list[str] | None,
        typer.Option(
            "--list", metavar="NAME", help="A list for them to join; created if needed. Repeatable."
        ),
    ] = None,
    *,
    map_: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            metavar="COL=FIELD",
            help="A column (name or number) is email, tags, status (who may be mailed), this "
            "attribute, or - (left out). Repeatable.",
        ),
    ] = None,
    type_: Annotated[
        list[str] | None,
        typer.Option(
            "--type",
            metavar="COL=TYPE",
            help="The type of a column's cells: int, float, bool, date, date-dmy, date-mdy or "
            "text. "
            "Repeatable.",
        ),
    ] = None,
    encoding: Annotated[
        str | None,
        typer.Option(
            metavar="E", help="The file's encoding, if it isn't detected correctly: cp1251 …"
        ),
    ] = None,
    delimiter: Annotated[
        str | None,
        typer.Option(
            metavar="D", help="What separates its cells: a character, or tab, semicolon …"
        ),
    ] = None,
    as_: Annotated[
        str,
        typer.Option(
            "--as", metavar=_SUPPRESSED, help="Suppress every address and domain in the file."
        ),
    ] = "",
    status: Annotated[
        list[str] | None,
        typer.Option(
            "--status",
            metavar="VALUE=MEANING",
            help="What a status value means: active, unsubscribed, bounced, complained or "
            "blocklisted. Repeatable.",
        ),
    ] = None,
    all_active: Annotated[
        bool,
        typer.Option("--all-active", help="Ignore what the file says about who has left."),
    ] = False,
    on_conflict: Annotated[
        OnConflict, typer.Option(help="Contacts already known: fill in, leave alone, replace.")
    ] = OnConflict.UPDATE,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Count everything; change nothing.")
    ] = False,
    rejects: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Rejected rows as CSV: line, column, value, reason."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Report as JSON.")] = False,
) -> None:
    """Import contacts into lists: all of the file, or nothing if it can't be read to its end.

    Who has left by the file's own word comes in as unsubscribed or suppressed.
    """
    # Only for those who import.
    from sestui.audience.sources.file_cells import Reading  # noqa: PLC0415

    mapping = parse_mapping(map_ or [])
    reading = Reading(encoding, delimiter)
    if as_ not in {"", _SUPPRESSED}:
        raise UsageError(f"--as {printable(as_)}: must be {_SUPPRESSED}, or left out.")
    if as_:
        if list_names or type_ or status or all_active:
            raise UsageError(
                "--as suppressed suppresses everyone in the file and adds them to no list; leave "
                "out --list, "
                "--type, --status and --all-active."
            )
        _suppress(file, mapping, reading, dry_run=dry_run, rejects=rejects, as_json=as_json)
        return
    words = parse_words(status or [])
    lists = list(dict.fromkeys(list_names or []))
    if not lists and not _names_its_lists(file, reading):
        raise typer.BadParameter("name a list for them to join.", param_hint="--list")
    result = _imported(
        file,
        lists,
        mapping,
        types=parse_types(type_ or []),
        reading=reading,
        words=words,
        all_active=all_active,
        on_conflict=on_conflict,
        dry_run=dry_run,
        rejects=rejects,
    )
    put_imported(result, file, lists, rejects, as_json=as_json)
    if not result.contacts and not result.addresses_only:
        say(
            f"{printable(str(file))} contains no contacts; nothing has been changed. --map says "
            "which "
            "column holds the addresses, --encoding and --delimiter say how to read it."
        )
        raise typer.Exit(1)


def _names_its_lists(file: Path, reading: "Reading") -> bool:
    """Whether a file says itself which lists its contacts are on, as far as can be told now."""
    from sestui.audience.imports.own_export import is_own_export  # noqa: PLC0415 - as above
    from sestui.audience.sources.opening import STANDARD_INPUT  # noqa: PLC0415

    # Standard input can be read only once: the import itself finds out.
    return file == STANDARD_INPUT or is_own_export(file, reading)


def _imported(
    file: Path,
    lists: list[str],
    mapping: dict[str, str],
    *,
    types: dict[str, str],
    reading: "Reading",
    words: dict[str, "Meaning"],
    all_active: bool,
    on_conflict: OnConflict,
    dry_run: bool,
    rejects: Path | None,
) -> "ImportResult":
    """Import, and ask what is meant where a person can be asked."""
    # The database and the address rules: only for those who import.
    from sestui.audience.imports.importer import import_contacts  # noqa: PLC0415
    from sestui.audience.imports.statuses import UnknownStatusError  # noqa: PLC0415
    from sestui.cli.imports.import_question import ask  # noqa: PLC0415
    from sestui.core.clock import SystemClock  # noqa: PLC0415
    from sestui.runtime import open_database  # noqa: PLC0415
    from sestui.settings import load_settings  # noqa: PLC0415

    database = open_database(load_settings())
    try:
        while True:
            try:
                with _progress() as report:
                    return import_contacts(
                        database,
                        file,
                        more_lists=lists,
                        mapping=mapping,
                        types=types,
                        reading=reading,
                        words=words,
                        all_active=all_active,
                        on_conflict=on_conflict,
                        dry_run=dry_run,
                        rejects_path=rejects,
                        now=SystemClock().now(),
                        progress=report,
                        heard=_tell,
                    )
            except UnknownStatusError as error:
                if not (sys.stdin.isatty() and sys.stderr.isatty()):
                    raise
                ask(error, mapping, words)
    finally:
        database.close()


def _tell(says: "FileSays") -> None:
    """What the file says of who has left, before anything is written."""
    if says.gone:
        for line in says.lines:
            say(line)


def _suppress(
    file: Path,
    mapping: Mapping[str, str],
    reading: "Reading",
    *,
    dry_run: bool,
    rejects: Path | None,
    as_json: bool,
) -> None:
    """Suppress everybody and every domain in the file."""
    from sestui.audience.imports.suppress_file import suppress_file  # noqa: PLC0415 - as above
    from sestui.core.clock import SystemClock  # noqa: PLC0415 - as above
    from sestui.runtime import open_database  # noqa: PLC0415 - as above
    from sestui.settings import load_settings  # noqa: PLC0415 - as above

    database = open_database(load_settings())
    try:
        with _progress() as report:
            result = suppress_file(
                database,
                file,
                mapping=dict(mapping),
                reading=reading,
                dry_run=dry_run,
                rejects_path=rejects,
                now=SystemClock().now(),
                progress=report,
            )
    finally:
        database.close()
    put_suppressed(result, file, rejects, as_json=as_json)


@contextmanager
def _progress() -> "Iterator[Callable[[Progress], None] | None]":
    """A bar on standard error where a person watches; nothing elsewhere."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import Progress as Bars  # noqa: PLC0415

    with Bars(console=Console(stderr=True), transient=True) as bars:
        reading = bars.add_task("reading", total=None)
        saving = bars.add_task("saving", total=None, visible=False)

        def report(state: "Progress") -> None:
            bars.update(reading, completed=state.bytes_done, total=state.bytes_total)
            if state.to_save:
                bars.update(saving, completed=state.saved, total=state.to_save, visible=True)

        yield report
