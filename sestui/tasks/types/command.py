"""``command``: run a program of one's own, without a shell, if the settings allow commands."""

import codecs
import os
import selectors
import signal
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO

from pydantic import Field

from sestui.core.text import printable
from sestui.errors import SestuiError
from sestui.tasks.context import TaskContext
from sestui.tasks.orphans import PROGRAM_MARK
from sestui.tasks.task_type import AbsolutePath, Outcome, TaskParameters, TaskType

_LONGEST_LINE = 2_000
"""Characters of a line that is not at its end yet that are waited with."""

_LOOK_SECONDS = 0.2
_KILL_SECONDS = 2.0
_DRAIN_SECONDS = 1.0
_KEPT_VARIABLES = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "USER", "LOGNAME")


class CommandParameters(TaskParameters):
    """What is run."""

    argv: list[str] = Field(min_length=1)
    """The program and its arguments, each an item; no shell reads them."""
    folder: AbsolutePath | None = None
    """Where it runs; the home folder if it isn't said."""
    environment: dict[str, str] = Field(default_factory=dict)
    """Variables beside PATH, HOME and the like; nothing else is passed on."""
    exit_codes: list[int] = Field(default=[0], min_length=1)
    """Those that mean that it went well."""


class RunCommand(TaskType[CommandParameters]):
    """Runs it in a process group of its own, which ends with the task's time."""

    summary = "Run a program (needs allow_commands in the settings)."
    Parameters = CommandParameters

    def run(self, context: TaskContext[CommandParameters]) -> Outcome:
        """See :meth:`TaskType.run`."""
        if not context.services.settings.allow_commands:
            raise SestuiError(
                "Commands are switched off; `sestui config set allow_commands true` allows them."
            )
        given = context.parameters
        try:
            process = subprocess.Popen(  # noqa: S603 - the operator's own program, and no shell
                given.argv,
                cwd=given.folder or Path.home(),
                env=_environment(given.environment, context.mark),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or str(error)
            raise SestuiError(f"{printable(given.argv[0])} can't be run: {why}.") from error
        output = _Output(context.log)
        try:
            context.started(process.pid)
            _follow(process, output, context)
        finally:
            _end(process)
            output.close()
        code = process.returncode
        figures = {"exit_code": code, "output_bytes": output.size}
        if code not in given.exit_codes:
            what = f"signal {-code}" if code < 0 else f"exit code {code}"
            raise SestuiError(f"{printable(given.argv[0])} ended with {what}.")
        return Outcome(f"{printable(given.argv[0])} ended with {code}.", figures)


class _Output:
    """Logs what a program says as it says it, whole lines at a time."""

    def __init__(self, log: Callable[[str], None]) -> None:
        self._log = log
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._line = ""
        """What has come of a line that is not at its end yet."""
        self.size = 0
        """Bytes so far."""

    def add(self, data: bytes) -> None:
        self.size += len(data)
        self._line += self._decoder.decode(data)
        lines, _, rest = self._line.rpartition("\n")
        if lines or rest != self._line:
            self._log(lines)
        self._line = rest
        if len(rest) > _LONGEST_LINE:
            self._cut()

    def close(self) -> None:
        """Log what came after the last line's end."""
        self._line += self._decoder.decode(b"", final=True)
        self._cut()

    def _cut(self) -> None:
        line, self._line = self._line, ""
        starts = range(0, len(line), _LONGEST_LINE)
        if starts:
            self._log("\n".join(line[start : start + _LONGEST_LINE] for start in starts))


def _environment(given: dict[str, str], mark: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    return kept | given | {PROGRAM_MARK: mark}


def _follow(
    process: subprocess.Popen[bytes], output: _Output, context: TaskContext[CommandParameters]
) -> None:
    """Read what it says until it ends; a child that keeps the pipe open isn't waited for."""
    pipe = process.stdout
    assert pipe is not None  # noqa: S101 - it was asked for
    os.set_blocking(pipe.fileno(), False)
    ended_at: float | None = None
    with selectors.DefaultSelector() as selector:
        selector.register(pipe, selectors.EVENT_READ)
        while selector.get_map() or ended_at is None:
            if not selector.get_map():
                context.wait(_LOOK_SECONDS)
            elif selector.select(_LOOK_SECONDS) and not _read(pipe, output):
                selector.unregister(pipe)
            context.go_on()
            if process.poll() is not None:
                now = context.clock.monotonic()
                ended_at = now if ended_at is None else ended_at
                if now - ended_at > _DRAIN_SECONDS:
                    return


def _read(pipe: IO[bytes], output: _Output) -> bool:
    """Take what is there; False at the end."""
    try:
        data = os.read(pipe.fileno(), 65_536)
    except BlockingIOError:
        return True
    output.add(data)
    return bool(data)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Nothing of the program's group outlives its task."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(_KILL_SECONDS)
            if number == signal.SIGTERM and not _group_lives(process.pid):
                break
    if process.stdout is not None:
        process.stdout.close()


def _group_lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True
