"""`sestui run-due`: the crontab line."""

from typing import TYPE_CHECKING, Annotated

import typer

from sestui.cli.common import AsJson, opened, put, put_json, say
from sestui.cli.punctual import time_limit
from sestui.core.clock import SystemClock
from sestui.errors import EXIT_DONE, EXIT_FAILED, EXIT_NEEDS_OPERATOR

if TYPE_CHECKING:
    from collections.abc import Sequence

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
            "--max-seconds", help="End within two seconds of these, start-up included.", min=1
        ),
    ] = 55.0,
    as_json: AsJson = False,
) -> None:
    """The crontab line: run due tasks, start due campaigns, and go on with unfinished runs."""
    # Most minutes nothing is due: neither the ORM nor anything of the sender is imported then.
    from sestui.settings import load_settings  # noqa: PLC0415 - pydantic is slow to import
    from sestui.store.glance import anything_due, surely_nothing_due  # noqa: PLC0415 - as above

    settings, now = load_settings(), SystemClock().now()
    if settings.sqlite_file is not None and surely_nothing_due(settings.sqlite_file, now):
        _put_nothing(as_json=as_json)
        return
    with time_limit(context.obj.began, max_seconds) as limit, opened(settings) as runtime:
        if not anything_due(runtime.database, now):
            _put_nothing(as_json=as_json)
            return
        from sestui.cli.following import stopped_by_signals  # noqa: PLC0415 - the sender is slow
        from sestui.tasks.run_due import RunDue  # noqa: PLC0415 - as above

        work = RunDue(runtime, seconds=limit.left, hear=limit.hear)
        limit.prolonged_to = work.prolonged_to
        with stopped_by_signals(work):
            report = work.run()
        _put(report, as_json=as_json)
    if report.doubtful or report.notes:
        raise typer.Exit(EXIT_NEEDS_OPERATOR)
    raise typer.Exit(EXIT_FAILED if report.failures else EXIT_DONE)


def _put(report: "Report", *, as_json: bool) -> None:
    if as_json:
        put_json(
            {
                "runs": [view.as_dict() for view in report.runs],
                "tasks": [ended.as_dict() for ended in report.tasks],
                "notes": [*report.notes, *report.told],
            }
        )
    else:
        put("; ".join(_summary(report)) or "nothing due")
    for failure in report.failures:
        say(failure)


def _put_nothing(*, as_json: bool) -> None:
    if as_json:
        put_json({"runs": [], "tasks": [], "notes": []})
    else:
        put("nothing due")


def _summary(report: "Report") -> list[str]:
    """What it came to, in pieces of one line."""
    runs = [view.sentence() + (f" ({view.detail})" if view.detail else "") for view in report.runs]
    return [*_tasks(report.tasks), *runs, *report.notes, *report.told]


def _tasks(ended: "Sequence[Ended]") -> list[str]:
    if len(ended) <= _NAMED:
        return [each.sentence().rstrip(".") for each in ended]
    counts: dict[str, int] = {}
    for each in ended:
        counts[each.state.label] = counts.get(each.state.label, 0) + 1
    said = ", ".join(f"{count:,} {label}" for label, count in counts.items())
    return [f"{len(ended):,} tasks: {said}"]
