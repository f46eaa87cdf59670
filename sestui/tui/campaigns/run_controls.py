"""Pause, resume and cancel, as every screen that shows a run offers them."""

from collections.abc import Callable
from typing import ClassVar

from textual.binding import Binding

from sestui.core.campaign.follow_up import Only
from sestui.core.delivery.states import RunState, WaitReason
from sestui.reports.overview import RunView
from sestui.store.db.tables import Run
from sestui.tui.app.base_screen import FAILED, BaseScreen, Failure
from sestui.tui.app.navigation import open_contact, open_run
from sestui.tui.app.screen_part import ScreenPart, in_worker
from sestui.tui.campaigns.unrenderable import LeftOut, unless_unrenderable, unrenderable_screen
from sestui.tui.dialogs.confirm import ConfirmScreen
from sestui.tui.widgets.format import shorten

_MAY_PAUSE = frozenset({RunState.SENDING, RunState.WAITING, RunState.SCHEDULED})


class RunControls(ScreenPart):
    """Holds, resumes and cancels a run."""

    BINDINGS: ClassVar[list[Binding]] = [
        Binding(
            "p", "pause", "Pause", id="run.pause", tooltip="Pause the run; nothing more is sent"
        ),
        Binding("p", "resume", "Resume", id="run.resume", tooltip="Continue where the run stopped"),
        Binding(
            "x",
            "cancel",
            "Cancel",
            id="run.cancel",
            tooltip="End the run; pending recipients get no mail",
        ),
    ]
    """Two actions on one key: the state of the run decides which there is."""

    def __init__(self, screen: BaseScreen, run: Callable[[], RunView | None]) -> None:
        """``run`` tells which; None: there is none."""
        super().__init__(screen)
        self._run = run

    def offers(self, action: str) -> bool:
        """Only what the run's state allows."""
        run = self._run()
        if run is None or run.has_ended:
            return False
        held = run.state == RunState.PAUSED or _wants_approval(run)
        if action == "pause":
            return run.state in _MAY_PAUSE and not held
        return action == "cancel" or held

    @in_worker("action")
    async def action_pause(self) -> None:
        """Hold the run."""
        if (run := self._run()) is not None:
            await self.screen.attempt(lambda: self.runtime.run_control.pause_run(run.id))
            self.screen.look_again()

    @in_worker("action")
    async def action_resume(self) -> None:
        """Go on with the run; one that waits for approval, once the operator has said so."""
        if (run := self._run()) is None:
            return
        if _wants_approval(run) and not await self.app.push_screen_wait(_approval_question(run)):
            return
        await _started(
            self.screen,
            lambda skip: self.runtime.run_control.resume_run(run.id, skip_unrenderable=skip),
        )
        self.screen.look_again()

    @in_worker("action")
    async def action_cancel(self) -> None:
        """End the run, once the operator has said so."""
        if (shown := self._run()) is None:
            return
        run = await self.screen.attempt(lambda: self.runtime.overview.run(shown.id))
        if run is FAILED or not await self.app.push_screen_wait(_cancel_question(run)):
            return
        await self.screen.attempt(
            lambda: self.runtime.runs.cancel(shown.id, self.runtime.clock.now())
        )
        self.screen.look_again()


async def start_run(
    screen: BaseScreen, name: str, *, again: bool = False, only: Only | None = None
) -> None:
    """Start a run of the campaign, and show it."""
    runtime = screen.services.runtime
    run = await _started(
        screen,
        lambda skip: runtime.starter.start(
            runtime.campaigns.get(name),
            runtime.clock.now(),
            again=again,
            only=only,
            skip_unrenderable=skip,
        ),
    )
    if isinstance(run, Run):
        open_run(screen, run.id)


async def _started(screen: BaseScreen, start: Callable[[bool], Run]) -> Run | Failure | None:
    """Start or resume a run; None where the operator would rather not.

    Where no mail can be made for some, it is asked whether to leave them out, which is what
    ``start`` is told.
    """
    emails = screen.services.runtime.contacts.emails
    outcome = await screen.attempt(lambda: unless_unrenderable(lambda: start(False), emails))
    if not isinstance(outcome, LeftOut):
        return outcome
    chosen = await screen.app.push_screen_wait(unrenderable_screen(outcome))
    if chosen is None:
        return None
    if chosen:
        open_contact(screen, outcome.people[chosen - 1][0])
        return None
    return await screen.attempt(lambda: start(True))


def _wants_approval(run: RunView) -> bool:
    return run.state == RunState.WAITING and run.reason == WaitReason.APPROVAL


def _approval_question(run: RunView) -> ConfirmScreen:
    count = run.counts.pending
    who = "1 recipient gets" if count == 1 else f"{count:,} recipients get"
    question = f"Send run {run.number} of {shorten(run.campaign, 60)}?"
    text = f"{run.detail}\n{who} the mail now."
    return ConfirmScreen(question, text, recipients=count, yes="Send it")


def _cancel_question(run: RunView) -> ConfirmScreen:
    count = run.counts.pending
    who = "1 recipient who is" if count == 1 else f"{count:,} recipients who are"
    text = f"The {who} pending will get no mail. To stop it for a while, go back and pause it."
    question = f"Cancel run {run.number} of {shorten(run.campaign, 60)}?"
    return ConfirmScreen(question, text, recipients=count, yes="Cancel the run")
