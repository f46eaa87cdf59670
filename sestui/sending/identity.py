"""Which process this is, so that others on the same machine can tell whether it still lives."""

import os
import socket
from pathlib import Path

import psutil


def this_host() -> str:
    """Names the machine, its boot and the process namespace: pids compare only within all three."""
    return "/".join((socket.gethostname(), str(int(psutil.boot_time())), _pid_namespace()))


def _pid_namespace() -> str:
    try:
        return str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        return ""  # only Linux has them


def this_process() -> tuple[int, float]:
    """Pid of this process, and when it started."""
    return os.getpid(), psutil.Process().create_time()


def lives(pid: int, started_at: float) -> bool:
    """Whether the process with that pid is the one that started then."""
    try:
        process = psutil.Process(pid)
        same = abs(process.create_time() - started_at) < 1.0
        return same and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
    except psutil.Error:
        return True  # there, but not ours to look at: the lease decides on other hosts only
