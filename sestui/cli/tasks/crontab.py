"""`sestui task crontab`: print or install the crontab line."""

from typing import Annotated

import typer

from sestui.cli.shared.common import put, say


def crontab_command(
    *,
    install: Annotated[
        bool, typer.Option("--install", help="Add the line to this user's crontab.")
    ] = False,
) -> None:
    """Print the crontab line and the same as a systemd timer; --install adds the line."""
    from sestui.settings import load_settings  # noqa: PLC0415 - pydantic is slow to import
    from sestui.tasks.crontab import Crontab  # noqa: PLC0415 - subprocess, for this command alone

    crontab = Crontab.of(load_settings())
    put(crontab.line)
    crontab.make_folder()
    if not install:
        put("")
        for text in crontab.units:
            put(text)
    for warning in crontab.warnings:
        say(warning)
    if install:
        say(crontab.install())
