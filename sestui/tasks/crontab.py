"""The crontab line of `run-due`: make it, and install it."""

import os
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from sestui.errors import SestuiError

if TYPE_CHECKING:
    from sestui.settings import Settings

_AWS = (
    *("AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_CONFIG_FILE"),
    *("AWS_SHARED_CREDENTIALS_FILE", "AWS_ENDPOINT_URL_SESV2", "AWS_ENDPOINT_URL_SES"),
)
"""AWS's variables that a crontab may hold: none with secrets, only where these are."""

_SECRETS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
_PLACES = ("SESTUI_DATA_DIR=", "SESTUI_CONFIG=", "SESTUI_DATABASE_URL=")
_EVERY_MINUTE = "* * * * *"
_SECONDS = 10.0
"""How long the crontab command may take."""


@dataclass(frozen=True, slots=True)
class Crontab:
    """The crontab line of a workspace's `run-due`, and the same for systemd."""

    line: str
    """The crontab line."""
    units: tuple[str, ...]
    """The lines of an equivalent systemd service and timer."""
    warnings: tuple[str, ...]
    """Warnings of variables in this environment that cron won't have."""
    log: Path
    """The line's log file."""

    @classmethod
    def of(cls, settings: "Settings") -> Self:
        """The line for these settings and this installation; nothing is written."""
        command, variables = _program(), _variables(settings)
        log = settings.run_due_log.absolute()
        return cls(
            line=_line(command, variables, log),
            units=tuple(_units(command, variables)),
            warnings=tuple(_warnings(variables)),
            log=log,
        )

    def make_folder(self) -> None:
        """Make the folder of the log, for its owner only.

        Raises:
            SestuiError: it can't be made.
        """
        folder = self.log.parent
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise SestuiError(
                f"{folder}, where the line keeps its log, can't be made: {error.strerror}."
            ) from error

    def install(self) -> str:
        """Add the line to this user's crontab, if missing; returns a sentence on what was done.

        Makes the log's folder, and replaces another installation's line for the same workspace.

        Raises:
            SestuiError: there is no crontab command, or it refuses.
        """
        self.make_folder()
        return _installed(self.line)

    def is_installed(self) -> bool | None:
        """Whether this user's crontab has a line for the workspace; None: that can't be read."""
        try:
            listed = _crontab("read", "-l")
        except SestuiError:
            return None
        if listed.returncode:
            return False if b"no crontab" in listed.stderr.lower() else None
        ours = _workspace(self.line)
        lines = listed.stdout.decode("utf-8", "surrogateescape").split("\n")
        return any(each == self.line or _is_same(_workspace(each), ours) for each in lines)


def _is_same(one: frozenset[str] | None, other: frozenset[str] | None) -> bool:
    return one is not None and one == other


def _program() -> list[str]:
    """The command of this installation, with its absolute path."""
    beside = Path(sys.executable).with_name("sestui")
    if beside.is_file():
        return [str(beside.absolute()), "run-due"]
    return [sys.executable, "-m", "sestui", "run-due"]


def _variables(settings: "Settings") -> dict[str, str]:
    """Variables of this environment that the line has to set for cron."""
    found = {}
    if "data_dir" in settings.model_fields_set:
        found["SESTUI_DATA_DIR"] = str(settings.data_dir.absolute())
    if "state_dir" in settings.model_fields_set or os.environ.get("XDG_STATE_HOME"):
        # All senders must use the same database.
        found["SESTUI_STATE_DIR"] = str(settings.state_dir.absolute())
    if given := os.environ.get("SESTUI_CONFIG"):
        found["SESTUI_CONFIG"] = str(Path(given).absolute())
    if settings.account == "ses":
        found |= {name: os.environ[name] for name in _AWS if os.environ.get(name)}
    return found


def _line(command: list[str], variables: dict[str, str], log: Path) -> str:
    words = [
        *(f"{name}={shlex.quote(value)}" for name, value in variables.items()),
        *map(shlex.quote, command),
    ]
    # Normal output goes to a file; cron mails stderr, which is for people.
    text = f"{_EVERY_MINUTE} {' '.join(words)} --log {shlex.quote(str(log))}"
    return text.replace("%", r"\%")


