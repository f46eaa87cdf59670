"""Send through another account from now on, without a restart."""

import os
import threading
from collections.abc import Mapping
from contextlib import suppress

from sestui.core.delivery.states import AUDIENCES, OPERATOR_WAITS, PauseReason, RunState
from sestui.errors import SestuiError, StateError
from sestui.runtime import Runtime
from sestui.sending.background import background_sender
from sestui.settings_file import write
from sestui.store.db.tables import Run
from sestui.store.runs.run_lists import RecentRuns
from sestui.tui.app.services import ScreenServices
from sestui.tui.widgets.format import grouped

_PATIENCE_SECONDS = 15.0
"""For what is in flight: longer than a sender waits for it."""

_LOOK_SECONDS = 0.1


class AccountNotChangedError(SestuiError):
    """The account was not changed; the text says why."""


def overruled_by(wanted: Mapping[str, str]) -> str:
    """The variable in the environment that keeps ``wanted`` from being used; '' for none.

    ``wanted`` are settings by name. What was given by ``--account`` or ``--set`` is there too.
    """
    given = {name.upper(): value for name, value in os.environ.items()}
    for name, value in wanted.items():
        variable = f"SESTUI_{name.upper()}"
        if given.get(variable, value) != value:
            return variable
    return ""


def unfinished(runtime: Runtime) -> list[tuple[Run, str]]:
    """Runs that would go on through whatever account there is, with their campaigns' names."""
    return [
        (run, name)
        for run, name in RecentRuns(runtime.database).unsettled()
        if run.kind in AUDIENCES and run.pending + run.sending > 0
        if run.state == RunState.SENDING
        or (run.state == RunState.WAITING and run.reason not in OPERATOR_WAITS)
    ]


def switch_account(services: ScreenServices, wanted: Mapping[str, str], called: str) -> int:
    """Use the account that ``wanted`` names, in the file and here; returns the runs paused for it.

    Runs that would go on by themselves are paused first: nothing goes out through an account that
    it was not started for, unless somebody resumes it. ``called`` is the new account in words.

    Raises:
        AccountNotChangedError: something is still in flight.
        SettingsError: the settings file has become wrong.
        StorageError: the database or the settings file can't be written.
    """
    runtime = services.runtime
    paused = _pause(runtime, called)
    services.background.rest()
    try:
        if not services.background.join(_PATIENCE_SECONDS):
            raise AccountNotChangedError(
                "Calls are still in flight; the account has not been changed. Try again soon."
            )
        _await_others(runtime)
        write(wanted)
        runtime.use_account(runtime.settings.model_copy(update=dict(wanted)))
        services.account_changed()
    except SestuiError:
        services.background.start(runtime)
        raise
    return paused


def _pause(runtime: Runtime, called: str) -> int:
    paused = 0
    for run, _name in unfinished(runtime):
        with suppress(StateError):  # it has ended meanwhile
            runtime.runs.pause(
                run.id,
                PauseReason.OPERATOR,
                f"Paused because mail goes to {called} now: resuming sends the rest there.",
            )
            paused += 1
    return paused


def _await_others(runtime: Runtime) -> None:
    """Wait until no other process has anything in flight or could start sending.

    A background sender of this machine has the former account for good: it is asked to end.
    """
    runs, clock = RecentRuns(runtime.database), runtime.clock
    if (sender := background_sender(runtime.database, clock)) is not None:
        sender.stop()
    give_up_at = clock.monotonic() + _PATIENCE_SECONDS
    while True:
        runtime.reap_dead_workers()
        sender = background_sender(runtime.database, clock)
        if sender is not None and sender.here:
            busy = f"The background sender ({sender.process}) is still running"
        elif in_flight := runs.in_flight():
            busy = f"Another process still has {grouped(in_flight)} mails in flight"
        else:
            return
        if clock.monotonic() >= give_up_at:
            raise AccountNotChangedError(
                f"{busy}; the account has not been changed. Try again in a moment."
            )
        clock.wait(threading.Event(), _LOOK_SECONDS)
