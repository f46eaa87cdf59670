"""``command``: run a program of the operator's, without a shell, if the settings allow commands."""

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
"""Characters of an unfinished line that are held back at most."""

_POLL_SECONDS = 0.2
_KILL_SECONDS = 2.0
_DRAIN_SECONDS = 1.0
_KEPT_VARIABLES = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "USER", "LOGNAME")


class CommandParameters(TaskParameters):
    """The program, and its surroundings."""

    argv: list[str] = Field(min_length=1)
    """The program and its arguments, one item each; no shell is involved."""
    folder: AbsolutePath | None = None
    """The working folder; by default your home folder."""
    environment: dict[str, str] = Field(default_factory=dict)
    """Environment variables besides PATH, HOME and the like; no others are passed on."""
    exit_codes: list[int] = Field(default=[0], min_length=1)
    """Exit codes that count as success."""


class RunCommand(TaskType[CommandParameters]):
    """Runs the program in its own process group, which is killed when the task's time is up."""

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
    """Logs a program's output as it comes, whole lines at a time."""

    def __init__(self, log: Callable[[str], None]) -> None:
        self._log = log
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._line = ""
        """The unfinished last line."""
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
        """Log the unfinished last line."""
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
    """Read its output until it ends; don't wait for a child that keeps the pipe open."""
    pipe = process.stdout
    assert pipe is not None  # noqa: S101 - it was asked for
    os.set_blocking(pipe.fileno(), False)
    ended_at: float | None = None
    with selectors.DefaultSelector() as selector:
        selector.register(pipe, selectors.EVENT_READ)
        while selector.get_map() or ended_at is None:
            if not selector.get_map():
                context.wait(_POLL_SECONDS)
            elif selector.select(_POLL_SECONDS) and not _read(pipe, output):
                selector.unregister(pipe)
            context.go_on()
            if process.poll() is not None:
                now = context.clock.monotonic()
                ended_at = now if ended_at is None else ended_at
                if now - ended_at > _DRAIN_SECONDS:
                    return


def _read(pipe: IO[bytes], output: _Output) -> bool:
    """Read what is available; False at the end."""
    try:
        data = os.read(pipe.fileno(), 65_536)
    except BlockingIOError:
        return True
    output.add(data)
    return bool(data)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End every process of the program's group."""
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
