"""`sestui task …`: scheduled tasks, their runs and results."""

import json
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sestui.cli.shared import completion
from sestui.cli.shared.commands import Commands, refuse_repeated
from sestui.cli.shared.common import AsJson, opened, put, put_json, put_table, say, watched
from sestui.cli.tasks.crontab import crontab_command
from sestui.cli.tasks.task_report import agenda_row, described, run_lines
from sestui.cli.tasks.task_types import types_command
from sestui.core.task.states import Misfire, Overlap, TaskRunState
from sestui.errors import EXIT_DONE, EXIT_FAILED, SentBeforeError, UsageError

if TYPE_CHECKING:
    from sestui.core.task.fields import TaskFields
    from sestui.runtime import Runtime
    from sestui.tasks.task_service import TaskView

app = Commands(help="Scheduled tasks and their logs.", no_args_is_help=True)
app.command("crontab")(crontab_command)
app.command("types")(types_command)

Name = Annotated[
    str,
    typer.Argument(metavar="NAME", help="The task's name.", autocompletion=completion.tasks),
]
Schedule = Annotated[
    str | None,
    typer.Option(help="Cron: minute hour day month weekday [year], or @daily and the like."),
]
At = Annotated[
    str | None,
    typer.Option(
        metavar="T",
        help="Run once: 2026-12-01T09:00 in its zone, 'tomorrow 9:00', 'in 2 hours'.",
    ),
]
Zone = Annotated[str | None, typer.Option("--timezone", help="IANA time zone of the schedule.")]
DayAndWeekday = Annotated[
    bool | None,
    typer.Option(
        "--day-and-weekday/--day-or-weekday",
        help="If the schedule has both a day and a weekday: run only when both match, or (cron's "
        "rule) when either does.",
        show_default=False,
    ),
]
Parameter = Annotated[
    list[str] | None,
    typer.Option(
        "--param",
        "-p",
        metavar="NAME=VALUE",
        help="A parameter of its type; lists and objects as JSON. Repeatable.",
    ),
]
Description = Annotated[str | None, typer.Option(help="What it is for.")]
Priority = Annotated[int | None, typer.Option(help="0 to 9; 9 goes first.")]
Starts = Annotated[str | None, typer.Option("--start", metavar="T", help="Not before this.")]
Ends = Annotated[str | None, typer.Option("--end", metavar="T", help="Not after this.")]
MisfireRule = Annotated[
    Misfire | None,
    typer.Option("--misfire", help="Missed occurrences are skipped, made up for by one run, or by "
                                   "one run each."),
]  # fmt: skip
Bound = Annotated[
    int | None,
    typer.Option("--misfire-bound", help="With `all`: at most this many are made up for."),
]
Timeout = Annotated[float | None, typer.Option(help="The longest a run may take, in seconds.")]
OverlapRule = Annotated[
    Overlap | None,
    typer.Option("--overlap", help="If the previous run is still running: skip the next one, make "
                                   "it wait, or allow both."),
]  # fmt: skip


@app.command("list")
def list_(*, as_json: AsJson = False) -> None:
    """List scheduled tasks and campaigns with their next run and last result."""
    from sestui.tasks.agenda import read_agenda_now  # noqa: PLC0415 - slow to import

    with opened() as runtime:
        agenda = read_agenda_now(runtime.database, runtime.clock)
        if as_json:
            put_json([item.as_dict() for item in agenda.items])
            return
        if not agenda.items:
            say("No tasks yet: `sestui task add NAME --type TYPE --schedule '0 3 * * *'` adds one.")
            return
        put_table(
            ("name", "kind", "type", "schedule", "next run", "last run", "result"),
            [agenda_row(runtime, agenda, item) for item in agenda.items],
        )
        if agenda.sentence:
            say(
                f"{agenda.sentence}; `sestui task crontab --install` adds the line that does so "
                "to your crontab."
            )


@app.command("show")
def show(name: Name, *, as_json: AsJson = False) -> None:
    """Show a task: its schedule in words, next runs, parameters and last run."""
    with opened() as runtime:
        view = runtime.tasks.get(name)
        forecast = runtime.tasks.forecast_of(view)
        if as_json:
            told = {
                "words": forecast.words,
                "fires": forecast.programs_fires,
                "notes": forecast.notes,
            }
            put_json(view.as_dict() | told)
            return
        for line in described(runtime, view, forecast):
            put(line)


