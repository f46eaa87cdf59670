import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.processes import Scene
from tests.support.workspaces import World


@pytest.fixture
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder; none of the user's own settings count."""
    for name in list(os.environ):
        if name.startswith(("SESTUI_", "AWS_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("SESTUI_CONFIG", str(tmp_path / "none.toml"))
    return tmp_path


@pytest.fixture
def scene(alone: Path) -> Iterator[Callable[..., Scene]]:
    """Make a campaign to so many recipients on an account of so much a second."""
    made: list[Scene] = []

    def make(recipients: int, **options: object) -> Scene:
        made.append(Scene(alone, recipients, **options))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def world(alone: Path) -> Iterator[Callable[..., World]]:
    """Make a workspace with these settings, for engines in this process."""
    made: list[World] = []

    def make(**settings: object) -> World:
        made.append(World(alone / "workspace", **settings))
        return made[-1]

    yield make
    for each in made:
        each.close()
