"""The runs that are being sent, for the messages on start and exit."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from sestui.core.delivery.states import RunKind, RunState
from sestui.errors import SestuiError, StateError
from sestui.runtime import Runtime
from sestui.sending.background import background_sender
from sestui.sending.detached import start_in_background
from sestui.store.runs.run_lists import RecentRuns
from sestui.tui.widgets.format import grouped, shorten

_NAME_CELLS = 60


@dataclass(frozen=True, slots=True)
class PendingRuns:
    """The campaigns' runs that are being sent, as of one moment."""

    run_ids: tuple[int, ...]
    first: str
    """The name of the newest one's campaign."""
    pending: int
    """Recipients whose mail has not left, of all of them."""

    @classmethod
    def read(cls, runtime: Runtime, run_ids: tuple[int, ...] | None = None) -> "PendingRuns":
        """Those that are sending now, or those of ``run_ids`` that have not ended."""
        found = [
            (run, name)
            for run, name in RecentRuns(runtime.database).unsettled()
            if run.kind == RunKind.CAMPAIGN and run.pending + run.sending > 0
            if (run.state == RunState.SENDING if run_ids is None else run.id in run_ids)
        ]
        return cls(
            tuple(run.id for run, _ in found),
            shorten(found[0][1], _NAME_CELLS) if found else "",
            sum(run.pending + run.sending for run, _ in found),
        )

    def __bool__(self) -> bool:
        return bool(self.run_ids)

    @property
    def called(self) -> str:
        """``november-news``, ``november-news and 2 more``."""
        more = len(self.run_ids) - 1
        return self.first + (f" and {grouped(more)} more" if more else "")

    @property
    def verb(self) -> str:
        """``is`` or ``are``."""
        return "is" if len(self.run_ids) == 1 else "are"


Words = Callable[[], str]
"""What the shell is told once everything has ended; blocking."""


def pause_all(runtime: Runtime, runs: PendingRuns) -> Words:
    """Pause all runs; returns the message for the shell."""
    for run_id in runs.run_ids:
        with suppress(StateError):  # it has ended meanwhile
            runtime.run_control.pause_run(run_id)

    def words() -> str:
        now = PendingRuns.read(runtime, runs.run_ids)
        if not now:
            return f"{runs.called}: nothing is pending any more."
        resume = f"`sestui campaign resume {now.first}`"
        return (
            f"{now.called} {now.verb} paused: {grouped(now.pending)} pending.\n"
            f"{resume if len(now.run_ids) == 1 else '`sestui campaign resume NAME`'}, or p on the "
            "run's screen, continues."
        )

    return words


def send_in_background(runtime: Runtime, runs: PendingRuns) -> Words:
    """Start a background process that sends the rest; returns the message for the shell.

    Raises:
        SestuiError: it can't be started.
    """
    start_in_background(runtime.settings, runtime.database, runtime.clock)
    return lambda: words_of_who_stays(runtime, runs.run_ids)


def words_of_who_stays(runtime: Runtime, run_ids: tuple[int, ...] | None = None) -> str:
    """What becomes of what is being sent when these screens are gone; '' if nothing is."""
    try:
        runs = PendingRuns.read(runtime, run_ids)
        sender = background_sender(runtime.database, runtime.clock) if runs else None
    except SestuiError:
        return ""  # the database's own trouble has been told
    if not runs:
        return ""
    goes = "goes" if len(runs.run_ids) == 1 else "go"
    if sender is not None:
        return (
            f"{runs.called} {goes} on in the background: {grouped(runs.pending)} pending.\n"
            f"`sestui` shows it; {sender.kill} stops it, and what is pending stays pending."
        )
    return (
        f"{runs.called}: {grouped(runs.pending)} pending.\nThe next start of sestui, or "
        "`sestui run-due` in your crontab, continues."
    )
