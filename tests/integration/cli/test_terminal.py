"""The screens in a real terminal: what becomes of them, and of the mail, when it is gone."""

import re
import signal
import sqlite3
import sys
from contextlib import closing

import psutil
import pytest

from tests.support.cli import Sestui
from tests.support.terminal import Terminal
from tests.support.workspaces import until

ENDED = {0, 128 + signal.SIGHUP}
"""In order, or on a machine that is too slow for that by the clock; but by itself."""


def screens(sestui: Sestui, *, in_control: bool = True) -> Terminal:
    return Terminal(
        [sys.executable, "-m", "sestui"], sestui.environment(), sestui.home, in_control=in_control
    )


def in_flight(sestui: Sestui) -> int:
    with closing(sqlite3.connect(sestui.data / "sestui.db")) as database:
        (count,) = database.execute("SELECT sum(sending) FROM run").fetchone()
    return int(count)


def gone(processes: list[psutil.Process]) -> bool:
    return not any(each.is_running() and each.status() != "zombie" for each in processes)


def family(terminal: Terminal) -> list[psutil.Process]:
    own = psutil.Process(terminal.process.pid)
    return [own, *own.children(recursive=True)]


@pytest.mark.long
@pytest.mark.ci
@pytest.mark.parametrize("in_control", [True, False], ids=["signalled", "unsignalled"])
def test_closing_the_terminal_ends_everything_and_loses_nobody(
    ready: Sestui, in_control: bool
) -> None:
    ready.settings |= {"SESTUI_SIMULATOR_RATE": "20", "SESTUI_SIMULATOR_LATENCY": "0.1"}
    ready.ok("campaign", "start", "news")
    with screens(ready, in_control=in_control) as terminal:
        ready.accepted(5)
        running = family(terminal)
        assert len(running) > 1  # the simulator
        terminal.close_window()
        assert terminal.exit_code() in ENDED
        until(lambda: gone(running))
    run = ready.latest()
    assert (run["state"], run["sending"]) == ("sending", 0)
    assert run["pending"] + run["accepted"] + run["in_doubt"] == 200
    assert run["pending"] > 0
    outbox = ready.json("simulator", "outbox", "--limit", "1000")
    assert len(outbox) >= run["accepted"]


@pytest.mark.long
@pytest.mark.parametrize("in_control", [True, False], ids=["signalled", "unsignalled"])
def test_calls_that_hang_keep_no_process_behind_a_terminal_that_is_gone(
    ready: Sestui, in_control: bool
) -> None:
    ready.settings |= {"SESTUI_SIMULATOR_RATE": "20", "SESTUI_SIMULATOR_LATENCY": "0.1"}
    ready.ok("campaign", "start", "news")
    ready.ok("simulator", "fault", "add", "hang_after")
    with screens(ready, in_control=in_control) as terminal:
        until(lambda: in_flight(ready) > 2)
        running = family(terminal)
        terminal.close_window()
        assert terminal.exit_code() in ENDED
        until(lambda: gone(running))
    ready.ok("simulator", "fault", "clear")
    assert ready.run("run-due", "--max-seconds", "1").returncode in {0, 3}
    run = ready.latest()
    assert run["sending"] == 0
    assert run["in_doubt"] > 0
    assert run["pending"] + run["accepted"] + run["in_doubt"] == 200


@pytest.mark.long
def test_closing_the_terminal_during_the_question_decides_nothing(ready: Sestui) -> None:
    ready.settings |= {"SESTUI_SIMULATOR_RATE": "10", "SESTUI_SIMULATOR_LATENCY": "0.1"}
    ready.ok("campaign", "start", "news")
    with screens(ready) as terminal:
        ready.accepted(2)
        terminal.press("q")
        terminal.shows("Leave and go on in the background")
        running = family(terminal)
        terminal.press("jj")
        terminal.close_window()
        assert terminal.exit_code() in ENDED
        until(lambda: gone(running))
    run = ready.latest()
    assert (run["state"], run["sending"]) == ("sending", 0)
    assert run["pending"] > 0
    ready.ok("campaign", "pause", "news")
    assert "Nothing is pending" in ready.run("send-pending").stderr  # and nobody is at work


@pytest.mark.long
@pytest.mark.ci
def test_what_goes_on_in_the_background_outlives_the_terminal_and_is_sent_once(
    ready: Sestui,
) -> None:
    ready.settings |= {"SESTUI_SIMULATOR_RATE": "10", "SESTUI_SIMULATOR_LATENCY": "0.1"}
    ready.ok("campaign", "start", "news")
    with screens(ready) as terminal:
        terminal.shows("Going on with news: 200 pending")
        ready.accepted(2)
        terminal.press("q")
        terminal.shows("news is being sent", "Leave and go on in the background")
        terminal.press("jj\r")  # in one go: none of them is lost to the others
        assert terminal.exit_code() == 0
        terminal.shows("news goes on in the background")
        pid = int(re.findall(r"`kill (\d+)` stops it", terminal.seen)[-1])
        terminal.close_window()
    sender = psutil.Process(pid)
    try:
        assert "send-pending" in sender.cmdline()
        assert ready.latest()["state"] == "sending"
        assert "Already running" in ready.run("send-pending").stderr
        ready.settings["SESTUI_SIMULATOR_RATE"] = "500"  # the account's, once somebody opens it
        done = ready.process("run-due", "--max-seconds", "60")  # beside it
        assert done.returncode == 0, done.stderr
        until(lambda: gone([sender]))
    finally:
        if not gone([sender]):
            sender.kill()
    run = ready.latest()
    assert (run["state"], run["accepted"], run["in_doubt"]) == ("finished", 200, 0)
    outbox = ready.json("simulator", "outbox", "--limit", "1000")
    assert len(outbox) == 200


@pytest.mark.long
@pytest.mark.ci
def test_sending_what_is_pending_ends_by_itself_and_on_a_signal(ready: Sestui) -> None:
    assert "Nothing is pending" in ready.run("send-pending").stderr
    ready.settings |= {"SESTUI_SIMULATOR_RATE": "10", "SESTUI_SIMULATOR_LATENCY": "0.1"}
    ready.ok("campaign", "start", "news")
    sending = ready.start("send-pending")
    ready.accepted(3)
    sending.send_signal(signal.SIGTERM)
    sending.communicate(timeout=60)
    assert sending.returncode == 0
    run = ready.latest()
    assert (run["state"], run["sending"], run["in_doubt"]) == ("sending", 0, 0)
    assert run["pending"] > 0
    ready.settings["SESTUI_SIMULATOR_RATE"] = "5000"
    assert ready.process("send-pending").returncode == 0
    assert ready.latest()["state"] == "finished"
