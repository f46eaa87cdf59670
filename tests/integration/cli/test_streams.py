"""Outputs that take nothing: every command that reports ends with a sentence or in silence."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import typer.main

from sestui.cli.main import app
from tests.support.cli import Sestui
from tests.support.migrations import FOLDER

REPORTING = {
    "account": (),
    "apply": ("news.md", "--dry-run"),
    "backup": ("again.db", "--overwrite"),
    "campaign check": ("news",),
    "campaign forecast": ("news",),
    "campaign list": (),
    "campaign show": ("news",),
    "config path": (),
    "config show": (),
    "contact find": ("reader1",),
    "contact show": ("reader1@example.com",),
    "contact verify": ("reader1@example.com", "--no-dns"),
    "export contacts": (),
    "export deliveries": (),
    "import": ("readers.csv", "--list", "readers", "--dry-run"),
    "log": ("--path",),
    "migrate keila": (str(FOLDER / "keila.sql"), "--dry-run"),
    "migrate listmonk": (str(FOLDER / "listmonk.sql"), "--dry-run"),
    "migrate mailchimp": (str(FOLDER / "mailchimp"), "--dry-run"),
    "migrate sendy": (str(FOLDER / "sendy.sql"), "--dry-run"),
    "migrate ses-lists": ("--dry-run",),
    "relay key list": (),
    "relay key show": ("shop",),
    "run-due": (),
    "simulator fault kinds": (),
    "simulator fault list": ("--json",),
    "list show": (),
    "simulator key": (),
    "simulator outbox": ("--json",),
    "segment count": ("readers",),
    "segment explain": ("readers", "reader1@example.com"),
    "segment export": ("readers",),
    "segment list": (),
    "segment show": ("readers",),
    "task crontab": (),
    "task disable": ("nightly",),
    "task edit": ("nightly", "--priority", "6"),
    "task enable": ("nightly",),
    "task list": (),
    "task log": ("nightly",),
    "task run": ("nightly",),
    "task show": ("nightly",),
    "task types": (),
}
"""Each can be run again and again."""

CHANGING = {
    *("demo", "send", "restore", "config set", "task add", "task remove"),
    *("campaign start", "campaign pause", "campaign resume", "campaign cancel"),
    *("campaign resolve", "campaign test", "contact suppress", "contact unsuppress"),
    *("campaign archive", "campaign copy", "campaign delete", "campaign rename"),
    *(
        "campaign report",
        "campaign winner",
        "contact duplicates",
        "doctor",
        "events pull",
        "export events",
        "send-pending",
        "setup",
    ),
    *("events quarantine drop", "events quarantine list", "events quarantine retry"),
    *("events quarantine show", "suppressions sync", "web key list", "web key rotate"),
    *("plan", "contact erase", "list rename", "list merge", "list delete", "undo", "web events"),
    *("segment add", "segment remove"),
    *("relay key add", "relay key revoke", "simulator advance", "simulator reset"),
    *("simulator fault add", "simulator fault clear"),
}
"""What they do a second time is something else, or they need more than there is here; they report
by the same means."""

pytestmark = [pytest.mark.long, pytest.mark.ci]  # a process for each command and way to fail

FORKING = """\
import importlib, json, os, pkgutil, sys
import sestui
from sestui.cli.main import main

for name in ("compose", "core", "reports", "sending", "ses", "store", "tasks"):
    for module in pkgutil.walk_packages(sestui.__path__, "sestui."):
        if module.name.startswith("sestui." + name) and ".migrations" not in module.name:
            importlib.import_module(module.name)
import sestui.runtime, sestui.audience.imports.importer, sestui.audience.export, boto3

def become(case):
    names = {1: "stdout", 2: "stderr"}
    targets = {1: case["out"], 2: case["err"]}
    for number, target in targets.items():
        if target == "gone":
            reader, taken = os.pipe()
            os.close(reader)
        elif target != "closed":
            taken = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        else:
            continue
        os.dup2(taken, number)
        os.close(taken)
    for number, target in targets.items():
        if target == "closed":  # as the interpreter has it
            os.close(number)
            setattr(sys, names[number], None)
    sys.argv = ["sestui", *case["arguments"]]
    main()

for line in sys.stdin:
    case = json.loads(line)
    child = os.fork()
    if child == 0:
        become(case)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str


class Forking:
    """Runs commands in processes forked from one that has imported them: a second less each."""

    def __init__(self, sestui: Sestui) -> None:
        self._sestui = sestui
        self._process = subprocess.Popen(
            [sys.executable, "-c", FORKING],
            env=sestui.environment(PYTHONWARNINGS="ignore"),
            cwd=sestui.home,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,  # of no kind that has a position, as its streams remember
            text=True,
        )

    def close(self) -> None:
        self._process.communicate(timeout=20)

    def run(self, *arguments: str, out: str = "out", err: str = "err") -> Ended:
        case: dict[str, Any] = {"arguments": arguments, "out": out, "err": err}
        assert self._process.stdin
        assert self._process.stdout
        for name in ("out", "err"):
            (self._sestui.home / name).unlink(missing_ok=True)
        print(json.dumps(case), file=self._process.stdin, flush=True)
        code = int(self._process.stdout.readline())
        return Ended(code, self._read("out"), self._read("err"))

    def _read(self, name: str) -> str:
        path = self._sestui.home / name
        return path.read_text() if path.exists() else ""


