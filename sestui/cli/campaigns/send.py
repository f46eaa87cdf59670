"""`sestui send`: send a campaign without the screens."""

from typing import TYPE_CHECKING

import typer

from sestui.cli.campaigns.checks import SkipUnrenderable, left_out, put_left_out
from sestui.cli.campaigns.run_accounting import accounting, exit_code
from sestui.cli.campaigns.starting import Again, FollowUp, start_checked
from sestui.cli.shared.common import AsJson, Name, opened, put, put_json, say
from sestui.core.campaign.follow_up import Only
from sestui.core.delivery.states import PauseReason, RunState, WaitReason
from sestui.errors import NeedsOperatorError

if TYPE_CHECKING:
    from sestui.runtime import Runtime


def send_command(
    name: Name,
    *,
    again: Again = False,
    only: FollowUp = None,
    skip_unrenderable: SkipUnrenderable = False,
    as_json: AsJson = False,
) -> None:
    """Start a run, or continue an interrupted one, and follow it to its end."""
    from sestui.cli.shared.progress import follow  # noqa: PLC0415 - the sender is slow to import

    with opened() as runtime:
        runtime.account.poll()  # before anything starts: wrong credentials, nobody listening
        run_id = _run_to_send(
            runtime, name, again=again, only=only, skip_unrenderable=skip_unrenderable
        )
        follow(runtime, run_id)
        run = runtime.overview.run(run_id)
        skips = left_out(runtime, run_id)
    if as_json:
        put_json(run.as_dict() | {"skipped_for": skips})
    else:
        for line in accounting(run):
            put(line)
        put_left_out(skips)
    raise typer.Exit(exit_code(run))


def _run_to_send(
    runtime: "Runtime", name: str, *, again: bool, only: Only | None, skip_unrenderable: bool
) -> int:
    campaign = runtime.campaigns.get(name)
    runtime.reap_dead_workers()
    run = runtime.runs.latest([campaign.id]).get(campaign.id)
    if run is None or again or only or run.state in {RunState.FINISHED, RunState.CANCELLED}:
        runtime.runs.refuse_repeat(campaign, again=again or only is not None)
        return start_checked(
            runtime, campaign, again=again, only=only, skip_unrenderable=skip_unrenderable
        ).id
    if run.state == RunState.PAUSED:
        option = " --despite-breaker" if run.reason == PauseReason.BREAKER else ""
        raise NeedsOperatorError(
            f"Run {run.number} of {name} is paused ({run.reason}): {run.detail} "
            f"`sestui campaign resume {name}{option}` continues it."
        )
    if run.state == RunState.WAITING and run.reason == WaitReason.APPROVAL:
        raise NeedsOperatorError(f"Run {run.number} of {name} waits for approval: {run.detail}")
    if run.state == RunState.WAITING and run.reason == WaitReason.WINNER:
        raise NeedsOperatorError(
            f"Run {run.number} of {name} waits: {run.detail} "
            f"`sestui campaign winner {name}` chooses it."
        )
    if run.state == RunState.WAITING:
        runtime.wake_waiting()
    say(f"Continuing run {run.number} of {name}: {run.pending:,} still to be sent.")
    return run.id
