"""`sestui migrate …`: take over what another tool holds."""

import csv
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Any

import typer

from sestui.atomic_write import text_output
from sestui.cli.shared.commands import Commands
from sestui.cli.shared.common import AsJson, put, put_json, put_table, say
from sestui.core.spreadsheet import guarded
from sestui.core.text import printable
from sestui.errors import UsageError

if TYPE_CHECKING:
    from sestui.audience.migrate.migrate import MigrationSource, Reconciliation
    from sestui.audience.migrate.tables import Tables, WantedTable

app = Commands(
    help="Take over another tool's suppressions, lists, contacts, templates and campaigns.",
    no_args_is_help=True,
)

_SHOWN = 5

DryRun = Annotated[bool, typer.Option("--dry-run", help="Count everything; change nothing.")]
PostgresSource = Annotated[
    str,
    typer.Argument(
        metavar="SOURCE",
        help="A plain-text dump by pg_dump, also packed by gzip or zip (- reads standard "
        "input), or the database's URL: postgresql://…",
    ),
]
LeftOutPath = Annotated[
    Path | None,
    typer.Option(
        "--rejects", metavar="FILE", help="Rows left out as CSV: file, line, kind, value, reason."
    ),
]


@app.callback()
def group() -> None:
    """Take over another tool's suppressions, lists, contacts, templates and campaigns."""


@app.command("listmonk")
def listmonk_command(
    source: PostgresSource,
    *,
    dry_run: DryRun = False,
    rejects: LeftOutPath = None,
    as_json: AsJson = False,
) -> None:
    """Take over listmonk's database."""
    # Only for those who migrate, here and below.
    from sestui.audience.migrate import listmonk  # noqa: PLC0415

    with _of_postgres(source, listmonk.TOOL, listmonk.WANTED) as (tables, read):
        found = listmonk.Listmonk(tables)
        _migrate(found, read, dry_run=dry_run, rejects=rejects, as_json=as_json)


@app.command("keila")
def keila_command(
    source: PostgresSource,
    *,
    dry_run: DryRun = False,
    rejects: LeftOutPath = None,
    as_json: AsJson = False,
) -> None:
    """Take over Keila's database."""
    from sestui.audience.migrate import keila  # noqa: PLC0415

    with _of_postgres(source, keila.TOOL, keila.WANTED) as (tables, read):
        _migrate(keila.Keila(tables), read, dry_run=dry_run, rejects=rejects, as_json=as_json)


@app.command("sendy")
def sendy_command(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="SOURCE",
            help="A dump by mysqldump or phpMyAdmin, also packed by gzip or zip; - reads standard "
            "input.",
        ),
    ],
    *,
    dry_run: DryRun = False,
    rejects: LeftOutPath = None,
    as_json: AsJson = False,
) -> None:
    """Take over Sendy's database."""
    from sestui.audience.migrate import sendy, sql_dump  # noqa: PLC0415
    from sestui.audience.migrate.tables import Tables  # noqa: PLC0415

    with Tables(sendy.TOOL, _shown(str(source)), sendy.WANTED) as tables:
        sql_dump.read_dump(source, tables)
        _migrate(sendy.Sendy(tables), source, dry_run=dry_run, rejects=rejects, as_json=as_json)


@app.command("mailchimp")
def mailchimp_command(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="SOURCE",
            help="The export of an audience or of the whole account: its zip, or its folder.",
        ),
    ],
    *,
    list_name: Annotated[
        str,
        typer.Option(
            "--list", metavar="NAME", help="The list of an audience that the export doesn't name."
        ),
    ] = "Mailchimp",
    dry_run: DryRun = False,
    rejects: LeftOutPath = None,
    as_json: AsJson = False,
) -> None:
    """Take over an export of Mailchimp."""
    from sestui.audience.imports.importer import check_list_name  # noqa: PLC0415
    from sestui.audience.migrate.export_files import ExportFiles  # noqa: PLC0415
    from sestui.audience.migrate.mailchimp import Mailchimp  # noqa: PLC0415

    check_list_name(list_name)
    with ExportFiles(source) as files:
        found = Mailchimp(files, list_name)
        _migrate(found, source, dry_run=dry_run, rejects=rejects, as_json=as_json)