@pytest.fixture(scope="module")
def forking(_prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forking]:
    """The commands of a workspace in which each has something to report."""
    ready = Sestui(tmp_path_factory.mktemp("streams"))
    shutil.copytree(_prepared, ready.home, dirs_exist_ok=True)
    ready.ok("task", "add", "nightly", "--type", "purge", "--schedule", "0 3 * * *")
    ready.ok("task", "run", "nightly")
    ready.ok("segment", "add", "readers", 'list("readers")')
    ready.ok("relay", "key", "add", "shop", "--sender", "*@example.com")
    ready.ok("send", "news")
    made = Forking(ready)
    yield made
    made.close()


def commands() -> Iterator[str]:
    def below(group: Any, path: tuple[str, ...]) -> Iterator[str]:
        for name, command in group.commands.items():
            if hasattr(command, "commands"):
                yield from below(command, (*path, name))
            else:
                yield " ".join((*path, name))

    return below(typer.main.get_command(app), ())


def test_every_command_is_in_one_of_the_two_tables() -> None:
    assert sorted(commands()) == sorted([*REPORTING, *CHANGING])


@pytest.mark.parametrize("name", REPORTING)
def test_no_output_that_takes_nothing_makes_a_traceback(forking: Forking, name: str) -> None:
    command = (*name.split(), *REPORTING[name])
    unheard = forking.run(*command, err="gone")
    assert unheard.code in {0, 3}, unheard
    assert unheard.out, "it has nothing to report"

    full = forking.run(*command, out="/dev/full")
    assert full.code == 1
    assert full.err.endswith("output can't be written: No space left on device.\n")
    gone = forking.run(*command, out="gone")
    assert gone.code == 141, gone
    assert "sestui: " not in gone.err
    for ended in (full, gone):
        assert "Traceback" not in ended.err
        assert "Exception ignored" not in ended.err

    assert forking.run(*command, out="closed", err="closed").code == unheard.code


@pytest.mark.parametrize(
    ("shell", "code"),
    [
        ('"$@" >/dev/full', 1),
        ('"$@" >&-', 0),
        ('"$@" 2>&-', 0),
        ('"$@" | head -n 1; exit "${PIPESTATUS[0]}"', 141),
    ],
)
def test_the_same_from_a_shell(ready: Sestui, shell: str, code: int) -> None:
    done = subprocess.run(
        ["bash", "-c", shell, "bash", sys.executable, "-m", "sestui", "export", "contacts"],
        env=ready.environment(),
        cwd=ready.home,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    # A short output may be in the pipe before its reader is gone.
    assert done.returncode in {code, 0 if code == 141 else code}
    assert "Traceback" not in done.stderr
    assert (done.stderr == "") == (code != 1)


def test_help_and_wrong_usage_without_anybody_to_read_them(forking: Forking) -> None:
    for arguments in (("--help",), ("task", "--help"), ("--version",)):
        full = forking.run(*arguments, out="/dev/full")
        assert full.code == 1
        assert full.err.endswith("can't be written: No space left on device.\n")
        assert forking.run(*arguments, out="gone").code == 141
        assert forking.run(*arguments, out="closed").code == 0
    for err in ("/dev/full", "gone", "closed"):
        assert forking.run("sned", err=err).code == 2


def test_export_writes_to_what_it_is_given(ready: Sestui) -> None:
    wanted = ready.ok("export", "contacts")
    for name in ("-", "/dev/stdout", "/dev/fd/1"):
        done = ready.process("export", "contacts", "-o", name)
        assert done.stdout == wanted.replace("\r\n", "\n")  # which the pipe's reader does

    target = ready.write("target.csv", "before")
    (ready.home / "link.csv").symlink_to("target.csv")
    ready.ok("export", "contacts", "-o", ready.home / "link.csv")
    assert (ready.home / "link.csv").is_symlink()
    assert target.read_bytes().decode() == wanted
    (ready.home / "new.csv").symlink_to("new-target.csv")
    ready.ok("export", "contacts", "-o", ready.home / "new.csv")
    assert (ready.home / "new-target.csv").read_bytes().decode() == wanted

    with (ready.home / "fd.csv").open("wb") as file:
        done = subprocess.run(
            [
                *(sys.executable, "-m", "sestui"),
                "export",
                "contacts",
                "-o",
                f"/dev/fd/{file.fileno()}",
            ],
            env=ready.environment(),
            pass_fds=[file.fileno()],
            check=True,
            capture_output=True,
        )
    assert done.stdout == b""
    assert (ready.home / "fd.csv").read_bytes().decode() == wanted


def test_a_device_or_a_pipe_is_written_to_and_never_replaced(ready: Sestui) -> None:
    null = os.stat(os.devnull)
    ready.ok("export", "contacts", "-o", os.devnull)
    assert os.stat(os.devnull).st_ino == null.st_ino
    said = ready.refused(1, "export", "contacts", "-o", "/dev/full")
    assert said == "/dev/full can't be written: No space left on device."
    assert "Bad file descriptor" in ready.refused(1, "export", "contacts", "-o", "/dev/fd/987")
    assert "is a folder" in ready.refused(2, "export", "contacts", "-o", str(ready.home))

    pipe = ready.home / "pipe"
    os.mkfifo(pipe)
    writing = ready.start("export", "contacts", "-o", pipe)
    assert pipe.read_text().count("\n") == 201
    assert writing.wait(30) == 0
    assert pipe.is_fifo()

    for name in ("-", "/dev/null", str(pipe), str(ready.home)):
        assert "it must be a regular file" in ready.refused(2, "backup", "--overwrite", name)
    assert os.stat(os.devnull).st_ino == null.st_ino


def test_a_backup_goes_to_where_a_link_leads(ready: Sestui) -> None:
    (ready.home / "kept").mkdir()
    link = ready.home / "latest.db"
    link.symlink_to("kept/one.db")
    ready.ok("backup", link)
    assert link.is_symlink()
    assert (ready.home / "kept" / "one.db").is_file()
