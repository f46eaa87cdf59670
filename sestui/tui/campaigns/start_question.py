"""The steps from "start" to a run: check, ask, start."""

import asyncio
from collections.abc import Sequence

from sestui.core.campaign.follow_up import Only
from sestui.core.delivery.holdout import holdout_sentence
from sestui.core.delivery.states import PauseReason, RunState, WaitReason
from sestui.core.task.fields import TaskFields
from sestui.errors import SestuiError
from sestui.reports.overview import CampaignView, RunView
from sestui.store.db.tables import Run
from sestui.tui.app.navigation.navigation import compose_campaign
from sestui.tui.app.screens.base_screen import FAILED, BaseScreen
from sestui.tui.app.services import ScreenServices
from sestui.tui.campaigns.check_dialog import CheckScreen
from sestui.tui.campaigns.follow_up import WHOM
from sestui.tui.campaigns.hours import hours_line
from sestui.tui.campaigns.start_check import PlannedStart, StartCheck
from sestui.tui.dialogs.confirm import ConfirmScreen
from sestui.tui.widgets.format import grouped, not_mailed, recipients, shorten

_WARNINGS = 5
_LATER = "Later…"
SET_START = ("start", None)
"""The field of a campaign that says when it starts."""


async def start_checked(screen: BaseScreen, planned: PlannedStart) -> Run | None:
    """Check everybody's mail, ask, and start; None: it was not started.

    What can't be started is a page of its own, which lies on top of the screen then.
    """
    checked = await checked_or_shown(screen, planned)
    if checked is None:
        return None
    return await ask_and_start(screen, planned, checked)


async def checked_or_shown(screen: BaseScreen, planned: PlannedStart) -> StartCheck | None:
    """What the check found where it can be started; None: it can't, or the check was cancelled."""
    checked = await screen.app.push_screen_wait(CheckScreen(screen.services, planned))
    if checked is None or checked.ok:
        return checked
    show_refusal(screen, planned, checked)
    return None


def show_refusal(screen: BaseScreen, planned: PlannedStart, checked: StartCheck) -> None:
    """The page that says why it can't be started."""
    from sestui.tui.campaigns.cannot_start import CannotStartScreen  # noqa: PLC0415 - it starts, too

    screen.app.push_screen(CannotStartScreen(screen.services, planned, checked))


async def ask_and_start(
    screen: BaseScreen, planned: PlannedStart, checked: StartCheck, *, skip: bool = False
) -> Run | None:
    """Ask with the numbers, and start; ``skip``: to those whose mail can be made."""
    runtime = screen.services.runtime
    view = await screen.attempt(lambda: runtime.overview.campaign(planned.campaign))
    if view is FAILED or checked.check is None:
        return None
    foreseen = await _foreseen(screen, planned)
    moves = await _moves(screen, planned)
    question = _question(screen.services, planned, view, checked, foreseen, moves=moves)
    if question is not None and not await screen.app.push_screen_wait(question):
        if question.took_other:
            screen.app.run_worker(compose_campaign(screen.app, view.name, SET_START))
        return None
    check, again = checked.check, view.run is not None
    controls = screen.services.pending_controls
    if planned.resumes is not None and view.run is not None:
        controls.resuming(planned.resumes, view.run)
        screen.reload()
    try:
        return await asyncio.to_thread(
            lambda: planned.start(
                runtime,
                check,
                again=again,
                skip_unrenderable=skip,
                despite_breaker=question is not None,
                change_account=bool(moves),
            )
        )
    except SestuiError as error:
        if planned.resumes is not None:
            controls.failed(planned.resumes)
        show_refusal(screen, planned, StartCheck(refused=str(error)))
        return None


async def ask_to_run(screen: BaseScreen, task: TaskFields) -> bool | None:
    """Ask before a task starts its campaign by hand; whether it is sent again, None: not at all."""
    runtime, only = screen.services.runtime, task.parameters.get("only")
    planned = PlannedStart(task.campaign)
    if only in list(Only):
        part = Only(only)
        size = await screen.attempt(
            lambda: runtime.audiences.follow_up_size(runtime.campaigns.get(task.campaign), part)
        )
        if size is FAILED:
            return None
        planned = PlannedStart(task.campaign, part, size)
    checked = await checked_or_shown(screen, planned)
    if checked is None:
        return None
    view = await screen.attempt(lambda: runtime.overview.campaign(task.campaign))
    if view is FAILED:
        return None
    foreseen = await _foreseen(screen, planned)
    question = _question(screen.services, planned, view, checked, foreseen)
    if question is None or not await screen.app.push_screen_wait(question):
        return None
    return view.run is not None and planned.only is None


