"""What the command does before it does anything: help, version, terminals, pipes."""

import subprocess
import sys

import pytest

from tests.support.cli import Sestui

HEAVY = ("textual", "boto3", "botocore", "sqlmodel", "sqlalchemy", "jinja2", "yaml", "rich.console")
LOADED = """\
import sys
from sestui.cli.main import main
try:
    main()
finally:
    print(sorted(set(sys.modules) & set({heavy!r})), file=sys.stderr)
"""


@pytest.mark.parametrize(
    "arguments",
    [
        ["--version"],
        ["--help"],
        ["campaign", "--help"],
        ["contact", "--help"],
        ["send", "--help"],
        ["demo", "--help"],
    ],
)
def test_help_loads_nothing_heavy(sestui: Sestui, arguments: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOADED.format(heavy=HEAVY), *arguments],
        env=sestui.environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == "[]\n"
    assert done.stdout


def test_usage_errors(sestui: Sestui) -> None:
    for arguments in (["sned"], ["import", "x.csv"], ["send"], ["demo", "--contacts", "none"]):
        done = sestui.run(*arguments)
        assert (done.returncode, done.stdout) == (2, "")
        assert "Usage: " in done.stderr
    assert "`sestui --help`" in sestui.refused(2)  # no terminal for the screens
    assert not sestui.data.exists()


@pytest.mark.long
@pytest.mark.ci
def test_a_reader_that_has_had_enough(ready: Sestui) -> None:
    ready.ok("send", "news")
    for command in ("export deliveries", "simulator outbox --limit 500 --json", "config show"):
        with ready.start(*command.split()) as process:
            assert process.stdout
            assert process.stderr
            process.stdout.readline()
            process.stdout.close()
            assert process.stderr.read() == ""


def test_debug_shows_the_traceback_and_nothing_else_does(sestui: Sestui) -> None:
    process = sestui.start("--debug", "campaign", "show", "none")
    _, err = process.communicate(timeout=30)
    assert process.returncode == 1
    assert err.startswith("Traceback")
    assert err.splitlines()[-1].startswith("sestui: There is no campaign")


def test_any_encoding_will_do(sestui: Sestui) -> None:
    path = sestui.write("r.csv", "email,name\n陽子,陽子\na@example.com,A\n")
    done = sestui.process("import", path, "--list", "r", PYTHONIOENCODING="ascii")
    assert done.returncode == 0
    assert "1  imported" in done.stdout


@pytest.mark.long
@pytest.mark.ci
def test_plain_output_has_no_escapes(ready: Sestui) -> None:
    for arguments in (["send", "news"], ["campaign", "show", "news"], ["campaign", "list"]):
        done = ready.run(*arguments, NO_COLOR="1")
        assert "\x1b" not in done.stdout + done.stderr


def test_nothing_due_loads_nothing_heavy_however_the_database_is_named(ready: Sestui) -> None:
    for named in ({}, {"SESTUI_DATABASE_URL": f"sqlite:///{ready.data}/sestui.db"}):
        done = subprocess.run(
            [sys.executable, "-c", LOADED.format(heavy=HEAVY), "run-due"],
            env=ready.environment(**named),
            capture_output=True,
            text=True,
            check=True,
        )
        assert (done.stdout, done.stderr) == ("nothing due\n", "[]\n")


@pytest.mark.long
@pytest.mark.ci
@pytest.mark.parametrize("limit", [8, 10])
def test_too_many_open_files_are_a_sentence_of_their_own(sestui: Sestui, limit: int) -> None:
    done = subprocess.run(
        [
            "bash",
            "-c",
            f'ulimit -n {limit}; exec "$@"',
            "-",
            *(sys.executable, "-m", "sestui", "account"),
        ],
        env=sestui.environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("sestui: Too many files are open for this process. ")
    assert len(done.stderr.splitlines()) == 1
