"""`sestui log`: where it is, its end, and that what goes wrong is in it."""

import json
import subprocess
import sys

import pytest

from sestui import log
from tests.support.cli import Sestui

FAILING = """\
import sys
from sestui.cli import account
def fail(): raise ZeroDivisionError("of nobody's making")
account.opened = fail
sys.argv = ["sestui", *sys.argv[1:]]
from sestui.__main__ import command
command()
"""


def test_it_shows_where_the_log_is_and_its_last_lines(sestui: Sestui) -> None:
    path = sestui.home / "state" / log.FILE_NAME
    where = ("--set", f"state_dir={path.parent}")
    assert sestui.ok(*where, "log", "--path") == f"{path}\n"
    done = sestui.run(*where, "log")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == f"Nothing has been logged in {path}.\n"
    path.parent.mkdir()
    path.write_text("".join(f"line {number}\n" for number in range(100)) + "\x1b[2Jodd\n")
    done = sestui.run(*where, "log")
    assert (done.returncode, done.stderr) == (0, f"The log is {path}.\n")
    assert done.stdout.splitlines() == [*(f"line {n}" for n in range(61, 100)), "\\x1b[2Jodd"]
    assert sestui.ok(*where, "log", "-n", "1") == "\\x1b[2Jodd\n"
    report = json.loads(sestui.ok(*where, "log", "-n", "2", "--json"))
    assert report == {"path": str(path), "lines": ["line 99", "\x1b[2Jodd"]}
    assert json.loads(sestui.ok(*where, "log", "--path", "--json")) == {"path": str(path)}
    assert not sestui.data.exists()


def test_one_that_cannot_be_read_is_a_sentence(sestui: Sestui) -> None:
    (sestui.home / log.FILE_NAME).mkdir()
    said = sestui.refused(1, "--set", f"state_dir={sestui.home}", "log")
    assert f"The log {sestui.home / log.FILE_NAME} can't be read: Is a directory." in said


def test_what_nobody_foresaw_is_one_sentence_and_its_traceback_is_there(sestui: Sestui) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FAILING, "account"],
        env=sestui.environment(SESTUI_STATE_DIR=str(sestui.home / "state")),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    (said,) = done.stderr.splitlines()
    assert "(ZeroDivisionError, see the log: `sestui log`)" in said
    held = (sestui.home / "state" / log.FILE_NAME).read_text()
    assert "Traceback" in held
    assert "ZeroDivisionError: of nobody's making" in held


@pytest.mark.long
@pytest.mark.ci
def test_with_debug_an_error_that_was_foreseen_is_there_too(sestui: Sestui) -> None:
    folder = sestui.home / "state"
    for options, logged in (((), False), (("--debug",), True)):
        process = sestui.start(*options, "campaign", "show", "none", SESTUI_STATE_DIR=str(folder))
        process.communicate(timeout=60)
        assert process.returncode == 1
        path = folder / log.FILE_NAME
        held = path.read_text() if path.exists() else ""
        assert ("NotFoundError: There is no campaign" in held) is logged


@pytest.mark.long
@pytest.mark.ci
def test_the_simulators_process_writes_to_the_same_log(sestui: Sestui) -> None:
    folder = sestui.home / "state"
    code = (
        "import socket, sys\n"
        "from urllib.parse import urlsplit\n"
        "from sestui.runtime import Runtime\n"
        "from sestui.settings import load_settings\n"
        "with Runtime.open(load_settings()) as runtime:\n"
        "    where = urlsplit(runtime.ses.clients.endpoint_url)\n"
        "    with socket.create_connection((where.hostname, where.port)) as odd:\n"
        "        odd.sendall(b'this is no HTTP\\r\\n\\r\\n')\n"
        "        print(odd.recv(100))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=sestui.environment(SESTUI_STATE_DIR=str(folder)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert "400" in done.stdout
    held = (folder / log.FILE_NAME).read_text()
    assert "WARNING uvicorn.error" in held
    assert "Invalid HTTP request received." in held