@contextmanager
def _of_postgres(
    source: str, tool: str, wanted: "Sequence[WantedTable]"
) -> "Iterator[tuple[Tables, Path | None]]":
    """The tables of a dump or of a running database, and the dump's path."""
    from sestui.audience.migrate import postgres, sql_dump  # noqa: PLC0415
    from sestui.audience.migrate.tables import Tables  # noqa: PLC0415

    url = postgres.is_url(source)
    with Tables(tool, "the database" if url else _shown(source), wanted) as tables:
        if url:
            postgres.read_database(source, tables)
        else:
            sql_dump.read_dump(Path(source), tables)
        yield tables, None if url else Path(source)


def _migrate(
    source: "MigrationSource",
    read: Path | None,
    *,
    dry_run: bool,
    rejects: Path | None,
    as_json: bool,
) -> None:
    """``read`` is the file or folder of the source; None for a database."""
    from sestui.audience.imports.rejects import check_rejects_path  # noqa: PLC0415
    from sestui.audience.migrate.migrate import migrate  # noqa: PLC0415
    from sestui.core.clock import SystemClock  # noqa: PLC0415
    from sestui.runtime import open_database  # noqa: PLC0415
    from sestui.settings import load_settings  # noqa: PLC0415

    if read is not None:
        check_rejects_path(read, rejects)
    with ExitStack() as stack:
        file = stack.enter_context(_opened(rejects)) if rejects else None
        database = open_database(load_settings())
        stack.callback(database.close)
        found = migrate(database, source, now=SystemClock().now(), dry_run=dry_run)
        if file is not None:
            writer = csv.writer(file)
            writer.writerow(("file", "line", "kind", "value", "reason"))
            for each in found.left_out:
                cells = (each.file, str(each.line), each.kind, each.value, each.reason)
                writer.writerow([guarded(cell) for cell in cells])
    if as_json:
        put_json(_as_dict(found))
    else:
        _put(found)
    _narrate(found, rejects)


def _shown(source: str) -> str:
    return "standard input" if source == "-" else printable(source)


@contextmanager
def _opened(path: Path) -> Iterator[IO[str]]:
    """The file for rows left out, which appears when everything is done.

    Raises:
        UsageError: it can't be written.
    """
    with ExitStack() as stack:
        try:
            file = stack.enter_context(text_output(path))
        except OSError as error:
            raise UsageError(
                f"Rows left out can't be written to {printable(str(path))}: {error.strerror}."
            ) from error
        yield file


def _as_dict(found: "Reconciliation") -> dict[str, Any]:
    return {
        "tool": found.tool,
        "source": found.source,
        "dry_run": found.dry_run,
        "kinds": {
            kind: {
                "read": tally.read,
                "taken": tally.taken,
                "already_here": tally.here,
                "left_out": tally.left_out.total(),
                "reasons": dict(tally.left_out.most_common()),
            }
            for kind, tally in found.tallies.items()
        },
        "drafts": [{"name": each.draft, "note": each.said} for each in found.notes],
    }


def _put(found: "Reconciliation") -> None:
    ending = " (dry run: nothing has been changed)" if found.dry_run else ""
    put(f"{found.tool}: {found.source} → sestui{ending}")
    head = ("read", "taken", "already here", "left out")
    rows = [
        (kind, *(f"{count:,}".rjust(len(name)) for name, count in zip(head, counts, strict=True)))
        for kind, tally in found.tallies.items()
        for counts in [(tally.read, tally.taken, tally.here, tally.left_out.total())]
    ]
    put_table(("", *head), rows)
    reasons = [
        f"  {count:>8,}  {kind}: {reason}"
        for kind, tally in found.tallies.items()
        for reason, count in tally.left_out.most_common()
    ]
    if reasons:
        put("Left out:")
        for line in reasons:
            put(line)
    if found.notes:
        put("To look at in the drafts:")
        for note in found.notes:
            put(f"  {note.draft}: {note.said}")


def _narrate(found: "Reconciliation", rejects: Path | None) -> None:
    for each in found.left_out[:_SHOWN]:
        place = f"{each.file}, line" if each.file else "line"
        say(f"{place} {each.line:,}, {each.kind}: {each.value}: {each.reason}")
    hidden = len(found.left_out) - _SHOWN
    if hidden > 0:
        way = "" if rejects else "; see them with --rejects FILE"
        say(f"... and {hidden:,} more{way}.")