@app.command("add")
def add(
    name: Name,
    *,
    type_: Annotated[
        str,
        typer.Option(
            "--type",
            help="`sestui task types` lists them.",
            autocompletion=completion.task_types,
        ),
    ],
    schedule: Schedule = None,
    at: At = None,
    day_and_weekday: DayAndWeekday = None,
    timezone: Zone = None,
    param: Parameter = None,
    description: Description = None,
    priority: Priority = None,
    starts: Starts = None,
    ends: Ends = None,
    misfire: MisfireRule = None,
    misfire_bound: Bound = None,
    timeout: Timeout = None,
    overlap: OverlapRule = None,
    disabled: Annotated[bool, typer.Option("--disabled", help="Switched off for now.")] = False,
    as_json: AsJson = False,
) -> None:
    """Add a task; `run-due` runs it when it is due."""
    from sestui.core.task.fields import TaskFields  # noqa: PLC0415 - croniter is slow to import

    if schedule is None and at is None:
        raise UsageError("Set a time: --schedule '0 3 * * *', or once with --at 2026-12-01T09:00.")
    given: dict[str, Any] = {
        "schedule": schedule,
        "timezone": timezone,
        "description": description,
        "priority": priority,
        "misfire": misfire,
        "misfire_bound": misfire_bound,
        "timeout": timeout,
        "overlap": overlap,
    }
    with opened() as runtime:
        fields = TaskFields(
            name=name,
            type=type_,
            schedule="",
            timezone=runtime.settings.timezone,
            parameters=_parameters(param or [], {}),
            active=not disabled,
        )
        now = runtime.clock.now()
        fields = _changed(fields, given, now, at=at, both=day_and_weekday, starts=starts, ends=ends)
        view = runtime.tasks.add(fields)
        _put(runtime, view, "added", as_json=as_json)


@app.command("edit")
def edit(
    name: Name,
    *,
    new_name: Annotated[str | None, typer.Option("--name", help="A new name.")] = None,
    type_: Annotated[
        str | None,
        typer.Option("--type", help="Another type.", autocompletion=completion.task_types),
    ] = None,
    schedule: Schedule = None,
    at: At = None,
    day_and_weekday: DayAndWeekday = None,
    timezone: Zone = None,
    param: Parameter = None,
    description: Description = None,
    priority: Priority = None,
    starts: Starts = None,
    ends: Ends = None,
    misfire: MisfireRule = None,
    misfire_bound: Bound = None,
    timeout: Timeout = None,
    overlap: OverlapRule = None,
    as_json: AsJson = False,
) -> None:
    """Change only what is given; `-p NAME=` restores a parameter's default."""
    given: dict[str, Any] = {
        "name": new_name,
        "type": type_,
        "schedule": schedule,
        "timezone": timezone,
        "description": description,
        "priority": priority,
        "misfire": misfire,
        "misfire_bound": misfire_bound,
        "timeout": timeout,
        "overlap": overlap,
    }
    with opened() as runtime:
        fields = runtime.tasks.get(name).fields
        # Parameters of another type mean nothing to this one.
        before = fields.parameters if type_ in {None, fields.type} else {}
        fields = replace(fields, parameters=_parameters(param or [], before))
        now = runtime.clock.now()
        fields = _changed(fields, given, now, at=at, both=day_and_weekday, starts=starts, ends=ends)
        _put(runtime, runtime.tasks.change(name, fields), "changed", as_json=as_json)


def _changed(
    fields: "TaskFields",
    given: dict[str, Any],
    now: float,
    *,
    at: str | None,
    both: bool | None,
    starts: str | None,
    ends: str | None,
) -> "TaskFields":
    """``fields`` with the changes given on the command line."""
    from sestui.core.schedule.cron_grammar import with_both  # noqa: PLC0415 - croniter, as above
    from sestui.core.schedule.typed_time import Here  # noqa: PLC0415 - as above
    from sestui.core.task.values import instant_of, once  # noqa: PLC0415 - as above

    changes = {name: value for name, value in given.items() if value is not None}
    here = Here(changes.get("timezone", fields.timezone), now)
    if at is not None:
        if "schedule" in changes:
            raise UsageError("Choose either --schedule or --at.")
        changes["schedule"] = once(at, here)
    if both is not None:
        changes["schedule"] = with_both(changes.get("schedule", fields.schedule), both=both)
    for option, name, text in (("--start", "starts_at", starts), ("--end", "ends_at", ends)):
        if text is not None:
            changes[name] = instant_of(option, text, here)
    return replace(fields, **changes)


