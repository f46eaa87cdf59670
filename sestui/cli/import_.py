"""`sestui import`: contacts from a file."""

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sestui.core.conflict import OnConflict
from sestui.core.text import printable
from sestui.errors import UsageError

if TYPE_CHECKING:
    from sestui.audience.importer import ImportResult, Progress

_MAX_LISTED = 20


def import_command(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="CSV, TSV, xlsx, JSON, vCard or a list of addresses, gzip or zip of one; - reads "
            "standard input.",
        ),
    ],
    list_name: Annotated[
        str, typer.Option("--list", metavar="NAME", help="The list they join; made if need be.")
    ],
    *,
    map_: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            metavar="COL=FIELD",
            help="A column (name or number) is email, tags, this attribute, or - (left out). "
            "Repeatable.",
        ),
    ] = None,
    encoding: Annotated[
        str | None,
        typer.Option(metavar="E", help="The file's encoding, if it isn't told right: cp1251 …"),
    ] = None,
    delimiter: Annotated[
        str | None,
        typer.Option(metavar="D", help="What parts its cells: a character, or tab, semicolon …"),
    ] = None,
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
    """Import contacts into a list: all of the file, or nothing if it can't be read to its end."""
    # The database and the address rules: only for those who import.
    from sestui.audience.files import Reading  # noqa: PLC0415
    from sestui.audience.importer import import_contacts  # noqa: PLC0415
    from sestui.core.clock import SystemClock  # noqa: PLC0415
    from sestui.runtime import open_database  # noqa: PLC0415
    from sestui.settings import load_settings  # noqa: PLC0415

    mapping = parse_mapping(map_ or [])
    reading = Reading(encoding, delimiter)
    database = open_database(load_settings())
    try:
        with _progress() as report:
            result = import_contacts(
                database,
                file,
                list_name=list_name,
                mapping=mapping,
                reading=reading,
                on_conflict=on_conflict,
                dry_run=dry_run,
                rejects_path=rejects,
                now=SystemClock().now(),
                progress=report,
            )
    finally:
        database.close()
    if as_json:
        typer.echo(json.dumps(_as_dict(result, file, list_name, rejects), ensure_ascii=False))
    else:
        typer.echo("\n".join(_summary(result, file, list_name, rejects)))
    _narrate_rejects(result, rejects)
    if not result.contacts:
        typer.echo(
            f"{printable(str(file))} has no contact in it; nothing was changed. --map says which "
            "column holds the addresses, --encoding and --delimiter how it is to be read.",
            err=True,
        )
        raise typer.Exit(1)


def parse_mapping(options: list[str]) -> dict[str, str]:
    """``COL=FIELD`` options as column to field; a column's name may hold ``=`` itself.

    Raises:
        UsageError: one is not of that form, or a column comes twice.
    """
    mapping: dict[str, str] = {}
    for option in options:
        column, equals, field = option.rpartition("=")
        if not equals or not column or not field:
            raise UsageError(
                f"--map {printable(option)}: write COL=FIELD, for example --map 'E-Mail=email'."
            )
        if column in mapping:
            raise UsageError(f"--map {printable(option)}: that column is mapped twice.")
        mapping[column] = field.strip()
    return mapping


def _as_dict(
    result: "ImportResult", file: Path, list_name: str, rejects: Path | None
) -> dict[str, Any]:
    return {
        "file": str(file),
        "list": list_name,
        **result.figures,
        "format": result.kind,
        "encoding": result.encoding,
        "delimiter": result.delimiter,
        "email_column": result.email_column,
        "columns": dict(result.columns),
        "found": result.found,
        "shown": result.shown,
        "dry_run": result.dry_run,
        "rejects_file": str(rejects) if rejects else None,
    }


def _summary(result: "ImportResult", file: Path, list_name: str, rejects: Path | None) -> list[str]:
    from sestui.audience.preview import read_as  # noqa: PLC0415 - with the importer

    title = f"{printable(str(file))} → {list_name}"
    form = read_as(result.kind, result.encoding, result.delimiter)
    counts = (
        (result.rows, "rows"),
        (result.imported, "imported"),
        (result.updated, "updated"),
        (result.unchanged, "unchanged"),
        (result.duplicates, "duplicates"),
        (result.rejects, f"rejects{f' → {printable(str(rejects))}' if rejects else ''}"),
    )
    lines = [title + (" (dry run: nothing was changed)" if result.dry_run else "")]
    lines.append(f"read as {', '.join([*form, *result.found])}")
    lines.append(f"columns: {_listed(label for label, _ in result.columns)}")
    if result.shown:
        lines.append(f"for example: {_listed(result.shown)}")
    lines += [f"{count:>12,}  {what}" for count, what in counts]
    if result.split:
        lines.append(f"{result.split:>12,}  more addresses in rows that have several")
    if result.tidied:
        lines.append(f"{result.tidied:>12,}  addresses tidied")
    lines.append(f"{result.contacts:>12,}  contacts, {result.joined:,} of them new on the list")
    if result.dry_run:
        from sestui.audience.columns import in_words  # noqa: PLC0415 - with the importer

        lines += [f"{printable(label)} → {in_words(use)}" for label, use in result.columns]
    return lines


def _listed(cells: "Iterable[str]") -> str:
    """Cells of a file on a line."""
    shown = [printable(cell) for cell in cells]
    more = f", and {len(shown) - _MAX_LISTED:,} more" if len(shown) > _MAX_LISTED else ""
    return ", ".join(shown[:_MAX_LISTED]) + more


def _narrate_rejects(result: "ImportResult", rejects: Path | None) -> None:
    for reject in result.first_rejects:
        where = f"line {reject.line}, {printable(reject.column)}"
        typer.echo(f"{where}: {printable(reject.value)}: {printable(reject.reason)}", err=True)
    hidden = result.rejects - len(result.first_rejects)
    if hidden:
        way = "" if rejects else "; see them all with --rejects FILE"
        typer.echo(f"... and {hidden:,} more rejected rows{way}.", err=True)


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
