"""`sestui import`: contacts from a file."""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from sestui.cli.imports.import_options import (
    SUPPRESSED,
    AllActive,
    As,
    ColumnTypes,
    ColumnUses,
    ConflictPolicy,
    Delimiter,
    DryRun,
    Encoding,
    ImportedFile,
    ListNames,
    RejectsPath,
    StatusMeanings,
    parse_mapping,
    parse_types,
    parse_words,
)
from sestui.cli.imports.import_report import put_imported, put_suppressed
from sestui.cli.shared.common import AsJson, say
from sestui.core.contact.conflict_policy import OnConflict
from sestui.core.text import printable
from sestui.errors import UsageError

if TYPE_CHECKING:
    from sestui.audience.imports.importer import ImportOptions, ImportResult, Progress
    from sestui.audience.imports.status_words import Meaning
    from sestui.audience.imports.statuses import FileSays
    from sestui.audience.sources.file_cells import Reading


def import_command(
    file: ImportedFile,
    list_names: ListNames = None,
    *,
    map_: ColumnUses = None,
    type_: ColumnTypes = None,
    encoding: Encoding = None,
    delimiter: Delimiter = None,
    as_: As = "",
    status: StatusMeanings = None,
    all_active: AllActive = False,
    on_conflict: ConflictPolicy = OnConflict.UPDATE,
    dry_run: DryRun = False,
    rejects: RejectsPath = None,
    as_json: AsJson = False,
) -> None:
    """Import contacts into lists: the whole file, or nothing if it can't be read to its end.

    Contacts that the file marks as gone are imported as unsubscribed or suppressed.
    """
    # Only for those who import.
    from sestui.audience.sources.file_cells import Reading  # noqa: PLC0415

    mapping = parse_mapping(map_ or [])
    reading = Reading(encoding, delimiter)
    if as_:
        _refuse_with_suppressed(as_, list_names or type_ or status or all_active)
        _suppress(file, mapping, reading, dry_run=dry_run, rejects=rejects, as_json=as_json)
        return
    words = parse_words(status or [])
    lists = list(dict.fromkeys(list_names or []))
    if not lists and not _names_its_lists(file, reading):
        raise typer.BadParameter("name a list for them to join.", param_hint="--list")
    types = parse_types(type_ or [])
    # The database and the address rules: only for those who import.
    from sestui.audience.imports.importer import ImportOptions  # noqa: PLC0415

    options = ImportOptions(
        lists,
        types=types,
        reading=reading,
        all_active=all_active,
        on_conflict=on_conflict,
        dry_run=dry_run,
        rejects_path=rejects,
    )
    result = _imported(file, options, mapping, words)
    put_imported(result, file, lists, rejects, as_json=as_json)
    if not result.contacts and not result.addresses_only and not result.erased:
        say(
            f"{printable(str(file))} contains no contacts; nothing has been changed. --map says "
            "which column holds the addresses, --encoding and --delimiter say how to read it."
        )
        raise typer.Exit(1)
    _say_undo(result.change)


def _say_undo(change: int | None) -> None:
    if change is not None:
        say(f"`sestui undo {change}` takes it back.")


def _refuse_with_suppressed(as_: str, others: object) -> None:
    """Refuse another value of ``--as``, and what doesn't go with it.

    Raises:
        UsageError: always in these cases.
    """
    if as_ != SUPPRESSED:
        raise UsageError(f"--as {printable(as_)}: must be {SUPPRESSED}, or left out.")
    if others:
        raise UsageError(
            "--as suppressed suppresses everyone in the file and adds them to no list; leave "
            "out --list, --type, --status and --all-active."
        )


def _names_its_lists(file: Path, reading: "Reading") -> bool:
    """Whether the file itself may name the lists of its contacts."""
    from sestui.audience.imports.own_export import is_own_export  # noqa: PLC0415 - as above
    from sestui.audience.sources.opening import STANDARD_INPUT  # noqa: PLC0415

    # Standard input can be read only once: the import itself finds out.
    return file == STANDARD_INPUT or is_own_export(file, reading)


def _imported(
    file: Path, options: "ImportOptions", mapping: dict[str, str], words: dict[str, "Meaning"]
) -> "ImportResult":
    """Import; where a person can be asked, ask what unknown statuses mean and try again."""
    from sestui.audience.imports.importer import import_contacts  # noqa: PLC0415 - as above
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
                        replace(options, mapping=mapping, words=words),
                        now=SystemClock().now(),
                        progress=report,
                        on_statuses=_say_who_left,
                    )
            except UnknownStatusError as error:
                if not (sys.stdin.isatty() and sys.stderr.isatty()):
                    raise
                ask(error, mapping, words)
    finally:
        database.close()


def _say_who_left(says: "FileSays") -> None:
    """Say whom the file marks as gone, before anything is written."""
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
    """Suppress every address and domain in the file."""
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
    _say_undo(result.change)


@contextmanager
def _progress() -> "Iterator[Callable[[Progress], None] | None]":
    """A progress bar on standard error if it is a terminal; else nothing."""
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
