"""Pause, resume and cancel, for every screen that shows a run."""

from collections.abc import Callable
from typing import ClassVar

from textual.binding import Binding

from sestui.core.delivery.states import PAUSABLE_RUN_STATES, RunKind, RunState
from sestui.reports.overview import RunView
from sestui.reports.split_report import SplitReport
from sestui.sending.runs.split_tests import SplitTests
from sestui.tui.app.screens.base_screen import FAILED, BaseScreen
from sestui.tui.app.screens.screen_part import ScreenPart, in_worker
from sestui.tui.campaigns.start_check import PlannedStart
from sestui.tui.campaigns.start_question import start_checked, wants_approval
from sestui.tui.dialogs.choose import ChooseScreen
from sestui.tui.dialogs.confirm import ConfirmScreen
from sestui.tui.widgets.format import grouped, shorten


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
        Binding(
            "B",
            "winner",
            "Winner",
            id="run.winner",
            tooltip="Choose the best subject: the rest of the run gets it",
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
        if action == "winner":
            return run.awaits_winner
        held = run.state == RunState.PAUSED or wants_approval(run)
        if action == "pause":
            return run.state in PAUSABLE_RUN_STATES and not held
        return action == "cancel" or held

    @in_worker("steer")
    async def action_pause(self) -> None:
        """Pause the run."""
        if (run := self._run()) is None:
            return
        controls = self.services.pending_controls
        controls.pausing(run.id)
        self.screen.reload()
        paused = await self.screen.attempt(lambda: self.runtime.run_control.pause_run(run.id))
        if paused is FAILED:
            controls.failed(run.id)
        else:
            controls.paused(run.id, paused.detail)
        self.screen.reload()

    @in_worker("steer")
    async def action_resume(self) -> None:
        """Resume the run; one that waits for approval needs a confirmation."""
        if (run := self._run()) is None:
            return
        if run.kind == RunKind.CAMPAIGN:
            await start_checked(self.screen, PlannedStart(run.campaign, resumes=run.id))
        else:
            await self._resume(run)
        self.screen.reload()

    async def _resume(self, run: RunView) -> None:
        """Go on with one that nobody's mail is checked for: a test, or what was relayed."""
        self.services.pending_controls.resuming(run.id, run)
        self.screen.reload()
        if await self.screen.attempt(lambda: self.runtime.run_control.resume_run(run.id)) is FAILED:
            self.services.pending_controls.failed(run.id)

    @in_worker("steer")
    async def action_winner(self) -> None:
        """Ask which subject the rest gets, and let it go on."""
        if (run := self._run()) is None:
            return
        runtime = self.runtime
        found = await self.screen.attempt(
            lambda: SplitReport.of(runtime.database, runtime.runs.get(run.id))
        )
        if found is FAILED or found is None:
            return
        variant = await self.app.push_screen_wait(_winner_question(run, found))
        if variant:
            tests = SplitTests(runtime.database, runtime.clock, runtime.local_time)
            await self.screen.attempt(lambda: tests.choose(run.id, variant))
        self.screen.reload()

    @in_worker("steer")
    async def action_cancel(self) -> None:
        """Pause the run and cancel it after a confirmation; otherwise it continues as before."""
        if (shown := self._run()) is None:
            return
        control = self.runtime.run_control
        held = await self.screen.attempt(lambda: control.hold_run(shown.id))
        if held is FAILED:
            return
        if held is not None:
            self.services.pending_controls.paused(shown.id, held.held_for)
        await self.screen.read()  # at once: below the question nothing is read any more
        run = await self.screen.attempt(lambda: self.runtime.overview.run(shown.id))
        sure = run is not FAILED and await self.app.push_screen_wait(
            _cancel_question(run, held=held is not None)
        )
        if sure:
            await self.screen.attempt(lambda: control.cancel_run(shown.id))
        else:
            await self.screen.attempt(lambda: control.release_run(held))
        self.screen.reload()


def _winner_question(run: RunView, split: SplitReport) -> ChooseScreen:
    count = split.rest.recipients
    who = "The one recipient who is left gets" if count == 1 else f"{grouped(count)} recipients get"
    answers = {
        each.variant: f"{each.variant}: {shorten(each.subject, 60)}" for each in split.variants
    }
    return ChooseScreen(
        f"Which subject is the winner of {run.label} of {shorten(run.campaign, 60)}?",
        f"{who} it. {split.sentence}",
        answers,
    )


def _cancel_question(run: RunView, *, held: bool) -> ConfirmScreen:
    count = run.counts.pending
    who = "1 recipient who is" if count == 1 else f"{grouped(count)} recipients who are"
    text = f"The {who} pending will get no mail."
    if held:
        text += " The run is paused until you answer; going back continues it."
    elif run.state == RunState.PAUSED:
        text += " Going back leaves it paused."
    question = f"Cancel {run.label} of {shorten(run.campaign, 60)}?"
    return ConfirmScreen(question, text, recipients=count, yes="Cancel the run")
