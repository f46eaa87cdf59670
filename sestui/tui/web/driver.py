"""Textual's driver for the browser, ending with whoever it talks to."""

import os

from textual import messages
from textual.drivers.web_driver import WebDriver

from sestui.tui._compat import app_poster


class ServedDriver(WebDriver):
    """Leaves in order when the server is gone: nobody could end the app any more."""

    def run_input_thread(self) -> None:
        """Take input until it ends; where the app did not end it, the app ends."""
        super().run_input_thread()
        if self.exit_event.is_set():
            return
        # What is painted meanwhile goes nowhere: a broken pipe would be one more error.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self.fileno)
        os.close(nowhere)
        app_poster(self)(messages.ExitApp())
