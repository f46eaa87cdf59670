"""Which process this is, so that others on the same machine can tell whether it still lives."""

import os
import socket
from functools import cache
from pathlib import Path

import psutil


def this_host() -> str:
    """Names the machine, its boot and the process namespace: pids compare only within all three."""
    return "/".join((socket.gethostname(), _boot(), _pid_namespace()))


def host_name() -> str:
    """The machine as people call it."""
    return socket.gethostname()


@cache  # it is asked for at each heartbeat, when a process may have no file left to open
def _boot() -> str:
    try:
        # Not the time of the boot, which moves when the wall clock is set.
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
    """Pid of this process, and when it started (see :func:`_started_at`)."""
    return os.getpid(), _started_at(psutil.Process())


def process_started_at(pid: int) -> float | None:
    """When the process with that pid started (see :func:`_started_at`); None: it is gone."""
    try:
        return _started_at(psutil.Process(pid))
    except (psutil.Error, OSError):
        return None


def _started_at(process: psutil.Process) -> float:
    """Seconds that tell two processes of one pid apart, whatever becomes of the wall clock.

    Linux counts from the boot, and psutil adds the boot's time of day: that moves when the clock
    is set, and a living worker would be taken for dead.
    """
    return process.create_time() - (psutil.boot_time() if psutil.LINUX else 0.0)


def process_name(pid: int) -> str:
    """The process as people know it: ``sestui run-due``, ``sqlite3``."""
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
    """Whether the process with that pid is the one that started then."""
    try:
        process = psutil.Process(pid)
        same = abs(_started_at(process) - started_at) < 1.0
        return same and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
    except (psutil.Error, OSError):
        # There, but not ours to look at, or we may open no more files: only a process that is known
        # to be gone is dead. The lease decides on other hosts only.
        return True
