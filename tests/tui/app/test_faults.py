"""A fault of the app's own: the traceback is in the log, and not on the terminal."""

import threading
from pathlib import Path

import pytest

from sestui.errors import SestuiError
from sestui.settings import load_settings
from sestui.tui.app import app as app_module
from sestui.tui.app.app import SestuiApp
from tests.support.logs import logging_to

ADDRESS = "ada.lovelace@example.com"


def fail():
    of_whom = ADDRESS
    raise ZeroDivisionError(f"for {of_whom}")


async def fail_in_a_worker():
    fail()


def by_itself(app):
    app.call_later(fail)


def by_a_worker(app):
    app.call_later(lambda: app.run_worker(fail_in_a_worker()))


class Failing(SestuiApp):
    """An app that fails before there is a runtime behind it."""

    CSS_PATH = Path(app_module.__file__).with_name("sestui.tcss")

    def __init__(self, settings, failing):
        super().__init__(settings, self._open_nothing)
        self._failing = failing
        self._ended = threading.Event()

    def _open_nothing(self):
        self._failing(self)
        self._ended.wait(60)
        raise SestuiError("There is nothing to open.")

    async def on_unmount(self):
        self._ended.set()
        await super().on_unmount()


@pytest.mark.parametrize("failing", [by_itself, by_a_worker])
@pytest.mark.parametrize(("level", "shown"), [("info", False), ("debug", True)])
def test_it_is_logged_and_shown_for_debugging_only(tmp_path, capsys, failing, level, shown):
    with logging_to(tmp_path / "state", level) as path:
        app = Failing(load_settings(log_level=level), failing)
        app.run(headless=True)
        assert app.return_code == 1
        held = path.read_text()
    assert "The app has failed." in held
    assert "ZeroDivisionError: for <address>" in held
    assert ADDRESS not in held
    assert ("ZeroDivisionError" in "".join(capsys.readouterr())) is shown
