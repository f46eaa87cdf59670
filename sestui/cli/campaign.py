"""`sestui campaign …`: look at campaigns, start and steer their runs."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from sestui.cli.common import AsJson, Name, opened, put, put_json, put_table, say
from sestui.core.states import DeliveryState
from sestui.errors import EXIT_NEEDS_OPERATOR

if TYPE_CHECKING:
    from sestui.reports.overview import CampaignView, RunView
    from sestui.runtime import Runtime

app = typer.Typer(help="Look at campaigns, start and steer their runs.", no_args_is_help=True)

_SHOWN_IN_DOUBT = 20


@app.command("list")
def list_(*, as_json: AsJson = False) -> None:
    """Every campaign with the state of its newest run."""
    with opened() as runtime:
        views = runtime.overview.campaigns()
        if as_json:
            put_json([view.as_dict() for view in views])
            return
        if not views:
            say("No campaigns yet: `sestui apply FILE.md` makes one.")
            return
        put_table(
            ("name", "state", "audience", "accepted", "rejected", "in doubt", "subject"),
            [_row(view) for view in views],
        )


def _row(view: "CampaignView") -> tuple[str, ...]:
    counts = view.run.counts if view.run else None
    audience = counts.audience if counts else view.audience
    return (
        view.name,
        view.state,
        "-" if audience is None else f"{audience:,}",
        f"{counts.accepted:,}" if counts else "-",
        f"{counts.rejected:,}" if counts else "-",
        f"{counts.in_doubt:,}" if counts else "-",
        view.subject,
    )


@app.command("show")
def show(name: Name, *, as_json: AsJson = False) -> None:
    """One campaign: its newest run, what is in doubt, and earlier runs."""
    with opened() as runtime:
        runtime.bury_the_dead()
        view = runtime.overview.campaign(name)
        runs = runtime.overview.runs(name)
        in_doubt = _in_doubt(runtime, view)
        if as_json:
            put_json(view.as_dict() | {"runs": [r.as_dict() for r in runs], "in_doubt": in_doubt})
            return
        put(f"{view.name}: {view.subject}")
        put(f"lists     {', '.join(view.lists)} ({_number(view.audience)} contacts now)")
        if view.next_due_at is not None:
            put(f"next run  {runtime.local_time(view.next_due_at)}")
        if view.run is None:
            put(f"no run yet; `sestui send {name}` starts one")
            return
        for line in accounting(view.run):
            put(line)
        _put_in_doubt(in_doubt, view.run.counts.in_doubt)
        if len(runs) > 1:
            put("")
            put_table(
                ("run", "kind", "state", "audience", "accepted", "rejected", "in doubt", "skipped"),
                [_run_row(run) for run in runs],
            )


def accounting(run: "RunView") -> list[str]:
    """A run's accounting, a line each: state, and counts that add up to the audience."""
    counts = run.counts
    lines = [f"run {run.number}     {run.state}" + (f" ({run.reason})" if run.reason else "")]
    if run.detail:
        lines.append(f"          {run.detail}")
    lines.append(f"audience  {counts.audience:>9,}")
    lines += [f"{state.label:<9} {counts.as_dict()[state]:>9,}" for state in DeliveryState]
    return lines


def _in_doubt(runtime: "Runtime", view: "CampaignView") -> list[dict[str, Any]]:
    if view.run is None:
        return []
    rows = runtime.deliveries.of_run(view.run.id, state=DeliveryState.IN_DOUBT, limit=1000)
    return [
        {"email": row.email, "attempts": row.attempts, "code": row.code, "reason": row.reason}
        for row in rows
    ]


def _put_in_doubt(rows: list[dict[str, Any]], total: int) -> None:
    if not rows:
        return
    put("")
    put(f"In doubt: {total:,} were handed to SES and no answer came; sestui never sends them again")
    put("by itself, because they may have arrived.")
    for row in rows[:_SHOWN_IN_DOUBT]:
        put(f"  {row['email']}  {row['reason']}")
    if total > _SHOWN_IN_DOUBT:
        put(
            f"  and {total - _SHOWN_IN_DOUBT:,} more (`sestui export deliveries --status in_doubt`)"
        )


def _run_row(run: "RunView") -> tuple[str, ...]:
    counts = run.counts
    numbers = (counts.audience, counts.accepted, counts.rejected, counts.in_doubt, counts.skipped)
    return (str(run.number), run.kind, run.state, *(f"{number:,}" for number in numbers))


def _number(number: int | None) -> str:
    return "unknown" if number is None else f"{number:,}"


Again = Annotated[
    bool, typer.Option("--again", help="It was sent before; mail everybody once more.")
]


@app.command("start")
def start(name: Name, *, again: Again = False, as_json: AsJson = False) -> None:
    """Start a run; the app or the next `run-due` sends it (`sestui send` does so at once)."""
    with opened() as runtime:
        campaign = runtime.campaigns.get(name)
        run = runtime.starter.start(campaign, runtime.clock.now(), again=again)
        view = runtime.overview.campaign(name)
    if as_json:
        put_json(view.as_dict())
    elif run is not None:
        put(f"run {run.number} of {name} is {run.state}: {view.run and view.run.counts.audience:,}")
        say(f"`sestui run-due` or the app sends it; `sestui send {name}` does so now.")


@app.command("pause")
def pause(name: Name) -> None:
    """Hold the run; what is in the air still gets its answer."""
    with opened() as runtime:
        run = runtime.steering.pause(name)
    put(f"run {run.number} of {name} is paused: {run.pending:,} are still to be sent")


@app.command("resume")
def resume(name: Name) -> None:
    """Go on where the run stopped, with the message and sender as they are now."""
    with opened() as runtime:
        run = runtime.steering.resume(name)
    put(f"run {run.number} of {name} is {run.state}: {run.pending:,} are still to be sent")
    say(f"`sestui run-due` or the app sends it; `sestui send {name}` does so now.")


@app.command("cancel")
def cancel(
    name: Name,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
) -> None:
    """End the run: whoever has not got it won't."""
    with opened() as runtime:
        _, run = runtime.steering.open_run(name)
        if not yes:
            typer.confirm(
                f"End run {run.number} of {name}? {run.pending:,} recipients won't get it",
                abort=True,
                err=True,
            )
        run = runtime.steering.cancel(name)
    put(f"run {run.number} of {name} is cancelled: {run.skipped:,} were skipped")


@app.command("test")
def send_test(
    name: Name,
    *,
    to: Annotated[
        list[str], typer.Option("--to", metavar="EMAIL", help="Who gets the test. Repeatable.")
    ],
    shown_as: Annotated[
        str, typer.Option("--as", metavar="EMAIL", help="The contact whose data the mail shows.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Send the message to a few addresses now, as a run of its own."""
    from sestui.cli.following import follow  # noqa: PLC0415 - the sender is slow to import

    with opened() as runtime:
        runtime.account.look()
        campaign = runtime.campaigns.get(name)
        run = runtime.starter.start_test(campaign, to, runtime.clock.now(), shown_as=shown_as)
        follow(runtime, run.id)
        rows = runtime.deliveries.of_run(run.id)
        view = runtime.overview.run(run.id)
    said = [
        {
            "email": row.email,
            "state": row.state,
            "message_id": row.message_id,
            "code": row.code,
            "reason": row.reason,
        }
        for row in rows
    ]
    if as_json:
        put_json(said)
    else:
        for row in said:
            put(f"{row['email']}  {row['state']}  {row['message_id'] or row['reason']}")
    if view.counts.accepted < view.counts.audience:
        raise typer.Exit(EXIT_NEEDS_OPERATOR)