def _units(command: list[str], variables: dict[str, str]) -> list[str]:
    settings = [f'Environment="{_escaped(f"{k}={v}")}"' for k, v in variables.items()]
    return [
        "# or, with systemd: ~/.config/systemd/user/sestui.service",
        "[Unit]",
        "Description=sestui: what is due",
        "[Service]",
        "Type=oneshot",
        *settings,
        "ExecStart=" + " ".join(f'"{_escaped(word)}"' for word in command),
        "",
        "# and ~/.config/systemd/user/sestui.timer",
        "[Unit]",
        "Description=sestui: every minute",
        "[Timer]",
        "OnCalendar=*-*-* *:*:00",
        "AccuracySec=1s",
        "[Install]",
        "WantedBy=timers.target",
        "",
        "# then: systemctl --user enable --now sestui.timer; loginctl enable-linger",
    ]


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")


def _warnings(variables: dict[str, str]) -> list[str]:
    """Warnings of variables of this shell that cron won't have."""
    lost = sorted(
        name
        for name in os.environ
        if name.startswith("SESTUI_") and name not in {*variables, "SESTUI_CONFIG"}
    )
    said = []
    if lost:
        setting = lost[0].removeprefix("SESTUI_").lower()
        said.append(
            f"{', '.join(lost)} is set in this shell only, and cron won't see it: "
            f"`sestui config set {setting} …` keeps it."
        )
    if any(os.environ.get(name) for name in _SECRETS):
        said.append(
            "AWS keys are set in this shell only, and cron won't see them: keep them in a profile "
            "(`aws configure`) and name it with AWS_PROFILE."
        )
    return said


def _installed(line: str) -> str:
    listed = _crontab("read", "-l")
    if listed.returncode and b"no crontab" not in listed.stderr.lower():
        raise SestuiError(f"The crontab can't be read: {_why(listed)}.")
    # Split at line feeds only, as bytes, so that other lines stay as they are.
    text = listed.stdout.decode("utf-8", "surrogateescape") if listed.returncode == 0 else ""
    lines = text.removesuffix("\n").split("\n") if text else []
    if line in lines:
        return "The line is already in the crontab."
    ours = _workspace(line)
    old = [each for each in lines if ours is not None and _workspace(each) == ours]
    kept = [each for each in lines if each not in old]
    written = _crontab("written", "-", "\n".join([*kept, line, ""]))
    if written.returncode:
        raise SestuiError(f"The crontab can't be written: {_why(written)}.")
    return "The line in the crontab has been replaced." if old else "Added to the crontab."


def _crontab(action: str, argument: str, text: str = "") -> subprocess.CompletedProcess[bytes]:
    program = shutil.which("crontab")
    if program is None:
        raise SestuiError(
            "There is no crontab command here; use the systemd timer, or install cron."
        )
    try:
        return subprocess.run(  # noqa: S603 - cron's own program
            [program, argument],
            input=text.encode("utf-8", "surrogateescape"),
            capture_output=True,
            check=False,
            timeout=_SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        raise SestuiError(f"The crontab can't be {action}: its command doesn't answer.") from error
    except OSError as error:
        raise SestuiError(f"The crontab can't be {action}: {error.strerror}.") from error


def _why(done: subprocess.CompletedProcess[bytes]) -> str:
    said = done.stderr.decode("utf-8", "replace").strip().rstrip(".")
    return said or f"its command ended with {done.returncode}"


def _workspace(entry: str) -> frozenset[str] | None:
    """The variables of an entry that runs `run-due`, which identify its workspace.

    Of any installation; None for other entries.
    """
    if entry.lstrip().startswith("#"):
        return None
    try:
        words = shlex.split(entry)
    except ValueError:  # unclosed quotes: not written by sestui
        return None
    for place, word in enumerate(words):
        before = words[:place]
        if (
            word == "run-due"
            and before
            and (Path(before[-1]).name == "sestui" or before[-2:] == ["-m", "sestui"])
        ):
            return frozenset(each for each in before if each.startswith(_PLACES))
    return None
