"""`sestui campaign list` and `show`."""

from typing import TYPE_CHECKING, Annotated

import typer

from sestui.cli.campaigns.checks import left_out, put_left_out, put_unmade, unmade
from sestui.cli.campaigns.in_doubt import count_in_doubt, list_in_doubt, put_in_doubt
from sestui.cli.campaigns.run_accounting import accounting
from sestui.cli.shared.common import AsJson, Name, opened, put, put_json, put_table, say

if TYPE_CHECKING:
    from sestui.reports.overview import CampaignView, RunView


def list_command(
    *,
    archived: Annotated[
        bool, typer.Option("--archived", help="Those in the archive, too.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List campaigns with the state of their newest runs."""
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


def show_command(name: Name, *, as_json: AsJson = False) -> None:
    """Show a campaign: its newest run, what is in doubt, and earlier runs."""
    from sestui.reports.doubts import doubt_figures  # noqa: PLC0415 - the database is slow to import

    with opened() as runtime:
        runtime.reap_dead_workers()
        with runtime.database.snapshot():
            view = runtime.overview.campaign(name)
            runs = runtime.overview.runs(name)
            in_doubt, doubts = list_in_doubt(runtime, view), count_in_doubt(runtime, view)
            run_id = view.run.id if view.run is not None else 0
            skips, without = left_out(runtime, run_id), unmade(runtime, run_id)
        if as_json:
            put_json(
                view.as_dict()
                | {"runs": [r.as_dict() for r in runs], "in_doubt": in_doubt}
                | {"asked_ses": doubt_figures(doubts) if doubts is not None else None}
                | {"skipped_for": skips, "unrenderable": without}
            )
            return
        put(f"{view.name}: {view.subject}")
        put(f"audience  {view.whom.words} ({_number(view.audience)} contacts now)")
        if view.next_due_at is not None:
            put(f"next run  {runtime.local_time(view.next_due_at)}")
        if view.run is None:
            put(f"no run yet; `sestui send {name}` starts one")
            return
        for line in accounting(view.run):
            put(line)
        put_left_out(skips)
        put_in_doubt(in_doubt, doubts, name, runtime.settings.resend_after_hours)
        put_unmade(without)
        if len(runs) > 1:
            put("")
            put_table(
                ("run", "kind", "state", "audience", "accepted", "rejected", "in doubt", "skipped"),
                [_run_row(run) for run in runs],
            )


def _run_row(run: "RunView") -> tuple[str, ...]:
    counts = run.counts
    numbers = (counts.audience, counts.accepted, counts.rejected, counts.in_doubt, counts.skipped)
    return (str(run.number), run.kind, run.state, *(f"{number:,}" for number in numbers))


def _number(number: int | None) -> str:
    return "unknown" if number is None else f"{number:,}"
