"""Showing an address in the operator's browser."""

import os
import sys

from textual.app import App


def open_in_browser(app: App[None], url: str) -> bool:
    """Show ``url`` in a browser; False: there is none in sight, so the operator has to go there.

    In a terminal without a desktop the system would open a browser for the terminal, on top of us.
    """
    in_browser = app.is_web
    desktop = sys.platform != "linux" or any(map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY")))
    if in_browser or desktop:
        app.open_url(url)
        return True
    return False
