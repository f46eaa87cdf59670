"""`sestui campaign start`, and what it shares with `sestui send`."""

from typing import TYPE_CHECKING, Annotated

import typer

from sestui.cli.campaigns.checks import SkipUnrenderable, checking, warn
from sestui.cli.shared.common import AsJson, Name, opened, put, put_json, say
from sestui.core.campaign.follow_up import Only

if TYPE_CHECKING:
    from sestui.runtime import Runtime
    from sestui.store.db.tables import Campaign, Run

Again = Annotated[
    bool,
    typer.Option("--again", help="Send it to everyone again, even if it has been sent before."),
]
FollowUp = Annotated[
    Only | None,
    typer.Option("--only", help="Follow up: only contacts that earlier runs did not reach."),
]


def start_checked(
    runtime: "Runtime",
    campaign: "Campaign",
    *,
    again: bool,
    only: Only | None,
    skip_unrenderable: bool,
) -> "Run":
    """Check everybody's mail, reporting progress and warnings, and start a run."""
    with checking(runtime, campaign, starts=True) as progress:
        return runtime.starter.start(
            campaign,
            runtime.clock.now(),
            again=again,
            only=only,
            skip_unrenderable=skip_unrenderable,
            on_check=warn,
            progress=progress,
        )


def start_command(
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
        run = start_checked(
            runtime, campaign, again=again, only=only, skip_unrenderable=skip_unrenderable
        )
        view = runtime.overview.campaign(name)
    if as_json:
        put_json(view.as_dict())
    else:
        put(f"run {run.number} of {name} is {run.state}: {view.run and view.run.counts.audience:,}")
        say(f"`sestui run-due` or the app sends it; `sestui send {name}` does so now.")
