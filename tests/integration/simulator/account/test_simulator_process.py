"""The simulator as processes: one account for all, and nothing left behind."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest
from botocore import exceptions
from click.testing import Result
from typer.testing import CliRunner

from sestui.cli.simulator import app
from sestui.core.clock import SystemClock
from sestui.errors import AccountUnreachableError, StorageError, UsageError
from sestui.simulator.account.state import SimulatorState
from sestui.simulator.account.storage import FILE_NAME
from sestui.simulator.launch import SimulatorProcess, start_simulator

Connect = Callable[..., Any]


def send(ses: Any, to: str) -> bool:
    try:
        ses.send_email(
            FromEmailAddress="news@example.com",
            Destination={"ToAddresses": [to]},
            Content={"Simple": {"Subject": {"Data": "x"}, "Body": {"Text": {"Data": "x"}}}},
        )
    except exceptions.ClientError:
        return False
    return True


def opened(workspace: Path) -> SimulatorState:
    return SimulatorState(workspace / FILE_NAME, SystemClock())


def pid_of(simulator: SimulatorProcess) -> int:
    return simulator._process.pid


def test_two_servers_are_one_account(tmp_path: Path, connect: Connect) -> None:
    with (
        start_simulator(tmp_path, rate=100_000, quota=100, latency=0) as first,
        start_simulator(tmp_path, latency=0) as second,
        ThreadPoolExecutor(4) as pool,
    ):
        clients = [connect(first), connect(second)]
        sent = list(pool.map(lambda n: send(clients[n % 2], f"u{n}@example.org"), range(140)))
        assert sum(sent) == 100
        assert clients[0].get_account()["SendQuota"] == clients[1].get_account()["SendQuota"]
        for client in clients:
            client.close()
    state = opened(tmp_path)
    assert len(state.addresses()) == 100
    assert state.account().used == 100
    state.close()


def test_the_rate_is_shared_too(tmp_path: Path, connect: Connect) -> None:
    with (
        start_simulator(tmp_path, rate=10, latency=0) as first,
        start_simulator(tmp_path, latency=0) as second,
    ):
        clients = [connect(first), connect(second)]
        began = time.monotonic()
        sent = sum(send(clients[n % 2], "x@example.org") for n in range(100))
        seconds = time.monotonic() - began
        for client in clients:
            client.close()
    assert 10 <= sent <= 10 + 10 * seconds + 1


@pytest.mark.long
@pytest.mark.ci
def test_a_restart_keeps_the_account(tmp_path: Path, connect: Connect) -> None:
    for expected in (1.0, 2.0):
        with start_simulator(tmp_path, latency=0) as simulator:
            client = connect(simulator)
            assert send(client, "x@example.org")
            assert client.get_account()["SendQuota"]["SentLast24Hours"] == expected
            client.close()
    with start_simulator(tmp_path, quota=7, rate=3) as simulator:
        client = connect(simulator)
        assert client.get_account()["SendQuota"] == {
            "Max24HourSend": 7.0,
            "MaxSendRate": 3.0,
            "SentLast24Hours": 2.0,
        }
        client.close()


def test_killed_before_the_answer_the_mail_is_there_once(tmp_path: Path, connect: Connect) -> None:
    with start_simulator(tmp_path, latency=5) as simulator, ThreadPoolExecutor(1) as pool:
        client = connect(simulator)
        call = pool.submit(send, client, "x@example.org")
        state = opened(tmp_path)
        deadline = time.monotonic() + 5
        while not state.addresses() and time.monotonic() < deadline:
            time.sleep(0.02)
        os.kill(pid_of(simulator), signal.SIGKILL)
        with pytest.raises((exceptions.ConnectionClosedError, exceptions.ReadTimeoutError)):
            call.result()
        client.close()
        assert state.addresses() == {"x@example.org": 1}
        state.close()


def test_latency_comes_after_the_decision(tmp_path: Path, connect: Connect) -> None:
    with start_simulator(tmp_path, latency=0.3, jitter=0.05) as simulator:
        client = connect(simulator)
        assert send(client, "x@example.org")
        ended = time.time()
        client.close()
    state = opened(tmp_path)
    [mail] = state.outbox()
    state.close()
    assert ended - mail["arrived_at"] >= 0.25


def test_stop_lets_answers_go_out(tmp_path: Path, connect: Connect) -> None:
    simulator = start_simulator(tmp_path, latency=0.5)
    client = connect(simulator)
    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(send, client, "x@example.org")
        time.sleep(0.25)
        simulator.stop()
        assert call.result()
    assert not simulator.alive()
    simulator.stop()
    client.close()
    state = opened(tmp_path)
    assert state.addresses() == {"x@example.org": 1}
    state.close()


@pytest.mark.long
@pytest.mark.ci
def test_the_child_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    script = (
        "import sys, time; from pathlib import Path\n"
        "from sestui.simulator.launch import start_simulator\n"
        "process = start_simulator(Path(sys.argv[1]))\n"
        "print(process._process.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE)
    with parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        assert os.getsid(child.pid) == child.pid  # our terminal's Ctrl-C is not for it
        parent.kill()
    child.wait(5)


def test_launch_is_light() -> None:
    script = (
        "import sys, sestui.simulator.launch\n"
        "heavy = {'starlette', 'uvicorn', 'sqlite3', 'boto3', 'pydantic'} & set(sys.modules)\n"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(AccountUnreachableError, match=f"port {port}: Address already in use"):
            start_simulator(tmp_path, port=port)


def test_a_damaged_state_is_named(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(b"no database" * 1000)
    with pytest.raises(StorageError, match="is damaged"):
        start_simulator(tmp_path)


def test_an_unusable_workspace_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="can't be opened for writing"):
        start_simulator(tmp_path / "file" / "below")


def test_an_impossible_rate_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="above 0"):
        start_simulator(tmp_path, rate=0)


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Run ``sestui simulator ...`` over ``tmp_path``."""
    monkeypatch.setenv("SESTUI_DATA_DIR", str(tmp_path))

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(app, arguments, catch_exceptions=False)

    return run