def _parameters(pairs: list[str], before: dict[str, Any]) -> dict[str, Any]:
    refuse_repeated("--param", (pair.partition("=")[0] for pair in pairs))
    found = dict(before)
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals or not name:
            raise UsageError(f"--param {pair}: write it as NAME=VALUE.")
        if text == "":
            found.pop(name, None)
            continue
        found[name] = text
        if text[0] in "[{":
            try:
                found[name] = json.loads(text)
            except ValueError as error:
                raise UsageError(f"--param {name}: {text} is not JSON.") from error
    return found


def _put(runtime: "Runtime", view: "TaskView", done: str, *, as_json: bool) -> None:
    if as_json:
        put_json(view.as_dict())
        return
    at = view.next_run_at
    when = f"runs next {runtime.local_time(at)}" if at is not None else "is off"
    put(f"{done} {view.name}: {when} ({view.fields.schedule})")
    if view.active:
        forecast = runtime.tasks.forecast_of(view)
        for line in (forecast.words, *forecast.dates[:3]):
            say(f"  {line}")


@app.command("enable")
def enable(name: Name, *, as_json: AsJson = False) -> None:
    """Switch a task on; occurrences missed while it was off are not caught up."""
    with opened() as runtime:
        _put(runtime, runtime.tasks.switch(name, on=True), "enabled", as_json=as_json)


@app.command("disable")
def disable(name: Name, *, as_json: AsJson = False) -> None:
    """Switch a task off; a run in progress finishes."""
    with opened() as runtime:
        _put(runtime, runtime.tasks.switch(name, on=False), "disabled", as_json=as_json)


@app.command("remove")
def remove(
    name: Name,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
) -> None:
    """Remove a task and its log."""
    with opened() as runtime:
        runtime.tasks.get(name)
        if not yes:
            typer.confirm(f"Remove the task {name} and its log?", abort=True, err=True)
        runtime.tasks.remove(name)
    put(f"removed {name}")


@app.command("run")
def run(
    name: Name,
    *,
    again: Annotated[
        bool,
        typer.Option(
            "--again", help="Send its campaign to everyone again, even if it has been sent before."
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Run a task now, whatever its schedule, and wait until it ends."""
    from sestui.cli.shared.progress import stopped_by_signals  # noqa: PLC0415 - the sender is slow

    with opened() as runtime:
        again = _asked_again(runtime, runtime.tasks.get(name).fields, again=again)
        task_id = runtime.tasks.id_to_run(name)
        worker_pool = runtime.worker_pool(by_hand=task_id, again=again)
        with stopped_by_signals(worker_pool):
            worker_pool.start()
            while not worker_pool.join(0.1):
                pass
        if worker_pool.error is not None:
            raise worker_pool.error
        view = runtime.tasks.run(worker_pool.ended[-1].run_id, name)
        if as_json:
            put_json(view.as_dict())
        else:
            for line in run_lines(runtime, view):
                put(line)
            if runtime.campaign_scheduler.unfinished():
                say("`sestui run-due` or the app sends what it started.")
    raise typer.Exit(EXIT_DONE if view.state is TaskRunState.SUCCEEDED else EXIT_FAILED)


def _asked_again(runtime: "Runtime", fields: "TaskFields", *, again: bool) -> bool:
    """Whether the task's campaign is to be sent again, if it has been sent before.

    Raises:
        StateError: it isn't confirmed, and there is no terminal to ask at.
    """
    from sestui.core.campaign.audience import Audience  # noqa: PLC0415 - slow to import

    if not fields.campaign or fields.parameters.get("only"):
        return again
    campaign = runtime.campaigns.get(fields.campaign)
    try:
        runtime.runs.refuse_repeat(campaign, again=again)
    except SentBeforeError as error:
        if not (sys.stdin.isatty() and watched()):
            raise SentBeforeError(
                str(error), by_option="Add --again to mail its whole audience again."
            ) from None
        count = runtime.audiences.size(Audience.of(campaign))
        who = "1 recipient" if count == 1 else f"{count:,} recipients"
        typer.confirm(f"{error} Send it again to {who}?", abort=True, err=True)
        return True
    return again


@app.command("log")
def log(
    name: Name,
    *,
    number: Annotated[int, typer.Option("-n", min=1, max=1000, help="How many runs to show.")] = 10,
    as_json: AsJson = False,
) -> None:
    """Show the results of a task's runs, newest last."""
    with opened() as runtime:
        runs = runtime.tasks.log(name, limit=number)
        if as_json:
            put_json([each.as_dict() for each in runs])
            return
        if not runs:
            say(f"{name} has not run yet.")
        for each in reversed(runs):
            for line in run_lines(runtime, each):
                put(line)
