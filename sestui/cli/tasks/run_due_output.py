"""What `run-due` writes: to standard output or its log, and to stderr."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sestui.cli.shared.common import put, put_json, say
from sestui.cli.tasks.run_due_log import RunDueLog
from sestui.errors import OutputError, SestuiError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sestui.tasks.execution import Ended
    from sestui.tasks.run_due import Report

_NAMED = 3
"""The most tasks that are named in the summary; more are only counted."""


class RunDueOutput:
    """Writes what run-due does to standard output or its log, and what a person should read to
    stderr, which cron mails, and to the log too.
    """

    def __init__(self, log: RunDueLog | None, as_json: bool, *, verbose: bool) -> None:
        self._log = log
        self._as_json = as_json
        self._verbose = verbose

    def nothing_due(self) -> None:
        """Write that nothing was due."""
        if self._as_json:
            put_json({"runs": [], "tasks": [], "notes": [], "reminders": []})
        elif self._log is None:
            put("nothing due")
        elif self._verbose:
            self._log.add("nothing due")
            self._check_log()

    def warn(self, text: str) -> None:
        """Write what a person should read."""
        if self._log is not None:
            self._log.add(text)
        say(text)

    def remind(self, sentence: str) -> None:
        """Write what needs the operator."""
        self.warn(f"sestui: {sentence}")

    def task_ended(self, ended: "Ended") -> None:
        """Log a task's result at once: other tasks may go on for hours."""
        if self._log is not None:
            self._log.add(ended.sentence())

    def report(self, report: "Report") -> None:
        """Write the results."""
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
            put("; ".join((*_tasks(report.tasks), *_runs_and_notes(report))) or "nothing due")
        if self._log is not None:
            for line in _runs_and_notes(report):  # its tasks are there already
                self._log.add(line)
        for failure in report.failures:
            say(failure)
        self._check_log()

    @contextmanager
    def errors_logged(self) -> Iterator[None]:
        """Log the error that ends the command; the caller writes it to stderr."""
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


def _runs_and_notes(report: "Report") -> list[str]:
    """The results of runs, and notes: pieces of one line."""
    runs = [view.sentence() + (f" ({view.detail})" if view.detail else "") for view in report.runs]
    return [*runs, *report.notes, *report.told]


def _tasks(ended: "Sequence[Ended]") -> list[str]:
    if len(ended) <= _NAMED:
        return [each.sentence().rstrip(".") for each in ended]
    counts: dict[str, int] = {}
    for each in ended:
        counts[each.state.label] = counts.get(each.state.label, 0) + 1
    by_state = ", ".join(f"{count:,} {label}" for label, count in counts.items())
    return [f"{len(ended):,} tasks: {by_state}"]