@pytest.mark.parametrize("stop_with", [signal.SIGINT, signal.SIGTERM])
def test_in_the_foreground_it_serves_until_a_signal(
    tmp_path: Path, connect: Connect, stop_with: signal.Signals
) -> None:
    arguments = [sys.executable, "-c", "from sestui.cli.simulator import app; app()"]
    environment = {**os.environ, "SESTUI_DATA_DIR": str(tmp_path)}
    with subprocess.Popen(
        [*arguments, "--port", "0", "--rate", "99", "--latency", "0"],
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        url = next(word for word in process.stderr.readline().split() if "http" in word).strip(",")
        said = ""
        while "Ctrl-C" not in said:
            said += process.stderr.readline()
        key = said.split("AWS_ACCESS_KEY_ID=")[1].split()[0]
        client = connect(SimulatorProcess(process, int(url.rpartition(":")[2]), key, 0))
        assert send(client, "x@example.org")
        assert client.get_account()["SendQuota"]["MaxSendRate"] == 99
        client.close()
        process.send_signal(stop_with)
        said += process.stderr.read()
        assert process.wait(5) == 0
    assert "AWS_ENDPOINT_URL_SESV2" in said
    assert f"{url}/outbox?token={key}" in said
    assert "Traceback" not in said


def test_commands_read_and_change_the_account(
    tmp_path: Path, connect: Connect, command: Callable[..., Result]
) -> None:
    assert "empty" in command("outbox").stderr
    with start_simulator(tmp_path, latency=0) as simulator:
        client = connect(simulator)
        command("fault", "add", "throttle", "--count", "1", "--match", "a@*")
        assert not send(client, "a@example.org")
        client.send_email(
            FromEmailAddress="Ada's Shop <news@example.com>",
            Destination={"ToAddresses": ["ada@example.org"]},
            Content={
                "Simple": {
                    "Subject": {"Data": "[bold]\x1b[31mred\nnext"},
                    "Body": {"Text": {"Data": "one\ntwo\x07"}},
                }
            },
        )
        client.close()
    told = dict(line.split("=") for line in command("key").stdout.splitlines())
    assert told["AWS_ACCESS_KEY_ID"] == simulator.access_key_id
    assert json.loads(command("key", "--json").stdout) == told
    line = command("outbox").stdout
    assert line.count("\n") == 1
    assert "\x1b" not in line
    assert "[bold]" in line
    assert "Ada's Shop <news@example.com>" in line
    [mail] = json.loads(command("outbox", "--json").stdout)
    shown = command("outbox", mail["message_id"]).stdout
    assert "To: ada@example.org" in shown
    assert "From: Ada's Shop <news@example.com>" in shown
    assert "one\ntwo" in shown
    assert "\x07" not in shown
    [fault] = json.loads(command("fault", "list", "--json").stdout)
    assert (fault["kind"], fault["fired"], fault["count"]) == ("throttle", 1, 0)
    assert "1" in command("fault", "clear").stderr
    state = opened(tmp_path)
    before = state.now()
    command("advance", "86400")
    assert state.now() - before >= 86_400
    assert state.account().used == 0
    command("reset")
    assert state.outbox() == []
    state.close()
