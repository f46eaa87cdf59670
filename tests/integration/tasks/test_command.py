"""Programs without a shell, and nothing of them left."""

import os
import sys
import time

import psutil

from sestui.core.task_states import TaskRunState
from sestui.runtime import Runtime
from sestui.tasks.types.command import MOST_OUTPUT
from tests.support.tasks import ran
from tests.support.workspaces import until


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_commands_are_off_unless_the_settings_say_so(runtime):
    off = runtime.settings.model_copy(update={"allow_commands": False})
    with Runtime.open(off) as closed:
        run = ran(closed, "command", {"argv": ["true"]})
    assert run.state is TaskRunState.FAILED
    assert run.detail.startswith("Commands are switched off; `sestui config set allow_commands")


def test_arguments_reach_it_as_they_are(runtime, tmp_path, monkeypatch):
    monkeypatch.setenv("SESTUI_SECRET", "not for others")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "neither")
    code = "import os, sys; print(sys.argv[1:], os.getcwd(), sorted(os.environ), flush=True)"
    run = ran(
        runtime,
        "command",
        {
            "argv": [*python(code), "$HOME; rm -rf *", "a b"],
            "folder": str(tmp_path),
            "environment": {"MINE": "1"},
        },
    )
    assert run.state is TaskRunState.SUCCEEDED
    assert f"['$HOME; rm -rf *', 'a b'] {tmp_path}" in run.log
    assert "'MINE'" in run.log
    assert "SECRET" not in run.log
    assert run.result["exit_code"] == 0


def test_how_it_can_end(runtime):
    assert ran(runtime, "command", {"argv": ["no-such-program"]}).detail == (
        "no-such-program can't be run: No such file or directory."
    )
    failed = ran(runtime, "command", {"argv": python("import sys; sys.exit('why \\x1b[31m')")})
    assert failed.detail.endswith("ended with exit code 1.")
    assert "why \\x1b[31m" in failed.log
    allowed = {"argv": python("raise SystemExit(3)"), "exit_codes": [0, 3]}
    assert ran(runtime, "command", allowed).state is TaskRunState.SUCCEEDED
    killed = ran(runtime, "command", {"argv": python("import os; os.kill(os.getpid(), 9)")})
    assert killed.detail.endswith("ended with signal 9.")


def test_output_is_bounded(runtime):
    code = "import sys; [sys.stdout.write('x' * 1000 + '\\n') for _ in range(2000)]"
    run = ran(runtime, "command", {"argv": python(code)})
    assert run.state is TaskRunState.SUCCEEDED
    assert run.result["output_bytes"] == 2_002_000
    assert len(run.log) < 2 * MOST_OUTPUT
    assert "more bytes)" in run.log


def test_time_up_ends_its_whole_group(runtime, tmp_path):
    """It ignores SIGTERM, and so does its child."""
    pids = tmp_path / "pids"
    code = (
        "import os, signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); os.fork(); "
        f"open({str(pids)!r}, 'a').write(f'{{os.getpid()}}\\n'); print('up', flush=True); "
        "time.sleep(600)"
    )
    run = ran(runtime, "command", {"argv": python(code)}, timeout=2)
    assert run.state is TaskRunState.TIMED_OUT
    assert "up" in run.log
    started = [int(line) for line in pids.read_text().split()]
    assert len(started) == 2
    until(lambda: not any(_lives(pid) for pid in started), 10)


def test_a_child_that_keeps_the_output_open_is_not_waited_for(runtime):
    code = "import os, time; os.fork() or (os.setsid(), time.sleep(20)); print('done')"
    began = time.monotonic()
    run = ran(runtime, "command", {"argv": python(code)})
    assert time.monotonic() - began < 15
    assert run.state is TaskRunState.SUCCEEDED
    assert "done" in run.log


def _lives(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE and os.getpgid(pid) >= 0
    except (psutil.NoSuchProcess, ProcessLookupError):
        return False
