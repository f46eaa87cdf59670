"""The real command, over a workspace that nobody else sees."""

import io
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

from sestui.cli.main import main
from tests.support.environment import bare_environment

MESSAGE = """\
---
name: news
subject: "{{ first_name }}, your news"
from: Ada's Shop <news@example.com>
lists: [readers]
---
# Hi {{ first_name }}

[No more news]({{ unsubscribe_url }})
"""


@dataclass(frozen=True)
class Done:
    """What a command came to."""

    returncode: int
    stdout: str
    stderr: str


@dataclass
class Sestui:
    """Runs `sestui` in an environment of its own."""

    home: Path
    settings: dict[str, str] = field(default_factory=dict)
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.home.mkdir(parents=True, exist_ok=True)
        self.config.touch()  # one that is named has to be there

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def config(self) -> Path:
        return self.home / "config.toml"

    def environment(self, **more: str) -> dict[str, str]:
        return {
            **bare_environment(self.home),
            "SESTUI_DATA_DIR": str(self.data),
            "SESTUI_CONFIG": str(self.config),
            "SESTUI_SIMULATOR_RATE": "5000",
            "SESTUI_SIMULATOR_LATENCY": "0",
            "SESTUI_TIMEZONE": "UTC",
            **self.settings,
            **more,
        }

    def start(
        self,
        *arguments: object,
        under: Sequence[str] = (),
        stdin: int = subprocess.DEVNULL,
        **environment: str,
    ) -> subprocess.Popen[str]:
        """The command in a process of its own; ``under`` is a program that becomes it."""
        process = subprocess.Popen(
            [*under, sys.executable, "-m", "sestui", *map(str, arguments)],
            env=self.environment(**environment),
            cwd=self.home,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        self.started.append(process)
        return process

    def close(self) -> None:
        """End what a failed test has left running."""
        for process in self.started:
            with process:
                process.kill()

    def process(self, *arguments: object, **environment: str) -> Done:
        """The command in a process of its own, to its end."""
        process = self.start(*arguments, **environment)
        out, err = process.communicate(timeout=60)
        return _checked(Done(process.returncode, out, err))

    def run(self, *arguments: object, typed: str = "", **environment: str) -> Done:
        """The command in this process, which saves the second that starting one takes.

        ``typed`` is its standard input.
        """
        given = io.StringIO(typed)
        out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", newline="") for _ in range(2))
        ending = signal.getsignal(signal.SIGTERM)  # a command may take it over for good
        with (
            patch.dict(os.environ, self.environment(**environment), clear=True),
            patch.multiple(sys, argv=["sestui", *map(str, arguments)], stdin=given),
            patch.multiple(sys, stdout=out, stderr=err),
            # A run-due that is late ends its process: not this one, however busy the machine is.
            patch("sestui.cli.tasks.time_limit.GRACE_SECONDS", 100.0),
        ):
            try:
                main()
            except SystemExit as end:
                code = int(end.code or 0)
            finally:
                signal.signal(signal.SIGTERM, ending)
        return _checked(Done(code, _written(out), _written(err)))

    def ok(self, *arguments: object, **environment: str) -> str:
        done = self.run(*arguments, **environment)
        assert done.returncode == 0, (done.stdout, done.stderr)
        return done.stdout

    def json(self, *arguments: object, **environment: str) -> Any:
        return json.loads(self.ok(*arguments, "--json", **environment))

    def refused(self, code: int, *arguments: object, **environment: str) -> str:
        """The one sentence on stderr of a command that ends with ``code`` and says no data."""
        done = self.run(*arguments, **environment)
        assert done.returncode == code, (done.stdout, done.stderr)
        assert done.stdout == ""
        said = done.stderr.splitlines()
        assert len(said) == 1, said
        assert said[0].startswith("sestui: ")
        return said[0].removeprefix("sestui: ")

    def latest(self) -> dict[str, Any]:
        """The newest run of `news`."""
        run: dict[str, Any] = self.json("campaign", "show", "news")["run"]
        return run

    def write(self, name: str, content: str | bytes) -> Path:
        path = self.home / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def accepted(self, at_least: int = 5) -> None:
        """Return when another process has got ``at_least`` mails of one run accepted."""
        until = time.monotonic() + 20
        while self._most_accepted() < at_least:
            assert time.monotonic() < until, "nothing was accepted in time"
            time.sleep(0.05)

    def _most_accepted(self) -> int:
        # A look into the file is quicker than a command, and doesn't bury the dead.
        with closing(sqlite3.connect(self.data / "sestui.db")) as database:
            (count,) = database.execute("SELECT max(accepted) FROM run").fetchone()
        return count or 0


def _written(stream: io.TextIOWrapper) -> str:
    stream.flush()
    return stream.buffer.getvalue().decode("utf-8")  # type: ignore[attr-defined] # a BytesIO


def _checked(done: Done) -> Done:
    assert "Traceback" not in done.stdout + done.stderr, done.stderr
    return done
