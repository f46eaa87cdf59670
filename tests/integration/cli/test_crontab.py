"""The line for the crontab: printed, added once, and run as cron runs it.

A stand-in `crontab` keeps what it is given in a file, as the real one does in its spool.
"""

import re
import subprocess
import sys
from configparser import RawConfigParser
from pathlib import Path

import pytest

from tests.support.cli import Done, Sestui

PROGRAM = Path(sys.executable).with_name("sestui")

STAND_IN = """\
#!/bin/sh
case "$1" in
    -l) cat "{spool}" 2>/dev/null || {{ echo "no crontab for ada" >&2; exit 1; }} ;;
    -) cat >"{spool}" ;;
    *) exit 2 ;;
esac
"""


@pytest.fixture
def spool(sestui: Sestui) -> Path:
    """What the stand-in keeps; it isn't there yet."""
    spool = sestui.home / "spool"
    stand_in(sestui, STAND_IN.format(spool=spool))
    return spool


def stand_in(sestui: Sestui, script: str) -> None:
    """Be `crontab` for this workspace's commands."""
    folder = sestui.home / "bin"
    folder.mkdir(exist_ok=True)
    program = folder / "crontab"
    program.write_text(script)
    program.chmod(0o755)
    sestui.settings["PATH"] = f"{folder}:/usr/bin:/bin"


def line_of(sestui: Sestui) -> str:
    return sestui.ok("task", "crontab").splitlines()[0]


def install(sestui: Sestui) -> str:
    """What it says about the crontab, after it has shown the line."""
    done = sestui.run("task", "crontab", "--install")
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{line_of(sestui)}\n"
    return done.stderr.splitlines()[-1]


def test_it_prints_the_line_and_the_same_as_a_timer(sestui: Sestui) -> None:
    sestui.settings["SESTUI_DATA_DIR"] = str(sestui.home / "50% of it")
    line, _, *units = sestui.ok("task", "crontab").splitlines()
    assert line == (
        f"* * * * * SESTUI_DATA_DIR='{sestui.home}/50\\% of it' SESTUI_CONFIG={sestui.config} "
        f"{PROGRAM} run-due --log '{sestui.home}/50\\% of it/run-due.log'"
    )
    texts = re.split(r"^# .*\n", "\n".join(units), flags=re.MULTILINE)[1:3]
    service, timer = (RawConfigParser(strict=False) for _ in range(2))
    service.optionxform = timer.optionxform = str  # type: ignore[assignment] # names as they are
    service.read_string(texts[0])
    timer.read_string(texts[1])
    assert service["Service"]["Type"] == "oneshot"
    assert service["Service"]["ExecStart"] == f'"{PROGRAM}" "run-due"'
    assert f'Environment="SESTUI_DATA_DIR={sestui.home}/50%% of it"' in units
    assert f'Environment="SESTUI_CONFIG={sestui.config}"' in units
    assert timer["Timer"]["OnCalendar"] == "*-*-* *:*:00"
    assert timer["Install"]["WantedBy"] == "timers.target"
    assert units[-1].startswith("# then: systemctl --user enable --now sestui.timer")


def test_printing_it_touches_nothing(sestui: Sestui, spool: Path) -> None:
    sestui.ok("task", "crontab")
    assert not spool.exists()


def test_it_is_added_once_and_what_else_is_there_stays(sestui: Sestui, spool: Path) -> None:
    others = (
        "MAILTO=ada@example.com\n\n"
        "# 0 0 * * * /opt/sestui run-due\n"
        "0 3 * * *  echo 50\\% >>~/log  \n"
        "# ünïcode \x0c and a form feed\n"
    )
    spool.write_text(others)
    assert install(sestui) == "Added to the crontab."
    installed = spool.read_text()
    assert installed == f"{others}{line_of(sestui)}\n"
    assert install(sestui) == "The line is already in the crontab."
    assert spool.read_text() == installed


def test_the_first_line_of_a_crontab(sestui: Sestui, spool: Path) -> None:
    assert install(sestui) == "Added to the crontab."
    assert spool.read_text() == f"{line_of(sestui)}\n"


def test_what_is_no_utf8_stays_too(sestui: Sestui, spool: Path) -> None:
    spool.write_bytes(b"# r\xe9sum\xe9\n")
    assert install(sestui) == "Added to the crontab."
    assert spool.read_bytes() == b"# r\xe9sum\xe9\n" + line_of(sestui).encode() + b"\n"


def test_a_line_of_before_is_replaced_and_another_workspaces_is_not(
    sestui: Sestui, spool: Path
) -> None:
    line = line_of(sestui)
    before = line.replace("* * * * *", "*/5 * * * *").partition(" --log")[0] + " 2>&1 | logger"
    theirs = line.replace(str(sestui.data), "/srv/another")
    assert theirs != line
    spool.write_text(f"{before}\n{theirs}\n")
    assert install(sestui) == "The line in the crontab has been replaced."
    assert spool.read_text() == f"{theirs}\n{line}\n"


