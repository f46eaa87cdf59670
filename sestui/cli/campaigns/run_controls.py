"""`sestui campaign pause`, `resume` and `cancel`."""

from typing import TYPE_CHECKING, Annotated

import typer

from sestui.cli.campaigns.checks import SkipUnrenderable, checking, warn
from sestui.cli.shared.common import AsJson, Name, opened, put, put_json, say

if TYPE_CHECKING:
    from sestui.reports.overview import RunView
    from sestui.runtime import Runtime


def pause_command(name: Name, *, as_json: AsJson = False) -> None:
    """Pause the run; calls in flight still get their answers."""
    with opened() as runtime:
        run = runtime.overview.run(runtime.run_control.pause(name).id)
    _put_run(run, as_json=as_json)


def resume_command(
    name: Name,
    *,
    skip_unrenderable: SkipUnrenderable = False,
    despite_breaker: Annotated[
        bool,
        typer.Option(
            "--despite-breaker", help="Also a run that too many bounces or complaints have paused."
        ),
    ] = False,
    change_account: Annotated[
        bool,
        typer.Option(
            "--change-account",
            help="Send the rest through the account that mail goes to now, also of a run that was "
            "started for another.",
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Continue where the run stopped, with the current message and sender."""
    with opened() as runtime:
        if not despite_breaker:
            runtime.run_control.refuse_tripped(name)  # before everybody's mail is checked
        if not change_account:
            runtime.run_control.refuse_other_account(name)
        with checking(runtime, runtime.campaigns.get(name)) as progress:
            resumed = runtime.run_control.resume(
                name,
                skip_unrenderable=skip_unrenderable,
                despite_breaker=despite_breaker,
                change_account=change_account,
                on_check=warn,
                progress=progress,
            )
        run = runtime.overview.run(resumed.id)
    _put_run(run, as_json=as_json)
    say(f"`sestui run-due` or the app sends it; `sestui send {name}` does so now.")


def cancel_command(
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
    _put_run(view, as_json=as_json)


def _ask_to_cancel(runtime: "Runtime", name: str, run_id: int) -> None:
    """Pause the run and ask; it goes on if the answer is no."""
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


def _put_run(run: "RunView", *, as_json: bool) -> None:
    if as_json:
        put_json(run.as_dict())
    else:
        put(run.sentence())
