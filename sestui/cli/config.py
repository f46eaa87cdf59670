"""`sestui config`: show the settings and their file, and change one."""

from typing import Annotated

import typer

from sestui.cli.shared import completion
from sestui.cli.shared.commands import Commands
from sestui.cli.shared.common import AsJson, put, put_json, say

_SHOWN = ("name", "value", "source", "meaning")

app = Commands(help="Show and change settings.", no_args_is_help=True)


@app.command("show")
def show(context: typer.Context, *, as_json: AsJson = False) -> None:
    """Show every setting with its value, its source and its meaning."""
    from sestui.config_file import config_path  # noqa: PLC0415 - pydantic is slow
    from sestui.settings import load_settings  # noqa: PLC0415 - pydantic is slow
    from sestui.settings_file import in_force  # noqa: PLC0415

    settings = in_force(load_settings(), context.obj.given)
    if as_json:
        put_json([{name: getattr(each, name) for name in _SHOWN} for each in settings])
        return
    put(f"# {config_path()}")
    for each in settings:
        put(f"{each.name} = {each.value!r}  ({each.source})")
        put(f"    {each.meaning}")


@app.command("path")
def path() -> None:
    """Print the path of the settings file, whether or not it exists."""
    from sestui.config_file import config_path  # noqa: PLC0415 - pydantic is slow to import

    put(str(config_path()))


@app.command("set")
def set_(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="The setting, as `config show` lists it.",
            autocompletion=completion.settings,
        ),
    ],
    value: Annotated[
        str, typer.Argument(metavar="VALUE", help="The new value; '' restores the default.")
    ],
) -> None:
    """Write one setting into the settings file; comments there are kept."""
    from sestui.config_file import config_path  # noqa: PLC0415 - pydantic is slow to import
    from sestui.settings_file import in_environment, write  # noqa: PLC0415

    write({name: value})
    say(f"{name} is {'set' if value else 'back to its default'} in {config_path()}.")
    if in_environment(name):
        say(f"SESTUI_{name.upper()} in the environment overrides the file.")


def check_name(name: str) -> None:
    """Raise SettingsError unless ``name`` is a setting."""
    from sestui.settings_file import check_name as check  # noqa: PLC0415 - pydantic is slow

    check(name)
