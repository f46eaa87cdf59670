"""Programs without a shell, and nothing of them left."""

import os
import sys
import time
from datetime import UTC, datetime

import psutil
import pytest

from sestui.core.task.fields import TaskFields
from sestui.core.task.states import TaskRunState
from sestui.runtime import Runtime
from sestui.tasks.context import MOST_LOGGED
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
    monkeypatch.setenv("SHOP_SECRET", "not for others")
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


def test_of_long_output_the_beginning_and_the_end_are_kept(runtime):
    code = "for n in range(50_000): print('line', n)"
    run = ran(runtime, "command", {"argv": python(code)})
    assert run.state is TaskRunState.SUCCEEDED
    assert run.result["output_bytes"] == sum(len(f"line {n}\n") for n in range(50_000))
    assert len(run.log) < MOST_LOGGED + 100
    first, *_, last, _ended = [line[9:] for line in run.log.splitlines()]
    assert (first, last) == ("line 0", "line 49999")
    (gap,) = (line for line in run.log.splitlines() if line.endswith("lines are left out)"))
    kept = len(run.log.splitlines()) - 2
    assert gap == f"({50_000 - kept:,} lines are left out)"


def test_a_line_without_an_end_is_kept_too(runtime):
    code = "import sys; sys.stdout.write('first\\n' + 'x' * 5000 + '\\u00e9 last')"
    run = ran(runtime, "command", {"argv": python(code), "environment": {"PYTHONUTF8": "1"}})
    first, *parts, last, _ = [line[9:] for line in run.log.splitlines()]
    assert first == "first"
    assert "".join([*parts, last]) == "x" * 5000 + "\u00e9 last"


@pytest.mark.long
@pytest.mark.ci
def test_what_it_says_can_be_read_while_it_runs_with_the_time_at_which_it_said_so(
    runtime, tmp_path
):
    go_on = tmp_path / "go on"
    code = (
        "import pathlib, time; print('first', flush=True)\n"
        f"while not pathlib.Path({str(go_on)!r}).exists(): time.sleep(0.05)\n"
        "print('second')"
    )
    fields = TaskFields("slow", "command", "@yearly", parameters={"argv": python(code)})
    runtime.tasks.add(fields)
    worker_pool = runtime.worker_pool(by_hand=runtime.tasks.id_to_run("slow"))
    worker_pool.start()
    until(lambda: any("first" in run.log for run in runtime.tasks.log("slow")), 30)
    (run,) = runtime.tasks.log("slow")
    assert run.state is TaskRunState.RUNNING
    seen_at = datetime.now(UTC)
    until(lambda: datetime.now(UTC).second != seen_at.second, 10)
    go_on.touch()
    assert worker_pool.join(30)
    (run,) = runtime.tasks.log("slow")
    first, second, _ = run.log.splitlines()
    assert first[:8] <= f"{seen_at:%H:%M:%S}" != second[:8]
    assert (first[9:], second[9:]) == ("first", "second")


@pytest.mark.long
@pytest.mark.ci
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


@pytest.mark.long
@pytest.mark.ci
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