@pytest.mark.parametrize(
    "program",
    [
        "/opt/old venv/bin/sestui",
        "/home/ada/.local/bin/sestui",
        "sestui",
        "/usr/bin/python3 -m sestui",
        "/usr/bin/flock -n /tmp/lock /opt/50\\%/bin/sestui",
    ],
)
def test_a_line_of_another_installation_is_replaced_too(
    sestui: Sestui, spool: Path, program: str
) -> None:
    line = line_of(sestui)
    quoted = f"'{program}'" if "old venv" in program else program
    before = line.replace(str(PROGRAM), quoted)
    theirs = before.replace(str(sestui.data), "/srv/another")
    others = [f"# {before}", before.replace("run-due", "account"), "* * * * * echo 'sestui run-due"]
    spool.write_text("\n".join([before, theirs, *others, ""]))
    assert install(sestui) == "The line in the crontab has been replaced."
    assert spool.read_text() == "\n".join([theirs, *others, line, ""])


def test_without_a_crontab_command_it_says_what_else_there_is(sestui: Sestui) -> None:
    sestui.settings["PATH"] = str(sestui.home)
    done = sestui.run("task", "crontab", "--install")
    assert (done.returncode, done.stdout) == (1, f"{line_of(sestui)}\n")
    assert done.stderr.splitlines()[-1] == (
        "sestui: There is no crontab command here; use the systemd timer, or install cron."
    )


@pytest.mark.parametrize(
    ("script", "said"),
    [
        (
            "#!/bin/sh\necho 'you (ada) are not allowed to use this program' >&2\nexit 1\n",
            "The crontab can't be read: you (ada) are not allowed to use this program.",
        ),
        (
            "#!/bin/sh\n[ $1 = -l ] && exit 0\necho 'errors in crontab file' >&2\nexit 1\n",
            "The crontab can't be written: errors in crontab file.",
        ),
        (
            "#!/bin/sh\n[ $1 = -l ] && exit 0\nexit 3\n",
            "The crontab can't be written: its command ended with 3.",
        ),
        ("#!/no/such/shell\n", "The crontab can't be read: No such file or directory."),
    ],
)
def test_a_crontab_that_refuses_is_told(sestui: Sestui, script: str, said: str) -> None:
    stand_in(sestui, script)
    done = sestui.run("task", "crontab", "--install")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith(f"sestui: {said}")


def as_cron_does(sestui: Sestui, line: str) -> Done:
    """Run the line's command with next to no environment, from the home folder, no terminal."""
    command = line.split(" ", 5)[5].replace("\\%", "%")
    done = subprocess.run(
        ["/usr/bin/env", "-i", f"HOME={sestui.home}", "/bin/sh", "-c", command],
        cwd=sestui.home,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return Done(done.returncode, done.stdout, done.stderr)


@pytest.mark.long
@pytest.mark.ci
def test_cron_can_run_what_was_installed_in_a_folder_that_is_not_there_yet(
    sestui: Sestui, spool: Path
) -> None:
    folder = sestui.home / "it's 50% of it" / "deep"
    sestui.settings["SESTUI_DATA_DIR"] = str(folder)
    install(sestui)
    (line,) = spool.read_text().splitlines()
    assert as_cron_does(sestui, line) == Done(0, "", "")
    assert not (folder / "run-due.log").exists(), "nothing was due"
    assert as_cron_does(sestui, f"{line} --verbose") == Done(0, "", "")
    assert (folder / "run-due.log").read_text().endswith(" nothing due\n")
    assert folder.stat().st_mode & 0o077 == 0, "people's addresses are in there"


def test_a_folder_that_can_not_be_made_is_told(sestui: Sestui, spool: Path) -> None:
    sestui.settings["SESTUI_DATA_DIR"] = str(sestui.write("file", "") / "data")
    done = sestui.run("task", "crontab", "--install")
    assert done.returncode == 1
    assert done.stderr.endswith("where the line keeps its log, can't be made: Not a directory.\n")
    assert not spool.exists()


def test_a_shells_settings_that_cron_will_not_see_are_named(sestui: Sestui) -> None:
    keys = {"AWS_ACCESS_KEY_ID": "AKIA-ADA", "AWS_SECRET_ACCESS_KEY": "hush"}
    given = {"SESTUI_ACCOUNT": "ses", "AWS_PROFILE": "mail"}
    done = sestui.run("task", "crontab", **keys, **given)
    settings, secrets = done.stderr.splitlines()
    assert settings.startswith("SESTUI_ACCOUNT, SESTUI_EVENTS_WHILE_SENDING, SESTUI_SIMULATOR_")
    assert settings.endswith("`sestui config set account …` keeps it.")
    assert secrets.startswith("AWS keys are set in this shell only")
    assert " AWS_PROFILE=mail " in done.stdout
    assert not any(key in done.stdout + done.stderr for key in keys.values())
