"""Tests make their own environment: nothing around them, or before them, changes what they see."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.environment import OwnEnvironment

ROOT = Path(__file__).parents[2]

ODD = {
    "NO_COLOR": "1",
    "FORCE_COLOR": "1",
    "COLORTERM": "none",
    "TERM": "dumb",
    "COLUMNS": "37",
    "LINES": "5",
    "TZ": "Asia/Kathmandu",
    "LANG": "tr_TR.UTF-8",
    "LC_ALL": "POSIX",
    "HOME": "/proc",
    "XDG_CONFIG_HOME": "/proc",
    "XDG_DATA_HOME": "/proc",
    "TEXTUAL_THEME": "nord",
    "TEXTUAL_ANIMATIONS": "none",
    "EDITOR": "/no/such/editor",
    "AWS_PROFILE": "nobody",
    "AWS_REGION": "xx",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    "http_proxy": "http://127.0.0.1:9",
    "SESTUI_ACCOUNT": "ses",
    "SESTUI_THEME": "nord",
    "SESTUI_SENDERS": "-1",
    "SESTUI_DATABASE_URL": "nonsense:",
    "SESTUI_NO_SUCH_SETTING": "1",
}
"""What a machine may have set, each of which changes what sestui does or shows."""

SENSITIVE = (
    "tests/tui/test_pictures.py",
    "tests/unit/test_settings_file.py",
    "tests/integration/cli/test_config_command.py",
)


@pytest.mark.long
@pytest.mark.ci
@pytest.mark.timeout(900)  # it runs tests of its own, each with its limit
def test_odd_values_around_the_tests_change_nothing() -> None:
    command = [sys.executable, "-m", "pytest", "-n", "0", "-p", "no:cacheprovider", *SENSITIVE]
    done = subprocess.run(
        command,
        env={**os.environ, **ODD},
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


@pytest.fixture
def environment() -> Iterator[OwnEnvironment]:
    made = OwnEnvironment()
    yield made
    made.close()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda: os.environ.update(SESTUI_THEME="nord"), "variables"),
        (lambda: os.environ.pop("LANG"), "variables"),
        (lambda: os.chdir("/"), "folder"),
        (lambda: os.umask(0o077), "umask"),
        (lambda: signal.signal(signal.SIGTERM, signal.SIG_IGN), "signals"),
    ],
)
def test_what_a_test_leaves_changed_fails_it_and_is_put_right(
    environment: OwnEnvironment, change: Callable[[], object], told: str
) -> None:
    with pytest.raises(AssertionError, match=told), environment.of_one_test():
        change()
    with environment.of_one_test():
        pass


def test_each_test_has_an_empty_home_of_its_own(environment: OwnEnvironment) -> None:
    homes = []
    for _ in range(2):
        with environment.of_one_test():
            homes.append(Path.home())
            assert list(homes[-1].iterdir()) == []
            (homes[-1] / "left").touch()
    assert homes[0] != homes[1]
    assert not any(home.exists() for home in homes)


def test_a_program_hears_a_signal_that_the_tests_own_shell_ignores() -> None:
    # Behind an & a shell starts its programs with SIGINT ignored, which they pass on.
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    environment = OwnEnvironment()
    try:
        done = subprocess.run(
            [
                sys.executable,
                "-c",
                "import signal; print(signal.getsignal(signal.SIGINT).__name__)",
            ],
            capture_output=True,
            text=True,
            check=True,
        )
        signal.raise_signal(signal.SIGINT)  # and the tests go on ignoring it
    finally:
        environment.close()
        signal.signal(signal.SIGINT, before)
    assert done.stdout == "default_int_handler\n"
