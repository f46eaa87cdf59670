"""`sestui send` and `sestui run-due`: the sender without screens."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from sestui.cli.campaign import Again, FollowUp, accounting, exit_code
from sestui.cli.common import AsJson, Name, opened, put, put_json, say
from sestui.core.follow_up import Only
from sestui.core.states import RunState, WaitReason
from sestui.errors import EXIT_DONE, EXIT_NEEDS_OPERATOR, StateError

if TYPE_CHECKING:
    from sestui.reports.overview import RunView
    from sestui.runtime import Runtime


def send_command(
    name: Name, *, again: Again = False, only: FollowUp = None, as_json: AsJson = False
) -> None:
    """Start a run, or go on with one that was cut off, and follow it to its end."""
    from sestui.cli.following import follow  # noqa: PLC0415 - the sender is slow to import

    with opened() as runtime:
        runtime.account.look()  # before anything starts: wrong credentials, nobody listening
        run_id = _run_to_send(runtime, name, again=again, only=only)
        follow(runtime, run_id)
        run = runtime.overview.run(run_id)
    if as_json:
        put_json(run.as_dict())
    else:
        for line in accounting(run):
            put(line)
    raise typer.Exit(exit_code(run))


def _run_to_send(runtime: "Runtime", name: str, *, again: bool, only: Only | None) -> int:
    campaign = runtime.campaigns.get(name)
    runtime.bury_the_dead()
    run = runtime.runs.latest([campaign.id]).get(campaign.id)
    if run is None or again or only or run.state in {RunState.FINISHED, RunState.CANCELLED}:
        runtime.runs.refuse_repeat(campaign, again=again or only is not None)
        say(f"Checking the mail of {runtime.contacts.audience_size(campaign.lists):,} recipients.")
        started = runtime.starter.start(campaign, runtime.clock.now(), again=again, only=only)
        if started is None:
            raise StateError(f"{name} was started by another process just now.")
        return started.id
    if run.state == RunState.PAUSED:
        raise StateError(
            f"Run {run.number} of {name} is paused ({run.reason}): {run.detail} "
            f"`sestui campaign resume {name}` lets it go on."
        )
    if run.state == RunState.WAITING:
        wake_waiting(runtime)
    say(f"Going on with run {run.number} of {name}: {run.pending:,} are still to be sent.")
    return run.id


def wake_waiting(runtime: "Runtime") -> None:
    """Let runs that wait for quota go on if SES has room again, sooner than expected or not."""
    waiting = [
        run for run in runtime.runs.in_states((RunState.WAITING,)) if run.reason == WaitReason.QUOTA
    ]
    if not waiting:
        return
    runtime.account.look()
    quota = runtime.account.quota()
    if quota is not None and (quota.left is None or quota.left > 0):
        for run in waiting:
            runtime.runs.wake(run.id)


def run_due_command(
    *,
    max_seconds: Annotated[
        float, typer.Option("--max-seconds", help="Stop after so many seconds.", min=1)
    ] = 55.0,
    as_json: AsJson = False,
) -> None:
    """The crontab line: start campaigns that are due, and go on with unfinished runs."""
    with opened() as runtime:
        from sestui.sending.due import Due  # noqa: PLC0415 - after the quick look

        due = Due(runtime.campaigns, runtime.runs, runtime.clock)
        if not due.anything():
            _report([], [], as_json=as_json)
            return
        from sestui.cli.following import drive  # noqa: PLC0415 - the sender is slow to import

        began = runtime.clock.monotonic()
        before = {run.id: run.in_doubt for run in due.unfinished()}
        runtime.bury_the_dead()
        wake_waiting(runtime)
        started = due.start_campaigns(runtime.starter)
        left = max(1.0, max_seconds - (runtime.clock.monotonic() - began))
        if due.unfinished():
            drive(runtime.sender(seconds=left))
        views = [runtime.overview.run(run_id) for run_id in sorted({*before, *started.run_ids})]
    _report(views, started.notes, as_json=as_json)
    troubled = any(
        view.counts.in_doubt > before.get(view.id, 0) or view.state == RunState.PAUSED
        for view in views
    )
    raise typer.Exit(EXIT_NEEDS_OPERATOR if troubled or started.notes else EXIT_DONE)


def _report(views: "Sequence[RunView]", notes: list[str], *, as_json: bool) -> None:
    if as_json:
        put_json({"runs": [view.as_dict() for view in views], "notes": notes})
    else:
        lines = [view.sentence() + (f" ({view.detail})" if view.detail else "") for view in views]
        put("; ".join([*lines, *notes]) or "nothing due")
