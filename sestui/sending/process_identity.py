"""Identify processes, so that others on the same machine can tell whether they are alive."""

import os
import socket
from functools import cache
from pathlib import Path

import psutil


def this_host() -> str:
    """Identifies machine, boot and process namespace, within which pids can be compared."""
    return "/".join((socket.gethostname(), _boot(), _pid_namespace()))


def host_name() -> str:
    """The machine's name for people."""
    return socket.gethostname()


@cache  # needed at each heartbeat, even when no file can be opened
def _boot() -> str:
    try:
        # Not the boot's time, which changes when the wall clock is set.
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return str(int(psutil.boot_time()))


@cache
def _pid_namespace() -> str:
    try:
        return str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        return ""  # only Linux has them


def this_process() -> tuple[int, float]:
    """This process's pid and start time (see :func:`_started_at`)."""
    return os.getpid(), _started_at(psutil.Process())


def process_started_at(pid: int) -> float | None:
    """The start time (see :func:`_started_at`) of a process; None if it is gone."""
    try:
        return _started_at(psutil.Process(pid))
    except (psutil.Error, OSError):
        return None


def _started_at(process: psutil.Process) -> float:
    """Start time in seconds, to distinguish processes with the same pid.

    On Linux it counts from the boot. psutil adds the boot's time of day, which changes when the
    clock is set, so a living worker would be presumed dead.
    """
    return process.create_time() - (psutil.boot_time() if psutil.LINUX else 0.0)


def process_name(pid: int) -> str:
    """A process's name for people, such as ``sestui run-due``."""
    try:
        process = psutil.Process(pid)
        words = process.cmdline()
        inside = next((n for n, word in enumerate(words) if Path(word).name == "sestui"), None)
        if inside is None and "-m" in words and "sestui" in words:
            inside = words.index("sestui")
        if inside is None:
            return process.name()
        command = [word for word in words[inside + 1 : inside + 2] if not word.startswith("-")]
        return " ".join(["sestui", *command])
    except psutil.Error:
        return "a program"


def is_alive(pid: int, started_at: float) -> bool:
    """Whether the process with this pid and start time is running."""
    try:
        process = psutil.Process(pid)
        same = abs(_started_at(process) - started_at) < 1.0
        return same and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
    except (psutil.Error, OSError):
        # It exists but can't be examined, or no file can be opened: presume it alive.
        return True
