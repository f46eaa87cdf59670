"""A runtime over an empty workspace, and a package that brings task types."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from sestui.runtime import Runtime
from sestui.settings import load_settings
from tests.support.tasks import install_shop
from tests.support.workspaces import World


@pytest.fixture
def workspace(tmp_path: Path, _migrated_file: Path) -> Path:
    """An empty one; what is made in every test costs milliseconds as a copy."""
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    shutil.copy(_migrated_file, folder / "sestui.db")
    return folder


@pytest.fixture
def runtime(workspace: Path) -> Iterator[Runtime]:
    settings = load_settings(
        data_dir=workspace, timezone="UTC", allow_commands=True, simulator_latency=0
    )
    with Runtime.open(settings) as opened:
        yield opened


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that the shop's tasks write to."""
    monkeypatch.syspath_prepend(str(install_shop(tmp_path / "site")))
    return tmp_path / "notes.txt"


@pytest.fixture
def world(workspace: Path) -> Iterator[World]:
    """A workspace with its simulated account."""
    made = World(workspace, simulator_latency=0, timezone="UTC")
    yield made
    made.close()
