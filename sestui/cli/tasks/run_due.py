"""`sestui run-due`: the crontab line."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sestui import log
from sestui.cli.shared.common import AsJson, opened
from sestui.cli.tasks.run_due_log import RunDueLog, is_stdout
from sestui.cli.tasks.run_due_output import RunDueOutput
from sestui.cli.tasks.time_limit import time_limit
from sestui.core.clock import SystemClock
from sestui.core.schedule.reminders import Reminding, told_before
from sestui.errors import EXIT_DONE, EXIT_FAILED, EXIT_NEEDS_OPERATOR

if TYPE_CHECKING:
    from sestui.cli.tasks.time_limit import TimeLimit
    from sestui.runtime import Runtime
    from sestui.settings import Settings
    from sestui.tasks.run_due import Report


def run_due_command(
    context: typer.Context,
    *,
    max_seconds: Annotated[
        float,
        typer.Option(
            "--max-seconds",
            help="Stop within two seconds of this many seconds, start-up included.",
            min=1,
        ),
    ] = 55.0,
    log_file: Annotated[
        Path | None,
        typer.Option(
            "--log",
            metavar="FILE",
            help="Write what has been done to this file instead, one line each with its time; it "
            "is rotated.",
        ),
    ] = None,
    verbose: Annotated[
        bool, typer.Option("--verbose", help="With --log: also log that nothing was due.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """The crontab line: run due tasks, start due campaigns, and go on with unfinished runs."""
    # Most minutes nothing is due: neither the ORM nor anything of the sender is imported then.
    from sestui.settings import check_variables, load_settings  # noqa: PLC0415 - pydantic is slow
    from sestui.store.tasks.due_check import anything_due, surely_nothing_due  # noqa: PLC0415 - as above

    settings, now = load_settings(), SystemClock().now()
    log.set_up(settings.state_dir, settings.log_level)
    check_variables()
    output = RunDueOutput(_log_of(settings, log_file, as_json=as_json), as_json, verbose=verbose)
    before = told_before(Reminding(settings.reminders), now)
    if settings.sqlite_file is not None and surely_nothing_due(settings.sqlite_file, now, before):
        output.nothing_due()
        return
    with (
        output.errors_logged(),
        time_limit(context.obj.began, max_seconds, output.warn) as limit,
        opened(settings) as runtime,
    ):
        if not anything_due(runtime.database, now, before):
            output.nothing_due()
            return
        report = _run(runtime, limit, output)
        output.report(report)
    if report.doubtful or report.notes or report.reminders:
        raise typer.Exit(EXIT_NEEDS_OPERATOR)
    raise typer.Exit(EXIT_FAILED if report.failures else EXIT_DONE)


def _run(runtime: "Runtime", limit: "TimeLimit", output: RunDueOutput) -> "Report":
    """Run all that is due, within the limit or until a signal."""
    from sestui.cli.shared.progress import stopped_by_signals  # noqa: PLC0415 - the sender is slow
    from sestui.tasks.run_due import RunDue  # noqa: PLC0415 - as above

    work = RunDue(
        runtime,
        seconds=limit.left,
        on_report=limit.on_report,
        remind=output.remind,
        on_ended=output.task_ended,
    )
    limit.prolonged_to = work.prolonged_to
    with stopped_by_signals(work):
        return work.run()


def _log_of(settings: "Settings", given: Path | None, *, as_json: bool) -> RunDueLog | None:
    """The log to write to; None for standard output."""
    own = settings.run_due_log
    # An older crontab line has >>, which would let the log grow without bound.
    path = given or (own if not as_json and is_stdout(own) else None)
    if path is None:
        return None
    return RunDueLog(path, lambda: datetime.now(settings.zone).astimezone(settings.zone))
