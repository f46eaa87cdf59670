"""`sestui config`: the settings, where they are, and changing one."""

import difflib
import os
import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer

from sestui.cli.common import AsJson, put, put_json, say
from sestui.errors import SettingsError, StorageError

app = typer.Typer(help="Show and change settings.", no_args_is_help=True)


@app.command("show")
def show(*, as_json: AsJson = False) -> None:
    """Every setting with its value, meaning and where the value comes from."""
    from sestui.settings import Settings, config_path, load_settings, masked  # noqa: PLC0415

    settings = load_settings()
    rows: list[dict[str, Any]] = []
    for name, field in Settings.model_fields.items():
        value = masked(name, getattr(settings, name))
        rows.append(
            {
                "name": name,
                "value": value,
                "source": _source(name, settings.model_fields_set),
                "meaning": field.description,
            }
        )
    if as_json:
        put_json(rows)
        return
    put(f"# {config_path()}")
    for row in rows:
        put(f"{row['name']} = {row['value']!r}  ({row['source']})")
        put(f"    {row['meaning']}")


@app.command("path")
def path() -> None:
    """Where the settings file is (or would be)."""
    from sestui.settings import config_path  # noqa: PLC0415 - pydantic is slow to import

    put(str(config_path()))


@app.command("set")
def set_(
    name: Annotated[str, typer.Argument(metavar="NAME", help="As `config show` lists it.")],
    value: Annotated[str, typer.Argument(metavar="VALUE", help="'' puts the default back.")],
) -> None:
    """Write one setting into the settings file; comments there are kept."""
    import tomlkit  # noqa: PLC0415 - only to write
    from tomlkit.exceptions import TOMLKitError  # noqa: PLC0415

    from sestui.settings import checked_value, config_path  # noqa: PLC0415

    check_name(name)
    target = config_path()
    try:
        document = tomlkit.parse(target.read_text(encoding="utf-8"))
    except FileNotFoundError:
        document = tomlkit.document()
    except (OSError, UnicodeDecodeError, TOMLKitError) as error:
        raise SettingsError(f"The settings file {target} can't be read: {error}.") from error
    if value == "":
        document.pop(name, None)
    else:
        document[name] = checked_value(name, value)
    _write_private(target, tomlkit.dumps(document))
    say(f"{name} is set in {target}.")


def check_name(name: str) -> None:
    """Raise SettingsError unless ``name`` is a setting."""
    from sestui.settings import Settings  # noqa: PLC0415 - pydantic is slow to import

    if name not in Settings.model_fields:
        close = difflib.get_close_matches(name, Settings.model_fields, n=1)
        hint = f"did you mean {close[0]}?" if close else "`sestui config show` lists them all."
        raise SettingsError(f"There is no setting {name!r}; {hint}")


def _source(name: str, given: set[str]) -> str:
    if f"SESTUI_{name.upper()}" in os.environ:
        return "environment"
    return "file" if name in given else "default"


def _write_private(target: Path, text: str) -> None:
    """Replace the file whole or not at all; mode 0600, a database URL may hold a password."""
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", dir=target.parent, delete=False
        ) as file:
            file.write(text)
        Path(file.name).replace(target)
    except OSError as error:
        raise StorageError(
            f"The settings file {target} can't be written: {error.strerror}."
        ) from error
