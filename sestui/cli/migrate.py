"""`sestui migrate …`: take over what another tool holds."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Any

import typer

from sestui.atomic_write import text_output
from sestui.cli.shared.commands import Commands
from sestui.cli.shared.common import AsJson, opened, put, put_json, put_table, say
from sestui.core.text import printable
from sestui.errors import UsageError

if TYPE_CHECKING:
    from sestui.audience.migrate.migrate import Reconciliation

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


@app.command("keila")
def keila_command(
    source: PostgresSource,
    *,
    dry_run: DryRun = False,
    rejects: LeftOutPath = None,
    as_json: AsJson = False,
) -> None:
    """Take over Keila's database."""
    _migrate("keila", source, dry_run=dry_run, rejects=rejects, as_json=as_json)


@app.command("listmonk")
def listmonk_command(
    source: PostgresSource,
    *,
    dry_run: DryRun = False,
    rejects: LeftOutPath = None,
    as_json: AsJson = False,
) -> None:
    """Take over listmonk's database."""
    _migrate("listmonk", source, dry_run=dry_run, rejects=rejects, as_json=as_json)


@app.command("sendy")
def sendy_command(
    source: Annotated[
        str,
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
    _migrate("sendy", source, dry_run=dry_run, rejects=rejects, as_json=as_json)


@app.command("ses-lists")
def ses_lists_command(
    *,
    dry_run: DryRun = False,
    rejects: LeftOutPath = None,
    as_json: AsJson = False,
) -> None:
    """Take over the contact lists and templates of the account at SES."""
    _migrate("ses-lists", "", dry_run=dry_run, rejects=rejects, as_json=as_json)


@app.command("mailchimp")
def mailchimp_command(
    source: Annotated[
        str,
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
    _migrate(
        "mailchimp",
        source,
        dry_run=dry_run,
        rejects=rejects,
        as_json=as_json,
        list_name=list_name,
    )


def _migrate(
    tool: str,
    source: str,
    *,
    dry_run: bool,
    rejects: Path | None,
    as_json: bool,
    list_name: str = "",
) -> None:
    import threading  # noqa: PLC0415 - with the runtime

    # Only for those who migrate.
    from sestui.audience.imports.rejects import check_rejects_path  # noqa: PLC0415
    from sestui.audience.migrate.left_out import write_left_out  # noqa: PLC0415
    from sestui.audience.migrate.migrate import migrate  # noqa: PLC0415
    from sestui.audience.migrate.opening import Tool, ToolData, open_data  # noqa: PLC0415
    from sestui.audience.migrate.progress import unwatched  # noqa: PLC0415

    data = ToolData(Tool(tool), source, list_name)
    if data.path is not None:
        check_rejects_path(data.path, rejects)
    with ExitStack() as stack:
        file = stack.enter_context(_opened(rejects)) if rejects else None
        runtime = stack.enter_context(opened())
        clock, stop = runtime.clock, threading.Event()
        opened_data = stack.enter_context(open_data(data, runtime.ses, clock, stop, unwatched))
        found = migrate(runtime.database, opened_data, now=clock.now(), dry_run=dry_run)
        if file is not None:
            write_left_out(found.left_out, file)
    if as_json:
        put_json(_as_dict(found))
    else:
        _put(found)
    _narrate(found, rejects)


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
    put(found.who_left)
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
