"""A run in one process, steered, interrupted and killed from another."""

import json
import signal
import subprocess
import time

import pytest

from tests.support.cli import Done, Sestui

SLOW = {"SESTUI_SIMULATOR_RATE": "40", "SESTUI_SIMULATOR_LATENCY": "0.1"}


@pytest.fixture
def slow(ready: Sestui) -> Sestui:
    ready.settings |= SLOW
    return ready


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=30)
    assert "Traceback" not in err
    return process.returncode, out, err


def outbox(sestui: Sestui) -> list[str]:
    return [mail["recipients"][0] for mail in sestui.json("simulator", "outbox", "--limit", "500")]


@pytest.mark.long
@pytest.mark.ci
def test_pause_resume_cancel_from_a_second_process(slow: Sestui) -> None:
    sending = slow.start("send", "news", "--json")
    slow.accepted()
    paused = slow.json("campaign", "pause", "news")
    assert (paused["state"], paused["reason"]) == ("paused", "operator")
    code, out, _ = ended(sending)
    assert code == 3
    run = json.loads(out)
    assert run["state"] == "paused"
    assert run["sending"] == run["in_doubt"] == 0
    assert run["pending"] + run["accepted"] == 200

    refused = slow.refused(3, "send", "news")
    assert "`sestui campaign resume news`" in refused
    resumed = slow.json("campaign", "resume", "news")
    assert (resumed["state"], resumed["pending"]) == ("sending", run["pending"])

    sending = slow.start("send", "news", "--json")
    slow.accepted(at_least=run["accepted"] + 5)
    cancelled = slow.json("campaign", "cancel", "news", "--yes")
    assert cancelled["state"] == "cancelled"
    code, out, _ = ended(sending)
    assert code == 1
    run = json.loads(out)
    assert run["pending"] == run["sending"] == run["in_doubt"] == 0
    assert run["accepted"] + run["skipped"] == 200
    addresses = [
        mail["recipients"][0] for mail in slow.json("simulator", "outbox", "--limit", "500")
    ]
    assert len(addresses) == len(set(addresses)) == run["accepted"]


def test_cancel_asks_and_no_answer_is_no(slow: Sestui) -> None:
    slow.ok("campaign", "start", "news")
    asked = slow.run("campaign", "cancel", "news")
    assert asked.returncode == 1
    assert "200 recipients won't get it" in asked.stderr
    assert slow.latest()["state"] == "sending"


@pytest.mark.parametrize(
    "number",
    [
        signal.SIGHUP,  # the others by default in tests/chaos
        pytest.param(signal.SIGINT, marks=pytest.mark.long),
        pytest.param(signal.SIGTERM, marks=pytest.mark.long),
    ],
)
def test_a_signal_drains_and_the_next_send_goes_on(ready: Sestui, number: signal.Signals) -> None:
    ready.settings |= SLOW
    sending = ready.start("send", "news", "--json")
    ready.accepted()
    sending.send_signal(number)
    code, out, err = ended(sending)
    run = json.loads(out)
    assert code == 75
    assert "Stopping: waiting for calls in flight" in err
    assert (run["state"], run["sending"], run["in_doubt"]) == ("sending", 0, 0)
    going_on = ready.run("send", "news", "--json", SESTUI_SIMULATOR_RATE="5000")
    assert going_on.returncode == 0
    assert f"Continuing run 1 of news: {run['pending']} still to be sent" in going_on.stderr
    assert json.loads(going_on.stdout)["accepted"] == 200


@pytest.mark.long
@pytest.mark.ci
def test_a_second_interrupt_ends_at_once(slow: Sestui) -> None:
    slow.ok("simulator", "fault", "add", "hang_after", "--seconds", "60", "--match", "reader5@*")
    sending = slow.start("send", "news")
    slow.accepted(at_least=10)
    sending.send_signal(signal.SIGINT)
    time.sleep(0.5)
    assert sending.poll() is None  # one mail is in flight and is waited for
    sending.send_signal(signal.SIGINT)
    sending.communicate(timeout=2)
    assert sending.returncode == 128 + signal.SIGINT
    # What had its answer but was not yet written is in doubt with it.
    assert 1 <= slow.latest()["in_doubt"] <= 10


def test_killed_then_run_due_leaves_nobody_out(slow: Sestui) -> None:
    sending = slow.start("send", "news")
    slow.accepted(at_least=20)
    sending.kill()
    sending.communicate()

    due = slow.run("run-due", "--json", SESTUI_SIMULATOR_RATE="5000")
    (run,) = json.loads(due.stdout)["runs"]
    assert run["state"] == "finished"
    assert run["accepted"] + run["in_doubt"] == 200
    # In flight at the kill: with 40/s and 100 ms there always is some.
    assert 1 <= run["in_doubt"] <= 20
    assert due.returncode == 3
    shown = slow.ok("campaign", "show", "news")
    assert f"In doubt: {run['in_doubt']} were handed to SES and got no answer" in shown

    mailed = outbox(slow)
    assert len(mailed) == len(set(mailed))  # nobody twice
    doubtful = {row["email"] for row in slow.json("campaign", "show", "news")["in_doubt"]}
    assert {f"reader{n}@example.com" for n in range(200)} == set(mailed) | doubtful
    again = slow.run("run-due")  # told once, not every minute
    assert again == Done(0, "nothing due\n", "")


@pytest.mark.long
@pytest.mark.ci
def test_cancelling_pauses_until_it_is_answered(ready: Sestui) -> None:
    """Whoever says no, or ends the question, leaves the run as it was."""
    ready.ok("campaign", "start", "news")
    asking = ready.start("campaign", "cancel", "news", stdin=subprocess.PIPE)
    assert asking.stdin is not None
    while ready.json("campaign", "show", "news")["run"]["state"] != "paused":
        assert asking.poll() is None
    held = ready.json("campaign", "show", "news")["run"]
    assert held["detail"].endswith("to decide whether to cancel it.")
    asking.stdin.write("n\n")
    asking.stdin.flush()
    code, _out, err = ended(asking)
    assert code == 1
    assert "200 recipients won't get it; it is paused until you answer" in err
    assert ready.json("campaign", "show", "news")["run"]["state"] == "sending"
    ready.ok("campaign", "pause", "news")
    asking = ready.start("campaign", "cancel", "news", stdin=subprocess.DEVNULL)
    assert ended(asking)[0] == 1
    paused = ready.json("campaign", "show", "news")["run"]
    assert paused["state"] == "paused"
    assert paused["detail"].startswith("Paused by ")
    assert paused["detail"].count("cancel") == 0
