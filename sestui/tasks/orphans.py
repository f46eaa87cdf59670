"""End programs of runs whose `run-due` was killed.

They would run beside the task's next run, so they are ended before it. They are found by the pid
and start time of their group's leader, which are in the database, and by a variable in their
environment, which exists from their start.
"""

import os
import signal
from contextlib import suppress

import psutil

from sestui.core.clock import Instant
from sestui.sending.process_identity import host_name, is_alive, process_started_at, this_host
from sestui.store.tasks.runs import LostRun, Program

PROGRAM_MARK = "SESTUI_TASK_RUN"
"""The variable in a program's environment that names the run which started it."""

_END_SECONDS = 2.0
"""How long to wait for a program after SIGTERM, and again after SIGKILL."""

_LATE_SECONDS = 60.0


def program(pid: int) -> Program | None:
    """How to find a child that leads a process group; None if it has ended."""
    started_at = process_started_at(pid)
    return None if started_at is None else Program(this_host(), pid, started_at)


def end_left_over(lost: LostRun, now: Instant) -> str | None:
    """End what is left of a run's program; returns what was done, or '' if nothing was left.

    None while a program may be running that can't be ended from here: another user's, or another
    machine's within its task's time (that machine's `run-due` ends it).
    """
    if lost.program is not None and _is_elsewhere(lost.program):
        return "" if now > lost.may_last_until + _LATE_SECONDS else None
    if lost.host != host_name():
        return ""  # another machine's, without a known program
    if not _groups(lost):
        return ""
    for number in (signal.SIGTERM, signal.SIGKILL):
        for group in _groups(lost):
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(group, number)
        if _has_ended(lost):
            return "its program was still running and has been stopped"
    return None


def _is_elsewhere(started: Program) -> bool:
    """Whether it may be running where this process can't see it."""
    if started.host == this_host():
        return False
    name, boot, _ = this_host().split("/")
    their_name, their_boot, _ = started.host.split("/")
    # A reboot of this machine has ended it.
    return their_name != name or their_boot == boot


def _has_ended(lost: LostRun) -> bool:
    processes = []
    for pid in _members(lost):
        with suppress(psutil.NoSuchProcess):
            processes.append(psutil.Process(pid))
    psutil.wait_procs(processes, timeout=_END_SECONDS)
    return not _groups(lost)


def _groups(lost: LostRun) -> set[int]:
    """The process groups of the run's program that have a living process."""
    return set(_members(lost).values())


def _members(lost: LostRun) -> dict[int, int]:
    """The living processes of the run's program: pid to process group."""
    started = lost.program
    if started is not None and started.host != this_host():
        return {}
    leads = started is not None and is_alive(started.pid, started.started_at)
    found = {}
    for process in psutil.process_iter():
        try:
            group = os.getpgid(process.pid)
            if process.status() == psutil.STATUS_ZOMBIE or group == os.getpgrp():
                continue
            # Without its leader, the group's number may have been reused.
            marked = (started is None or group == started.pid) and _is_marked(process, lost.mark)
        except (psutil.Error, OSError):
            continue
        if marked or (leads and started is not None and group == started.pid):
            found[process.pid] = group
    return found


def _is_marked(process: psutil.Process, mark: str) -> bool:
    try:
        return process.environ().get(PROGRAM_MARK) == mark
    except (psutil.Error, OSError):
        return False  # another user's
