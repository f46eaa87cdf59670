"""`sestui config`: the settings, where they are, and changing one."""

import os
import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer

from sestui.cli.common import AsJson, put, put_json, say
from sestui.errors import SettingsError, StorageError

app = typer.Typer(help="Show and change settings.", no_args_is_help=True)


@app.command("show")
def show(context: typer.Context, *, as_json: AsJson = False) -> None:
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
                "source": _source(name, settings.model_fields_set, context.obj or frozenset()),
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
    say(f"{name} is {'set' if value else 'back to its default'} in {target}.")
    if f"SESTUI_{name.upper()}" in os.environ:
        say(f"SESTUI_{name.upper()} in the environment is stronger than the file.")


def check_name(name: str) -> None:
    """Raise SettingsError unless ``name`` is a setting."""
    from sestui.settings import Settings, suggestion  # noqa: PLC0415 - pydantic is slow to import

    if name not in Settings.model_fields:
        raise SettingsError(f"There is no setting {name!r}; {suggestion(name)}")


def _source(name: str, given: set[str], on_command_line: frozenset[str]) -> str:
    if name in on_command_line:
        return "command line"
    if f"SESTUI_{name.upper()}" in {variable.upper() for variable in os.environ}:
        return "environment"
    return "file" if name in given else "default"


def _write_private(target: Path, text: str) -> None:
    """Replace the file whole or not at all; mode 0600, a database URL may hold a password."""
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", dir=target.parent, delete=False
        ) as file:
            try:
                file.write(text)
                file.flush()
                Path(file.name).replace(target)
            except BaseException:
                Path(file.name).unlink(missing_ok=True)
                raise
    except OSError as error:
        raise StorageError(
            f"The settings file {target} can't be written: {error.strerror}."
        ) from error
