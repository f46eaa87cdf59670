"""Follow a run on the command line: a progress bar on a terminal, lines in logs."""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Protocol

from sestui.cli.shared.common import say, watched
from sestui.core.delivery.pacing import AllowedRate
from sestui.core.signals import heeded
from sestui.sending.engine.loop import End
from sestui.sending.engine.report import SenderReport

if TYPE_CHECKING:
    from rich.progress import TaskID

    from sestui.reports.overview import RunView
    from sestui.runtime import Runtime
    from sestui.sending.sender import Sender

_POLL_SECONDS = 0.25
_LINE_SECONDS = 10.0
_STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_SHOW_CURSOR = "\n\x1b[?25h"  # the bar hides it


class Stoppable(Protocol):
    """Work that signals end: a sender, or `run-due`."""

    def stop(self) -> None:
        """Ask it to end after calls in flight."""


def follow(runtime: "Runtime", run_id: int) -> End:
    """Send one run until it ends, or a signal or a state stops it, with narration.

    Raises:
        SestuiError: of the sender's thread.
    """
    with _narration(runtime, run_id) as narration:
        return drive(runtime.sender(report=narration.on_report, only=run_id), narration.report)


def drive(sender: "Sender", report: Callable[[], None] | None = None) -> End:
    """Start the sender and wait for its end; a signal stops it gracefully."""
    with stopped_by_signals(sender):
        sender.start()
        try:
            while not sender.join(_POLL_SECONDS):
                if report is not None:
                    report()
        finally:
            # If ``report`` fails, calls in flight are awaited before anything is closed.
            sender.stop()
            sender.join()
    if report is not None:
        report()
    if sender.error is not None:
        raise sender.error
    return sender.end or End.STOPPED


@contextmanager
def stopped_by_signals(work: Stoppable) -> Iterator[None]:
    """SIGINT, SIGTERM and SIGHUP stop after calls in flight; a second SIGINT ends at once.

    Ending at once is as safe as a kill: the next process puts mails in flight in doubt.
    """
    asked = threading.Event()

    def ask(number: int, _frame: object) -> None:
        if asked.is_set() and number == signal.SIGINT:
            if watched():
                sys.stderr.write(_SHOW_CURSOR)
                sys.stderr.flush()
            os._exit(128 + number)
        asked.set()
        work.stop()
        # After SIGHUP there is no terminal, and what this has interrupted may be writing to stderr,
        # which then can't be written to.
        with suppress(OSError, RuntimeError):
            if watched():
                say("")  # off the line that the bar is on
            say("Stopping: waiting for calls in flight (Ctrl-C again stops at once).")

    before = {number: signal.signal(number, ask) for number in heeded(_STOPPING)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _narration(runtime: "Runtime", run_id: int) -> "Iterator[_Narration]":
    told = _Narration(runtime, run_id)
    try:
        yield told
    finally:
        told.close()


class _Narration:
    """Progress on stderr: a bar on a terminal, a line every ten seconds elsewhere."""

    def __init__(self, runtime: "Runtime", run_id: int) -> None:
        self._runtime = runtime
        self._run_id = run_id
        self._trouble = ""
        self._reported_trouble = ""
        self._reported_at = runtime.clock.monotonic()
        self._bar = _Bar() if watched() else None

    def on_report(self, report: SenderReport) -> None:
        """Keep the sender's report; called in its thread."""
        self._trouble = report.trouble

    def report(self) -> None:
        """Report the run's current state."""
        run = self._runtime.overview.run(self._run_id)
        if self._trouble != self._reported_trouble:
            self._reported_trouble = self._trouble
            if self._trouble:
                say(self._trouble)
        if self._bar is not None:
            self._bar.show(run)
        elif self._runtime.clock.monotonic() - self._reported_at >= _LINE_SECONDS:
            self._reported_at = self._runtime.clock.monotonic()
            throttled = run.allowed.sentence() if run.allowed else ""
            say("; ".join(filter(None, [run.sentence(), throttled])))

    def close(self) -> None:
        """Release the terminal; the last output stays."""
        if self._bar is not None:
            self._bar.close()


def _rate_line(speed: float | None, allowed: AllowedRate | None) -> str:
    if not speed:
        return ""
    if allowed is None or allowed.factor >= 1:
        return f"{speed:.1f}/s"
    return f"{speed:.1f}/s, throttled to {allowed.rate:.1f}"


class _Bar:
    """rich's progress bar over one run."""

    def __init__(self) -> None:
        from rich.console import Console  # noqa: PLC0415 - only where a person watches
        from rich.progress import (  # noqa: PLC0415
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
        )

        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[percent]:>5}", markup=False),
            TextColumn("{task.fields[rate]}", markup=False),
            TimeRemainingColumn(),
            console=Console(file=sys.stderr),
        )
        self._task: TaskID | None = None

    def show(self, run: "RunView") -> None:
        """Show the run."""
        said = f"{run.campaign} {run.state}"
        done = run.progress
        if self._task is None:
            # Including earlier mails, which would otherwise count in the speed.
            self._task = self._progress.add_task(
                said, total=done.whole, completed=done.done, percent=done.percent, rate=""
            )
            self._progress.start()
            return
        speed = self._progress.tasks[0].speed
        self._progress.update(
            self._task,
            description=said,
            total=done.whole,
            completed=done.done,
            percent=done.percent,
            rate=_rate_line(speed, run.allowed),
        )

    def close(self) -> None:
        """Keep the last output and show the cursor."""
        self._progress.stop()
