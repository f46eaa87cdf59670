"""The first frame, shown while the database is being opened."""

from textual.app import ComposeResult
from textual.screen import Screen
from textual.widgets import Static

from sestui.tui.app.keys.key_bar import KeyBar
from sestui.tui.app.navigation.tabs import TABS
from sestui.tui.app.navigation.top_bar import TopBar


class OpeningScreen(Screen[None]):
    """Takes only the app's own keys, as it is replaced within a second."""

    def compose(self) -> ComposeResult:
        """What the screens to come have in the same places."""
        yield TopBar(TABS[0].name)
        yield Static("Opening…", id="empty")
        yield KeyBar()