async def _foreseen(screen: BaseScreen, planned: PlannedStart) -> list[str]:
    """How many are over the campaign's limit, are held out and may bounce, and the hours of a local
    time.

    None where it isn't the whole audience that is mailed.
    """
    if planned.only is not None or planned.resumes is not None:
        return []
    runtime, name = screen.services.runtime, planned.campaign

    def foreseen() -> list[str]:
        over, bounces = runtime.forecasts.over_limit(name), runtime.forecasts.bounces(name)
        held_out = holdout_sentence(runtime.campaigns.get(name).holdout)
        hours = runtime.forecasts.hours(name)
        by_hour = "" if hours is None else hours_line(hours)
        return [over.sentence(), held_out, bounces.sentence(), by_hour and f"{by_hour}."]

    found = await screen.attempt(foreseen)
    return [] if found is FAILED else found


async def _moves(screen: BaseScreen, planned: PlannedStart) -> str:
    """Why a run that is resumed needs a word about its account, as a sentence; '' if it doesn't."""
    if (run_id := planned.resumes) is None:
        return ""
    runtime = screen.services.runtime
    found = await screen.attempt(lambda: runtime.run_control.other_account(run_id))
    return "" if found is FAILED else found


def _question(
    services: ScreenServices,
    planned: PlannedStart,
    view: CampaignView,
    checked: StartCheck,
    foreseen: Sequence[str],
    *,
    moves: str = "",
) -> ConfirmScreen | None:
    """What will be sent to how many; None: a run that was held goes on without a question."""
    name, count = shorten(view.name, 60), planned.size or checked.sendable
    if planned.resumes is not None:
        return _resume_question(view.run, checked, moves) if view.run is not None else None
    lines = [f"Subject: {shorten(view.subject, 120)}"]
    if planned.only is not None:
        lines[0] = f"{WHOM[planned.only]}."
    elif checked.before is not None:
        lines.insert(0, checked.before.sentence(count))
    said = (not_mailed(checked.unmailed), _skipped(checked), _later(checked), *foreseen)
    lines += [line for line in said if line]
    lines.append(f"Mail goes to {services.label.text}.")
    lines += _warned(checked.warnings)
    verb = "Send again" if view.run is not None and planned.only is None else "Send"
    return ConfirmScreen(
        f"{verb} {name} to {recipients(count)}?",
        "\n".join(lines),
        recipients=count,
        yes=f"{verb} to {grouped(count)}",
        instead=_LATER if planned.only is None and view.next_due_at is None else "",
    )


def wants_approval(run: RunView) -> bool:
    """Whether the run waits until somebody says that it may be sent."""
    return run.state == RunState.WAITING and run.reason == WaitReason.APPROVAL


def _resume_question(run: RunView, checked: StartCheck, moves: str) -> ConfirmScreen | None:
    if run.reason == PauseReason.BREAKER:
        return _breaker_question(run, moves)
    if not wants_approval(run) and not moves:
        return None
    count = max(0, run.counts.pending - checked.failed)
    who = "1 recipient gets" if count == 1 else f"{grouped(count)} recipients get"
    detail = run.detail if wants_approval(run) else ""
    lines = [detail, moves, f"{who} the mail now.", _skipped(checked)]
    return ConfirmScreen(
        f"Send run {run.number} of {shorten(run.campaign, 60)}?",
        "\n".join(line for line in lines if line),
        recipients=count,
        yes="Send it",
    )


def _breaker_question(run: RunView, moves: str) -> ConfirmScreen:
    lines = [
        *filter(None, (moves,)),
        run.detail,
        "Find out where these addresses come from first: SES would pause the whole account.",
    ]
    return ConfirmScreen(
        f"Resume run {run.number} of {shorten(run.campaign, 60)} all the same?",
        "\n".join(lines),
        recipients=run.counts.pending,
        yes="Resume it",
    )


def _skipped(checked: StartCheck) -> str:
    count = checked.failed
    if not count:
        return ""
    return f"{recipients(count)} will be skipped with the reason: their mail can't be rendered."


def _later(checked: StartCheck) -> str:
    if checked.check is None or not checked.check.later:
        return ""
    then = "that recipient is skipped" if checked.skips else "the run pauses"
    return (
        f"The mail of the first {grouped(checked.check.audience)} has been checked, that of the "
        f"others is while it sends, ahead of it. If one can't be rendered, {then}."
    )


def _warned(warnings: Sequence[str]) -> list[str]:
    lines = [f"! {shorten(each, 400)}" for each in warnings[:_WARNINGS]]
    more = len(warnings) - _WARNINGS
    return [*lines, f"  and {more} more warnings"] if more > 0 else lines
