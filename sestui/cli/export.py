"""`sestui export …`: data for spreadsheets and scripts."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from sestui.cli.shared import completion
from sestui.cli.shared.commands import Commands
from sestui.cli.shared.common import opened, say
from sestui.core.clock import Instant
from sestui.core.delivery.states import DeliveryState, Standing
from sestui.errors import UsageError

if TYPE_CHECKING:
    from sestui.reports.sent_log import Format

app = Commands(help="Export the database's contents as CSV or JSON lines.", no_args_is_help=True)


Out = Annotated[
    Path | None,
    typer.Option(
        "-o", "--out", metavar="FILE", help="The file to write; - is stdout, the default."
    ),
]
Form = Annotated[str, typer.Option("--format", metavar="csv|jsonl")]
OfCampaign = Annotated[
    str,
    typer.Option(
        "--campaign",
        metavar="NAME",
        help="Of this campaign only.",
        autocompletion=completion.campaigns,
    ),
]
Raw = Annotated[
    bool, typer.Option("--raw", help="Leave cells that look like formulas as they are.")
]


@app.command("deliveries")
def deliveries(
    *,
    campaign: OfCampaign = "",
    status: Annotated[
        DeliveryState | None, typer.Option("--status", help="In this state only.")
    ] = None,
    since: Annotated[
        str, typer.Option(metavar="T", help="Queued since: 2026-11-22 or 2026-11-22T09:00.")
    ] = "",
    find: Annotated[
        str, typer.Option("--find", metavar="TEXT", help="Only addresses that contain this.")
    ] = "",
    out: Out = None,
    form: Form = "csv",
    raw: Raw = False,
) -> None:
    """Export the sent log: one row for each recipient of each run."""
    from sestui.reports.sent_log import write_log  # noqa: PLC0415 - the database is slow
    from sestui.store.ledger.log_rows import EVERY_STATE, LogFilter  # noqa: PLC0415

    written_as = format_of(form)
    with opened() as runtime:
        if campaign:
            runtime.campaigns.get(campaign)
        wanted = LogFilter(
            campaign=campaign or None,
            states=EVERY_STATE if status is None else frozenset({status}),
            since=_instant(since, runtime.settings.zone) if since else None,
            find=find,
        )
        with target(out) as file:
            count = write_log(runtime.deliveries, wanted, file, form=written_as, raw=raw)
    if not is_stdout(out):
        say(f"{count:,} deliveries written to {out}.")


@app.command("events")
def events(
    *,
    campaign: OfCampaign = "",
    since: Annotated[
        str, typer.Option(metavar="T", help="Received since: 2026-11-22 or 2026-11-22T09:00.")
    ] = "",
    out: Out = None,
    form: Form = "csv",
    raw: Raw = False,
) -> None:
    """Export SES's events, one row each."""
    from sestui.reports.event_log import write_events  # noqa: PLC0415 - the database is slow
    from sestui.store.events.event_log import logged_events  # noqa: PLC0415 - as above

    written_as = format_of(form)
    with opened() as runtime:
        if campaign:
            runtime.campaigns.get(campaign)
        start = _instant(since, runtime.settings.zone) if since else None
        found = logged_events(runtime.database, campaign=campaign or None, since=start)
        with target(out) as file:
            count = write_events(found, file, form=written_as, raw=raw)
    if not is_stdout(out):
        say(f"{count:,} events written to {out}.")


@app.command("contacts")
def contacts(
    *,
    list_name: Annotated[
        str,
        typer.Option(
            "--list",
            metavar="NAME",
            help="On this list only.",
            autocompletion=completion.lists,
        ),
    ] = "",
    status: Annotated[
        Standing | None, typer.Option("--status", help="Of this status only.")
    ] = None,
    out: Out = None,
    form: Form = "csv",
    raw: Raw = False,
) -> None:
    """Export contacts with status, suppression, tags, lists and every attribute."""
    from sestui.audience.export import write_contacts  # noqa: PLC0415 - the database is slow
    from sestui.store.contacts.key_queries import Which  # noqa: PLC0415 - as above

    written_as = format_of(form)
    which = Which(list_name or None, status)
    with opened() as runtime, target(out) as file:
        count = write_contacts(runtime.database, which, file, form=written_as, raw=raw)
    if not is_stdout(out):
        say(f"{count:,} contacts written to {out}.")


def format_of(form: str) -> "Format":
    """The format that was asked for.

    Raises:
        UsageError: there is none of that name.
    """
    from sestui.reports.sent_log import Format  # noqa: PLC0415 - the database is slow

    if form not in set(Format):
        raise UsageError(f"--format {form}: must be csv or jsonl.")
    return Format(form)


def _instant(text: str, zone: ZoneInfo | None) -> Instant:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"--since {text}: write it as 2026-11-22 or 2026-11-22T09:00.") from error
    if moment.tzinfo is None and zone is not None:
        moment = moment.replace(tzinfo=zone)
    return moment.timestamp()  # without a zone: the machine's own


@contextmanager
def target(out: Path | None) -> Iterator[IO[str]]:
    """Stdout, or the file ``out``."""
    from sestui.reports.output_file import output_file  # noqa: PLC0415 - for few

    if is_stdout(out):
        # As in a file: UTF-8 whatever the locale, and csv writes its own line ends.
        sys.stdout.reconfigure(encoding="utf-8", newline="")  # type: ignore[union-attr]
        yield sys.stdout
        return
    assert out is not None  # noqa: S101 - None is stdout
    with output_file(out) as file:
        yield file


def is_stdout(out: Path | None) -> bool:
    """Whether the data goes to stdout."""
    return out is None or str(out) in {"-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"}
