import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
import pytest

from sestui.sending.process_identity import is_alive, this_host, this_process
from tests.support.workspaces import until


@pytest.fixture
def child():
    """Another process, alive."""
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    yield process
    process.kill()
    process.communicate()


@contextmanager
def no_file_left_to_open() -> Iterator[None]:
    """This process has as many files open as it may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, hard))
    try:
        with pytest.raises(OSError, match="Too many"):
            os.open(os.devnull, os.O_RDONLY)
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_nobody_changes_or_dies_where_no_file_can_be_opened(child):
    host, (pid, started_at) = this_host(), this_process()
    with no_file_left_to_open():
        assert this_host() == host
        assert is_alive(pid, started_at)
        assert is_alive(child.pid, started_at)


def test_this_process_lives():
    assert is_alive(*this_process())


def test_the_same_pid_started_at_another_time_is_another_process():
    pid, started_at = this_process()
    assert not is_alive(pid, started_at - 100)


def test_who_was_killed_is_dead_though_its_parent_has_not_noticed(child):
    process = psutil.Process(child.pid)
    started_at = process.create_time() - (psutil.boot_time() if psutil.LINUX else 0.0)
    assert is_alive(child.pid, started_at)
    child.kill()
    until(lambda: process.status() == psutil.STATUS_ZOMBIE)
    assert not is_alive(child.pid, started_at)
    child.wait()
    assert not is_alive(child.pid, started_at)


@pytest.mark.skipif(not psutil.LINUX, reason="elsewhere the start is the kernel's own time of day")
@pytest.mark.parametrize("step", [3_600.0, -3_600.0, 86_400.0])
def test_setting_the_clock_neither_kills_nor_moves_anybody(monkeypatch, step):
    host, (pid, started_at) = this_host(), this_process()
    boot_time = psutil.boot_time()
    # What Linux tells after the wall clock was set: the boot seems to have been at another time.
    monkeypatch.setattr("psutil._pslinux.boot_time", lambda: boot_time + step)
    assert psutil.boot_time() == boot_time + step
    assert this_host() == host
    assert is_alive(pid, started_at)
    assert this_process() == pytest.approx((pid, started_at))
