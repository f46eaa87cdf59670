"""Read all settings with their values, sources and meanings, and write some to the file."""

import os
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import TypeAdapter, ValidationError

from sestui.atomic_write import write_atomically
from sestui.config_file import config_path, read_config
from sestui.core.keymap import keymap_text
from sestui.core.recipient_behaviour import RecipientBehaviour
from sestui.core.setting_names import value_error
from sestui.errors import SettingsError, StorageError
from sestui.settings import Settings, load_settings, suggestion

SECRETS = frozenset({"database_url"})
"""Settings that may have a password, which is never shown."""


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting to show."""

    name: str
    value: Any
    """The value in this process, with any password masked."""
    source: str
    """``default``, ``file``, ``environment`` or ``command line``."""
    meaning: str
    coming: Any = None
    """The value after the next start, if different."""

    @property
    def overruled(self) -> bool:
        """Whether the environment or command line overrides the file."""
        return self.source in {"environment", "command line"}


def checked_value(name: str, text: str) -> Any:
    """Convert ``text`` to the value of setting ``name``, as a TOML type.

    Raises:
        SettingsError: it is invalid.
    """
    field = Settings.model_fields[name]
    kind: Any = field.annotation
    for rule in field.metadata:
        kind = Annotated[kind, rule]
    try:  # alone, as other settings' errors must not prevent its correction
        value = TypeAdapter(kind).validate_python(text)
    except ValidationError as error:
        said = error.errors()[0]["msg"]
        raise SettingsError(f"{name} can't be {text!r}: {value_error(said)}.") from error
    return str(value) if isinstance(value, Path | RecipientBehaviour) else value


def masked(name: str, value: Any) -> Any:
    """``value`` to show, with the password of a database URL masked."""
    if name == "database_url" and value:
        return re.sub(r"(://[^:/@]*):[^@]*@", r"\1:***@", value)
    return str(value) if isinstance(value, Path | date | RecipientBehaviour) else value


def in_force(settings: Settings, on_command_line: Collection[str] = ()) -> list[Setting]:
    """All settings; ``on_command_line`` are the names given there.

    Raises:
        SettingsError: the file has become unreadable or invalid.
    """
    in_file = read_config(config_path())
    coming = load_settings()
    found = []
    for name, field in Settings.model_fields.items():
        value = masked(name, getattr(settings, name))
        source = _source(name, settings, in_file, on_command_line)
        later = masked(name, getattr(coming, name))
        changes = later != value and source in {"default", "file"}
        found.append(
            Setting(name, value, source, field.description or "", later if changes else None)
        )
    return found


def _source(
    name: str, settings: Settings, in_file: Mapping[str, Any], on_command_line: Collection[str]
) -> str:
    if name in on_command_line:
        return "command line"
    if in_environment(name):
        return "environment"
    if name in in_file:
        return "file"
    # Given to this process in another way, as by `sestui demo`.
    return "command line" if name in settings.model_fields_set else "default"


def in_environment(name: str) -> bool:
    """Whether the environment sets it, which overrides the file."""
    return f"SESTUI_{name.upper()}" in {variable.upper() for variable in os.environ}


def choices(name: str) -> tuple[str, ...]:
    """The values of a setting with few possible ones; else ()."""
    kind = Settings.model_fields[name].annotation
    if kind is bool:
        return ("true", "false")
    return tuple(get_args(kind)) if get_origin(kind) is Literal else ()


def as_text(setting: Setting) -> str:
    """The initial value for editing: that of the next start; '' for a secret."""
    if setting.name in SECRETS:
        return ""
    value = setting.value if setting.coming is None else setting.coming
    if isinstance(value, Mapping):
        return keymap_text(value)
    return "" if value is None else str(value)


def check_name(name: str) -> None:
    """Raise SettingsError unless ``name`` is a setting."""
    if name not in Settings.model_fields:
        raise SettingsError(f"There is no setting {name!r}; {suggestion(name)}")


def write(values: Mapping[str, str]) -> None:
    """Write settings to the file atomically, keeping comments; '' restores a default.

    Raises:
        SettingsError: a name or value is invalid, or the file isn't TOML.
        StorageError: the file can't be written.
    """
    import tomlkit  # noqa: PLC0415 - only to write
    from tomlkit.exceptions import TOMLKitError  # noqa: PLC0415

    target = config_path()
    for name in values:
        check_name(name)
    checked = {name: checked_value(name, text) for name, text in values.items() if text != ""}
    try:
        document = tomlkit.parse(target.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        document = tomlkit.document()
    except (OSError, UnicodeDecodeError, TOMLKitError) as error:
        raise SettingsError(f"The settings file {target} can't be read: {error}.") from error
    for name in values:
        if name in checked:
            document[name] = checked[name]
        else:
            document.pop(name, None)
    _write_private(target, tomlkit.dumps(document))


def _write_private(target: Path, text: str) -> None:
    """Replace the file atomically, with mode 0600 as a database URL may have a password."""
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_atomically(target, text.encode())
    except OSError as error:
        raise StorageError(
            f"The settings file {target} can't be written: {error.strerror}."
        ) from error
