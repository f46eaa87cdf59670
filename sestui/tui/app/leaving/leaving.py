"""Shown while what is in flight gets its answer."""

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static

from sestui.tui.dialogs.dialog import Dialog


class LeavingScreen(Dialog[None]):
    """Takes no keys, as it closes within seconds."""

    def compose(self) -> ComposeResult:
        """One sentence and why it takes a moment."""
        with Vertical(id="dialog"):
            yield Static("Finishing calls in flight…", id="question")
            yield Static("What has not left stays pending.")
