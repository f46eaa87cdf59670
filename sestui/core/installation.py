"""How this sestui was installed, so that hints name the command that upgrades it."""

import shlex
import sys
from pathlib import Path

_UPGRADES = {
    "uv tool": "uv tool upgrade sestui",
    "pipx": "pipx upgrade sestui",
    "uv": "uv pip install --upgrade sestui",
    "pip": "{pip} install --upgrade sestui",
}
_EXTRAS = {
    "uv tool": "uv tool install 'sestui[{extra}]'",
    "pipx": "pipx install --force 'sestui[{extra}]'",
    "uv": "uv pip install 'sestui[{extra}]'",
    "pip": "{pip} install 'sestui[{extra}]'",
}


def upgrade_command(prefix: Path | None = None) -> str:
    """The command that upgrades sestui; ``prefix`` is its environment, by default this one."""
    prefix = prefix or Path(sys.prefix)
    return _UPGRADES[_installer(prefix)].format(pip=_pip(prefix))


def extra_command(extra: str, prefix: Path | None = None) -> str:
    """The command that installs an extra; ``prefix`` as above."""
    prefix = prefix or Path(sys.prefix)
    return _EXTRAS[_installer(prefix)].format(extra=extra, pip=_pip(prefix))


def _installer(prefix: Path) -> str:
    """Recognised by the files that each installer leaves in its environments."""
    if (prefix / "uv-receipt.toml").is_file():
        return "uv tool"
    if (prefix / "pipx_metadata.json").is_file():
        return "pipx"
    try:
        lines = (prefix / "pyvenv.cfg").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return "pip"
    return "uv" if any(line.partition("=")[0].strip() == "uv" for line in lines) else "pip"


def _pip(prefix: Path) -> str:
    """The environment's own pip if it has one: the first on the shell's PATH may be another."""
    own = prefix / "bin" / "pip"
    return shlex.quote(str(own)) if own.is_file() and (prefix / "pyvenv.cfg").is_file() else "pip"
