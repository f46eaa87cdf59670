"""`sestui campaign …`: look at campaigns, start and steer their runs."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from sestui.cli.campaigns.campaign_report import report_command
from sestui.cli.campaigns.campaign_upkeep import (
    archive_command,
    copy_command,
    delete_command,
    rename_command,
)
from sestui.cli.campaigns.checks import (
    SkipUnrenderable,
    check_command,
    checking,
    left_out,
    put_left_out,
    put_unmade,
    unmade,
    warn,
)
from sestui.cli.shared.commands import Commands
from sestui.cli.shared.common import AsJson, Name, opened, put, put_json, put_table, say
from sestui.core.campaign.follow_up import Only
from sestui.core.clock import iso
from sestui.core.delivery.bounce_forecast import Acquaintance
from sestui.core.delivery.states import DeliveryState, RunState, WaitReason
from sestui.errors import (
    EXIT_DONE,
    EXIT_FAILED,
    EXIT_NEEDS_OPERATOR,
    EXIT_TRY_AGAIN,
    StateError,
    UsageError,
)

if TYPE_CHECKING:
    from sestui.reports.overview import CampaignView, RunView
    from sestui.runtime import Runtime

app = Commands(help="Show campaigns; start and control their runs.", no_args_is_help=True)

app.command("check")(check_command)
app.command("copy")(copy_command)
app.command("rename")(rename_command)
app.command("archive")(archive_command)
app.command("delete")(delete_command)
app.command("report")(report_command)

_SHOWN_IN_DOUBT = 20


@app.command("list")
def list_(
    *,
    archived: Annotated[
        bool, typer.Option("--archived", help="Those in the archive, too.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Every campaign with the state of its newest run."""
    with opened() as runtime:
        views = runtime.overview.campaigns(archived=archived)
        if as_json:
            put_json([view.as_dict() for view in views])
            return
        if not views:
            say("No campaigns yet: `sestui apply FILE.md` creates one.")
            return
        put_table(
            ("name", "state", "audience", "done", "accepted", "rejected", "in doubt", "subject"),
            [_row(view) for view in views],
        )


def _row(view: "CampaignView") -> tuple[str, ...]:
    counts = view.run.counts if view.run else None
    audience = counts.audience if counts else view.audience
    return (
        view.name,
        view.state,
        "-" if audience is None else f"{audience:,}",
        view.run.progress.percent if view.run else "-",
        f"{counts.accepted:,}" if counts else "-",
        f"{counts.rejected:,}" if counts else "-",
        f"{counts.in_doubt:,}" if counts else "-",
        view.subject,
    )


@app.command("show")
def show(name: Name, *, as_json: AsJson = False) -> None:
    """One campaign: its newest run, what is in doubt, and earlier runs."""
    with opened() as runtime:
        runtime.reap_dead_workers()
        with runtime.database.snapshot():
            view = runtime.overview.campaign(name)
            runs = runtime.overview.runs(name)
            in_doubt = _in_doubt(runtime, view)
            run_id = view.run.id if view.run is not None else 0
            skips, without = left_out(runtime, run_id), unmade(runtime, run_id)
        if as_json:
            put_json(
                view.as_dict()
                | {"runs": [r.as_dict() for r in runs], "in_doubt": in_doubt}
                | {"skipped_for": skips, "unrenderable": without}
            )
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
        put_left_out(skips)
        _put_in_doubt(in_doubt, view.run.counts.in_doubt)
        put_unmade(without)
        if len(runs) > 1:
            put("")
            put_table(
                ("run", "kind", "state", "audience", "accepted", "rejected", "in doubt", "skipped"),
                [_run_row(run) for run in runs],
            )


def accounting(run: "RunView") -> list[str]:
    """A run's accounting, a line each: state, and counts that add up to the audience."""
    counts = run.counts
    reason = f" ({run.reason})" if run.reason else ""
    lines = [f"{f'run {run.number}':<9} {run.state}{reason}"]
    if run.detail:
        lines.append(f"          {run.detail}")
    if run.warning:
        lines.append(f"warning   {run.warning}")
    if run.allowed and run.allowed.said():
        lines.append(f"rate      {run.allowed.said()}")
    if run.average_rate is not None:
        lines.append(f"rate      {run.average_rate:,.1f}/s on average")
    lines.append(f"done      {run.progress.percent:>9}")
    lines.append(f"audience  {counts.audience:>9,}")
    lines += [f"{state.label:<9} {counts.as_dict()[state]:>9,}" for state in DeliveryState]
    known = counts.outcomes() if any(counts.outcomes().values()) else {}
    return lines + [f"{outcome:<10}{count:>9,}" for outcome, count in known.items()]


def exit_code(run: "RunView") -> int:
    """What the run's state means to whoever started the command."""
    if run.state == RunState.FINISHED:
        return EXIT_NEEDS_OPERATOR if run.counts.in_doubt else EXIT_DONE
    if run.state == RunState.PAUSED or run.reason == WaitReason.APPROVAL:
        return EXIT_NEEDS_OPERATOR
    if run.state == RunState.CANCELLED:
        return EXIT_FAILED
    return EXIT_TRY_AGAIN


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
    put(f"In doubt: {total:,} were handed to SES and got no answer; sestui never resends them")
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
    bool,
    typer.Option("--again", help="Send it to everyone again, even if it has been sent before."),
]
FollowUp = Annotated[
    Only | None,
    typer.Option("--only", help="Follow up: only contacts that earlier runs did not reach."),
]


