"""The TOML file with settings: where it is, and what it contains."""

import os
import tomllib
from pathlib import Path
from typing import Any

import platformdirs

from sestui.errors import SettingsError

CONFIG_VARIABLE = "SESTUI_CONFIG"


def config_path() -> Path:
    """The TOML file's path: ``SESTUI_CONFIG``, or in the user's settings folder."""
    given = os.environ.get(CONFIG_VARIABLE)
    if given:
        return Path(given)
    return Path(platformdirs.user_config_dir("sestui", appauthor=False)) / "config.toml"


def read_config(path: Path) -> dict[str, Any]:
    """The settings file's content, unchecked; empty if there is none.

    Raises:
        SettingsError: it can't be read, or was named but doesn't exist.
    """
    try:
        return tomllib.loads(
            path.read_text(encoding="utf-8-sig")
        )  # a byte order mark, of editors on Windows
    except FileNotFoundError as error:
        if not os.environ.get(CONFIG_VARIABLE):
            return {}
        raise SettingsError(
            f"The settings file {path}, which {CONFIG_VARIABLE} names, is not there; "
            "`sestui config set NAME VALUE` makes it.",
            by_option="(--config sets that variable for one command.)",
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        why = (isinstance(error, OSError) and error.strerror) or "it is not UTF-8"
        raise SettingsError(f"The settings file {path} can't be read: {why}.") from error
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"The settings file {path} is not valid TOML: {error}.") from error
