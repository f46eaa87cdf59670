"""`sestui campaign resolve`: decide what becomes of deliveries that are in doubt."""

from typing import TYPE_CHECKING, Annotated

import typer

from sestui.cli.shared.common import AsJson, Name, opened, put, put_json, say
from sestui.errors import StateError, UsageError

if TYPE_CHECKING:
    from sestui.reports.overview import RunView


def resolve_command(
    name: Name,
    *,
    assume_sent: Annotated[
        bool, typer.Option("--assume-sent", help="Treat them as sent; nobody gets it twice.")
    ] = False,
    resend: Annotated[
        bool, typer.Option("--resend", help="Send again; some may get it twice.")
    ] = False,
    email: Annotated[
        list[str] | None,
        typer.Option("--email", metavar="EMAIL", help="This recipient only. Repeatable."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Resolve what is in doubt in the campaign's newest run that has any."""
    from sestui.store.ledger.in_doubt import Resolution  # noqa: PLC0415 - the database is slow to import

    if assume_sent == resend:
        raise UsageError("Choose either --assume-sent or --resend.")
    verdict = Resolution.RESEND if resend else Resolution.ASSUME_SENT
    with opened() as runtime:
        runtime.reap_dead_workers()
        run = next((run for run in runtime.overview.runs(name) if run.counts.in_doubt), None)
        if run is None:
            raise StateError(f"Nothing is in doubt in {name}.")
        emails = email or []
        count = runtime.doubts.count(run.id, emails)
        if not yes:
            typer.confirm(_question(verdict, count, run), abort=True, err=True)
        count = runtime.doubts.resolve(run.id, verdict, emails)
        view = runtime.overview.run(run.id)
    if as_json:
        put_json({"resolved": count, "verdict": verdict.value, "run": view.as_dict()})
    else:
        done = "to be sent again" if resend else "treated as sent"
        put(f"run {view.number} of {name}: {count:,} {done}, {view.counts.in_doubt:,} in doubt")
        if resend:
            say(f"`sestui run-due` or the app sends them; `sestui send {name}` does so now.")


def _question(verdict: str, count: int, run: "RunView") -> str:
    if verdict == "resend":
        return (
            f"Send again to {count:,} recipients of run {run.number}? Anyone who did get the "
            "first mail gets it twice"
        )
    return f"Treat {count:,} recipients of run {run.number} as sent, although no answer came"
