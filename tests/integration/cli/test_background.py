"""In the background of a script, where Ctrl-C is for another program."""

import re
import signal
import subprocess
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support.cli import Sestui

IN_BACKGROUND = ("/bin/sh", "-c", 'trap "" INT; exec "$0" "$@"')
"""As a shell starts what stands before an & in a script: with SIGINT ignored."""


def ignores(process: subprocess.Popen[str], number: signal.Signals) -> bool:
    """Whether the kernel drops the signal."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    (mask,) = re.findall(r"SigIgn:\s*(\w+)", status)
    return bool(int(mask, 16) >> (number - 1) & 1)


def answers(url: str) -> None:
    with suppress(urllib.error.HTTPError):  # says something, too
        urllib.request.urlopen(url).close()


@pytest.mark.long
@pytest.mark.ci
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="no /proc to see it in")
@pytest.mark.parametrize(
    "arguments", [("simulator",), ("relay", "--metrics-port", "0"), ("--serve",)]
)
def test_a_server_outlives_a_ctrl_c_that_is_not_for_it(
    sestui: Sestui, arguments: tuple[str, ...]
) -> None:
    sestui.ok("relay", "key", "add", "shop")
    server = sestui.start(*arguments, "--port", "0", under=IN_BACKGROUND)
    assert server.stderr is not None
    url = next(found[0] for line in server.stderr if (found := re.findall(r"http://\S+\d", line)))
    answers(url)
    assert ignores(server, signal.SIGINT)
    assert not ignores(server, signal.SIGTERM)
    server.send_signal(signal.SIGINT)
    answers(url)
    server.send_signal(signal.SIGTERM)
    assert server.wait(30) == 0


@pytest.mark.long
@pytest.mark.ci
def test_a_send_outlives_a_ctrl_c_that_is_not_for_it(ready: Sestui) -> None:
    ready.settings["SESTUI_SIMULATOR_RATE"] = "100"
    sending = ready.start("send", "news", "--json", under=IN_BACKGROUND)
    ready.accepted()
    sending.send_signal(signal.SIGINT)
    sending.communicate(timeout=60)
    assert sending.returncode == 0
    assert ready.latest()["accepted"] == 200
