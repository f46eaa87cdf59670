"""`sestui web` as a process: it says how to publish the page, serves it, and ends quietly."""

import signal
import subprocess
import sys

import pytest

from tests.support.environment import bare_environment
from tests.support.page import Asker


@pytest.mark.long
@pytest.mark.ci
def test_it_serves_and_says_how_to_publish(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "sestui", "web", "--port", "0"],
        env=bare_environment(
            tmp_path,
            SESTUI_DATA_DIR=str(tmp_path / "data"),
            SESTUI_WEB_URL="https://example.com/mail",
        ),
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        said = []
        while not said or "Ctrl-C stops it" not in said[-1]:
            said.append(process.stderr.readline())
            assert said[-1], "it ended"
        assert "    location /mail/u/ {\n" in said
        assert "        handle /mail/u/* {\n" in said
        port = int(said[0].split("http://127.0.0.1:")[1].partition("/")[0])
        asker = Asker(port)
        assert asker.get("forged").status == 404
        asker.close()
    finally:
        process.send_signal(signal.SIGTERM)
        rest = process.stderr.read()
        assert process.wait(30) == 0
        process.stderr.close()
    assert "no longer served" in rest
