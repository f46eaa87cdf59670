"""Sending beyond the app's life: what a start continues, and the question on leaving."""

import asyncio
from typing import Any

from textual.app import App

from sestui.errors import SestuiError
from sestui.runtime import Runtime
from sestui.sending.background import BackgroundSender, background_sender
from sestui.tui.app.leaving.leaving_question import LeavingAnswer, LeavingQuestion
from sestui.tui.app.leaving.pending import PendingRuns, Words, pause_all, send_in_background
from sestui.tui.widgets.format import grouped

NONE = PendingRuns((), "", 0)


async def read(runtime: Runtime) -> PendingRuns:
    """The runs that sending would continue; :data:`NONE` if another process sends them."""
    try:
        return await asyncio.to_thread(_read, runtime)
    except SestuiError:
        return NONE  # the sender meets the same, and says so


def _read(runtime: Runtime) -> PendingRuns:
    if background_sender(runtime.database, runtime.clock) is not None:
        return NONE
    return PendingRuns.read(runtime)


def sentence(runs: PendingRuns) -> str:
    """A sentence about the runs that are about to continue."""
    it = "it" if len(runs.run_ids) == 1 else "them"
    return (
        f"Going on with {runs.called}: {grouped(runs.pending)} pending. ctrl+g holds {it} back "
        f"(pauses {it})."
    )


async def sent_elsewhere(runtime: Runtime) -> str | None:
    """Which process sends in the background, as a sentence; '' for none, None: not known now."""
    try:
        sender = await asyncio.to_thread(background_sender, runtime.database, runtime.clock)
    except SestuiError:
        return None
    if sender is None:
        return ""
    return f"A background sender is running ({sender.process}); {sender.kill} stops it."


async def is_set_within(event: asyncio.Event, seconds: float) -> bool:
    """Whether the event is set within ``seconds``."""
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return False
    return True


async def hold_back(runtime: Runtime, runs: PendingRuns) -> str:
    """Pause the runs; returns a sentence about the result."""
    try:
        await asyncio.to_thread(pause_all, runtime, runs)
    except SestuiError as error:
        return str(error)
    return f"{runs.called} {runs.verb} paused: nothing was sent. p on the run's screen resumes."


async def ask_to_leave(app: App[Any], runtime: Runtime) -> Words | None:
    """Ask what to do; returns the message for the shell, or None to stay."""
    try:
        runs, background = await asyncio.to_thread(_to_be_left, runtime)
    except SestuiError:
        return str  # what can't be read can't be asked about: leaving is as safe as a kill
    if not runs:
        return str
    return await app.push_screen_wait(_question(runtime, runs, background))


def _question(
    runtime: Runtime, runs: PendingRuns, background: BackgroundSender | None
) -> LeavingQuestion:
    it = "it" if len(runs.run_ids) == 1 else "them"
    goes_on = f"Leave; {background.process} goes on" if background else ""
    return LeavingQuestion(
        f"{runs.called} {runs.verb} being sent",
        f"{grouped(runs.pending)} pending. Paused, nothing more is sent until you resume. In the "
        "background, a process without a terminal sends the rest and then ends.",
        (
            LeavingAnswer(f"Leave and pause {it}", lambda: pause_all(runtime, runs), "Pausing…"),
            LeavingAnswer(
                goes_on or "Leave and go on in the background",
                lambda: send_in_background(runtime, runs),
                "Starting the background sender…",
            ),
        ),
    )


def _to_be_left(runtime: Runtime) -> tuple[PendingRuns, BackgroundSender | None]:
    with runtime.database.snapshot():
        return PendingRuns.read(runtime), background_sender(runtime.database, runtime.clock)
