"""The environment that tests run in: the same on every machine, whatever is set around them."""

import importlib
import itertools
import locale
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import textual.constants

_KEPT = ("PATH", "TMPDIR", "LD_LIBRARY_PATH", "USER", "LOGNAME")
"""What a program can't do without, or must share with the machine."""

_KEPT_PREFIXES = (
    *("SESTUI_BENCH_", "PYTEST_", "HYPOTHESIS_"),
    *("TEXTUAL_SNAPSHOT_", "COVERAGE_", "COV_"),
)
"""What is meant for the tests themselves."""

_GIVEN = {
    "TZ": "UTC",
    "LANG": "C.UTF-8",
    "LC_ALL": "C.UTF-8",
    "AWS_EC2_METADATA_DISABLED": "true",  # or looking for credentials would leave the machine
    "SESTUI_EVENTS_WHILE_SENDING": "false",  # or outcomes would come whenever they please
    "SESTUI_SIMULATOR_RECIPIENTS": "",  # or one in a hundred would bounce, in any test
}

_STOPPING = (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE)


def bare_environment(home: Path, **more: str) -> dict[str, str]:
    """All that a program started by a test is given; ``more`` is added to it."""
    path = os.environ.get("PATH", os.defpath)
    return {"PATH": path, "HOME": str(home), **_GIVEN, **more}


class OwnEnvironment:
    """Replaces this process's environment for as long as tests run.

    Every test finds the same variables, an empty home of its own, and the same folder, umask and
    zone; one that leaves something changed behind fails, because it would change another's result.
    """

    def __init__(self) -> None:
        self._homes = Path(tempfile.mkdtemp(prefix="sestui-home-"))
        self._numbers = itertools.count(1)
        self.outside = dict(os.environ)
        """What is set around the tests: for programs that must get at the network as they do."""
        self._own = {
            name: value for name, value in os.environ.items() if name in _KEPT
        } | bare_environment(self._homes)
        self._set(self._own)
        os.umask(0o022)
        locale.setlocale(locale.LC_ALL, "C.UTF-8")
        # Read when it is imported, which plugins of pytest do before any of our code runs.
        importlib.reload(textual.constants)
        for number in _STOPPING:
            if signal.getsignal(number) is signal.SIG_IGN:
                # As deaf as before (under nohup, or behind an &), but what tests start is not:
                # an ignored signal is passed on to a new program, one with a handler isn't.
                signal.signal(number, _deaf)

    def close(self) -> None:
        """Give the process back what it had."""
        self._set(self.outside)
        shutil.rmtree(self._homes, ignore_errors=True)

    @contextmanager
    def of_one_test(self) -> Iterator[None]:
        """The environment of one test.

        Raises:
            AssertionError: the test has left something of it changed.
        """
        home = self._homes / str(next(self._numbers))
        home.mkdir(mode=0o700)
        self._set(self._own | {"HOME": str(home)})
        before = _process_state()
        try:
            yield
            after = _process_state()
        finally:
            os.chdir(before["folder"])
            os.umask(before["umask"])
            for number, handler in before["signals"].items():
                signal.signal(number, handler)
            self._set(self._own)
            shutil.rmtree(home, ignore_errors=True)
        left = {name: value for name, value in after.items() if value != before[name]}
        assert not left, f"left changed behind for the next test: {left}"

    @staticmethod
    def _set(variables: dict[str, str]) -> None:
        # Plugins set theirs while tests run.
        plugins = {k: v for k, v in os.environ.items() if k.startswith(_KEPT_PREFIXES)}
        os.environ.clear()
        os.environ.update(variables | plugins)
        time.tzset()


def _process_state() -> dict[str, Any]:
    umask = os.umask(0)
    os.umask(umask)
    return {
        "variables": {k: v for k, v in os.environ.items() if not k.startswith(_KEPT_PREFIXES)},
        "zone": time.tzname,
        "folder": os.getcwd(),
        "umask": umask,
        "signals": {number: signal.getsignal(number) for number in _STOPPING},
    }


def _deaf(_number: int, _frame: FrameType | None) -> None:
    pass
