"""An app that falls over says so to whoever started it: never with 0."""

from pathlib import Path

import pytest

from tests.support.cli import Sestui

DRIVER = '''
from textual.drivers.headless_driver import HeadlessDriver


class Stumbling(HeadlessDriver):
    """A terminal in which the app meets what nobody foresaw."""

    def start_application_mode(self):
        super().start_application_mode()
        self._app.set_timer(0.5, lambda: 1 / 0)
'''


@pytest.mark.long
@pytest.mark.ci
def test_a_crash_is_no_good_end(sestui: Sestui, tmp_path: Path) -> None:
    (tmp_path / "stumbling.py").write_text(DRIVER)
    app = sestui.start(
        under=("/usr/bin/env", f"PYTHONPATH={tmp_path}", "TEXTUAL_DRIVER=stumbling:Stumbling")
    )
    _, said = app.communicate(timeout=60)
    assert app.returncode == 1
    assert "The app has stopped because of a bug" in said
    assert "Traceback" not in said.splitlines()[-1]
