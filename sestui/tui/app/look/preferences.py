"""What the operator has set for the screens: colours, space and keys."""

import asyncio
from collections.abc import Mapping
from typing import Any

from textual.app import App

from sestui.tui.widgets.format import shorten

_MOST_COMPLAINTS = 3


def use_theme(app: App[Any], wanted: str) -> None:
    """Use the theme of the settings, if there is one by that name."""
    if wanted in app.available_themes:
        app.theme = wanted
        return
    _warn(app, f"There is no theme {shorten(wanted, 60)}; ctrl+p lists the themes.")


def use_density(app: App[Any], density: str) -> None:
    """Let the stylesheet leave as much space as the settings say."""
    app.set_class(density == "compact", "-compact")
    app.set_class(density == "roomy", "-roomy")


async def use_keymap(app: App[Any], keymap: Mapping[str, str]) -> None:
    """Use the valid part of a keymap; one warning about the rest."""
    from sestui.tui.app.keys.keymap import actions, sort_out  # noqa: PLC0415 - only with keys of one's own

    sorted_out = sort_out(keymap, await asyncio.to_thread(actions))
    app.set_keymap(sorted_out.usable)
    if sorted_out.complaints:
        some = "; ".join(sorted_out.complaints[:_MOST_COMPLAINTS])
        more = "; …" if len(sorted_out.complaints) > _MOST_COMPLAINTS else ""
        _warn(app, f"The keymap of the settings: {shorten(some, 300)}{more}. The rest is used.")


def _warn(app: App[Any], text: str) -> None:
    app.notify(text, severity="warning", timeout=12, markup=False)
