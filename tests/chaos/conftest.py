from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.processes import Scene
from tests.support.workspaces import World


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Callable[..., Scene]]:
    """Make a campaign to so many recipients on an account of so much a second."""
    made: list[Scene] = []

    def make(recipients: int, **options: object) -> Scene:
        made.append(Scene(tmp_path, recipients, **options))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Callable[..., World]]:
    """Make a workspace with these settings, for engines in this process."""
    made: list[World] = []

    def make(**settings: object) -> World:
        made.append(World(tmp_path / "workspace", **settings))
        return made[-1]

    yield make
    for each in made:
        each.close()
