"""The app as an operator has it: a database on disk, a real sender, a real simulator process."""

import shutil

import pytest

from sestui.runtime import Runtime
from sestui.settings import load_settings
from sestui.tui.app.background import Background


@pytest.fixture(autouse=True)
def _own_settings(monkeypatch, tmp_path):
    """The region that screens show, and the file that they write settings to."""
    (tmp_path / "config" / "sestui").mkdir(parents=True)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")


@pytest.fixture
def open_runtime(tmp_path, _migrated_file):
    """Open a runtime over the test's workspace; more than one is more than one process."""
    opened = []
    shutil.copy(_migrated_file, tmp_path / "sestui.db")

    def open_it(clock=None, **settings):
        usual = {"simulator_rate": 500, "simulator_latency": 0.005, "senders": 8}
        runtime = Runtime.open(load_settings(data_dir=tmp_path, **usual | settings), clock)
        opened.append(runtime)
        return runtime

    yield open_it
    for runtime in opened:
        runtime.close()


@pytest.fixture
def runtime(open_runtime):
    return open_runtime()


@pytest.fixture
def still(monkeypatch):
    """No sender behind the screens: what is looked at stands still."""
    monkeypatch.setattr(Background, "start", lambda self, runtime: None)