@app.command("start")
def start(
    name: Name,
    *,
    again: Again = False,
    only: FollowUp = None,
    skip_unrenderable: SkipUnrenderable = False,
    as_json: AsJson = False,
) -> None:
    """Start a run; the app or the next `run-due` sends it (`sestui send` does so at once)."""
    with opened() as runtime:
        campaign = runtime.campaigns.get(name)
        with checking(runtime, campaign) as progress:
            run = runtime.starter.start(
                campaign,
                runtime.clock.now(),
                again=again,
                only=only,
                skip_unrenderable=skip_unrenderable,
                told=warn,
                progress=progress,
            )
        view = runtime.overview.campaign(name)
    if as_json:
        put_json(view.as_dict())
    else:
        put(f"run {run.number} of {name} is {run.state}: {view.run and view.run.counts.audience:,}")
        say(f"`sestui run-due` or the app sends it; `sestui send {name}` does so now.")


@app.command("pause")
def pause(name: Name, *, as_json: AsJson = False) -> None:
    """Pause the run; calls in flight still get their answers."""
    with opened() as runtime:
        run = runtime.overview.run(runtime.run_control.pause(name).id)
    _put_steered(run, as_json=as_json)


@app.command("resume")
def resume(
    name: Name,
    *,
    skip_unrenderable: SkipUnrenderable = False,
    despite_breaker: Annotated[
        bool,
        typer.Option(
            "--despite-breaker", help="Also a run that too many bounces or complaints have paused."
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Continue where the run stopped, with the current message and sender."""
    with opened() as runtime:
        if not despite_breaker:
            runtime.run_control.refuse_tripped(name)  # before everybody's mail is checked
        with checking(runtime, runtime.campaigns.get(name)) as progress:
            resumed = runtime.run_control.resume(
                name,
                skip_unrenderable=skip_unrenderable,
                despite_breaker=despite_breaker,
                told=warn,
                progress=progress,
            )
        run = runtime.overview.run(resumed.id)
    _put_steered(run, as_json=as_json)
    say(f"`sestui run-due` or the app sends it; `sestui send {name}` does so now.")


@app.command("cancel")
def cancel(
    name: Name,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """End the run: pending recipients get no mail. It is paused while the question is open."""
    with opened() as runtime:
        _, run = runtime.run_control.open_run(name)
        if not yes:
            _ask_to_cancel(runtime, name, run.id)
        view = runtime.overview.run(runtime.run_control.cancel_run(run.id).id)
    _put_steered(view, as_json=as_json)


def _ask_to_cancel(runtime: "Runtime", name: str, run_id: int) -> None:
    """Hold the run and ask; where the answer is no, what went on goes on."""
    held = runtime.run_control.hold_run(run_id)
    run = runtime.runs.get(run_id)
    after = "it is paused until you answer" if held is not None else "it stands still as it is"
    try:
        typer.confirm(
            f"End run {run.number} of {name}? {run.pending:,} recipients won't get it; {after}",
            abort=True,
            err=True,
        )
    except BaseException:
        runtime.run_control.release_run(held)
        raise


def _put_steered(run: "RunView", *, as_json: bool) -> None:
    if as_json:
        put_json(run.as_dict())
    else:
        put(run.sentence())


@app.command("forecast")
def forecast(name: Name, *, as_json: AsJson = False) -> None:
    """When the run will end (or one started now), and what the quota leaves for later."""
    with opened() as runtime:
        runtime.account.look()
        told, bounces = runtime.outlook.of(name), runtime.outlook.bounces(name)
        ends = runtime.local_time(told.ends_at) if told.ends_at is not None else ""
    if as_json:
        put_json(
            {
                "campaign": name,
                "recipients": told.recipients,
                "rate": told.rate,
                "ends_at": iso(told.ends_at) or None,
                "today": told.today,
                "later": told.later,
                "crosses_quota": told.crosses_quota,
                "bounces": round(bounces.expected, 1),
                "bounce_rate": round(bounces.share, 5),
                "acquaintance": {each.value: bounces.groups.get(each, 0) for each in Acquaintance},
            }
        )
        return
    put(f"{told.recipients:,} recipients at {told.rate:g} a second")
    put(f"ends {ends}" if ends else "unknown: nothing can be sent at the moment")
    put(f"today {told.today:,}, later {told.later:,}")
    if told.crosses_quota:
        put("it will have to wait for the 24-hour quota")
    if sentence := bounces.sentence():
        put(sentence)


@app.command("resolve")
def resolve(
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


@app.command("test")
def send_test(
    name: Name,
    *,
    to: Annotated[
        list[str], typer.Option("--to", metavar="EMAIL", help="Who gets the test. Repeatable.")
    ],
    shown_as: Annotated[
        str, typer.Option("--as", metavar="EMAIL", help="The contact whose data fills the mail.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Send the message to a few addresses now, as a run of its own."""
    from sestui.cli.shared.progress import follow  # noqa: PLC0415 - the sender is slow to import

    with opened() as runtime:
        runtime.account.look()
        campaign = runtime.campaigns.get(name)
        run = runtime.starter.start_test(
            campaign, to, runtime.clock.now(), shown_as=shown_as, told=warn
        )
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
    raise typer.Exit(_test_exit_code(view))


def _test_exit_code(run: "RunView") -> int:
    code = exit_code(run)
    # A test is for seeing the mail: one that SES refused has failed.
    return EXIT_FAILED if code == EXIT_DONE and run.counts.accepted < run.counts.audience else code
