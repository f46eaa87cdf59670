"""`sestui run-due`: the crontab line."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sestui import log
from sestui.cli.shared.common import AsJson, opened, put, put_json, say
from sestui.cli.tasks.run_due_log import RunDueLog, is_stdout
from sestui.cli.tasks.time_limit import time_limit
from sestui.core.clock import SystemClock
from sestui.core.schedule.reminders import Reminding, told_before
from sestui.errors import (
    EXIT_DONE,
    EXIT_FAILED,
    EXIT_NEEDS_OPERATOR,
    OutputError,
    SestuiError,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sestui.settings import Settings
    from sestui.tasks.execution import Ended
    from sestui.tasks.run_due import Report

_NAMED = 3
"""So many tasks are named in the summary; of more, they are counted."""


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
    voice = _Voice(_log_of(settings, log_file, as_json=as_json), as_json, verbose=verbose)
    before = told_before(Reminding(settings.reminders), now)
    if settings.sqlite_file is not None and surely_nothing_due(settings.sqlite_file, now, before):
        voice.nothing()
        return
    with (
        voice.errors_logged(),
        time_limit(context.obj.began, max_seconds, voice.warn) as limit,
        opened(settings) as runtime,
    ):
        if not anything_due(runtime.database, now, before):
            voice.nothing()
            return
        from sestui.cli.shared.progress import stopped_by_signals  # noqa: PLC0415 - the sender is slow
        from sestui.tasks.run_due import RunDue  # noqa: PLC0415 - as above

        work = RunDue(
            runtime,
            seconds=limit.left,
            hear=limit.hear,
            remind=voice.remind,
            hear_end=voice.hear_end,
        )
        limit.prolonged_to = work.prolonged_to
        with stopped_by_signals(work):
            report = work.run()
        voice.report(report)
    if report.doubtful or report.notes or report.reminders:
        raise typer.Exit(EXIT_NEEDS_OPERATOR)
    raise typer.Exit(EXIT_FAILED if report.failures else EXIT_DONE)


def _log_of(settings: "Settings", given: Path | None, *, as_json: bool) -> RunDueLog | None:
    """The log that is kept; None: what is done goes to standard output."""
    own = settings.run_due_log
    # A crontab line of before has >>, which would let it grow without a bound.
    path = given or (own if not as_json and is_stdout(own) else None)
    if path is None:
        return None
    return RunDueLog(path, lambda: datetime.now(settings.zone).astimezone(settings.zone))


class _Voice:
    """How run-due speaks: what is done to standard output or its log, what a person should read to
    stderr, which cron mails, and to the log too.
    """

    def __init__(self, log: RunDueLog | None, as_json: bool, *, verbose: bool) -> None:
        self._log = log
        self._as_json = as_json
        self._verbose = verbose

    def nothing(self) -> None:
        """Nothing was due."""
        if self._as_json:
            put_json({"runs": [], "tasks": [], "notes": [], "reminders": []})
        elif self._log is None:
            put("nothing due")
        elif self._verbose:
            self._log.add("nothing due")
            self._check_log()

    def warn(self, text: str) -> None:
        """Say what a person should read."""
        if self._log is not None:
            self._log.add(text)
        say(text)

    def remind(self, sentence: str) -> None:
        """Say what needs a person."""
        self.warn(f"sestui: {sentence}")

    def hear_end(self, ended: "Ended") -> None:
        """Log what a task came to when that is known: others may go on for hours."""
        if self._log is not None:
            self._log.add(ended.sentence())

    def report(self, report: "Report") -> None:
        """What it all came to."""
        if self._as_json:
            put_json(
                {
                    "runs": [view.as_dict() for view in report.runs],
                    "tasks": [ended.as_dict() for ended in report.tasks],
                    "notes": [*report.notes, *report.told],
                    "reminders": report.reminders,
                }
            )
        elif self._log is None:
            put("; ".join((*_tasks(report.tasks), *_others(report))) or "nothing due")
        if self._log is not None:
            for line in _others(report):  # its tasks are there already
                self._log.add(line)
        for failure in report.failures:
            say(failure)
        self._check_log()

    @contextmanager
    def errors_logged(self) -> Iterator[None]:
        """Log the error that ends the command; whoever catches it says it."""
        try:
            yield
        except SestuiError as error:
            if self._log is not None:
                self._log.add(f"sestui: {error.on_command_line()}")
            raise

    def _check_log(self) -> None:
        if self._log is not None and self._log.error is not None:
            raise OutputError(
                "The command has done its work, but its log can't be written: "
                f"{self._log.error.strerror}."
            )


def _others(report: "Report") -> list[str]:
    """What it came to, in pieces of one line, but for tasks."""
    runs = [view.sentence() + (f" ({view.detail})" if view.detail else "") for view in report.runs]
    return [*runs, *report.notes, *report.told]


def _tasks(ended: "Sequence[Ended]") -> list[str]:
    if len(ended) <= _NAMED:
        return [each.sentence().rstrip(".") for each in ended]
    counts: dict[str, int] = {}
    for each in ended:
        counts[each.state.label] = counts.get(each.state.label, 0) + 1
    said = ", ".join(f"{count:,} {label}" for label, count in counts.items())
    return [f"{len(ended):,} tasks: {said}"]
