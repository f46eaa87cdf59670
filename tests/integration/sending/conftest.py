from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.workspaces import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Callable[..., World]]:
    """Make a workspace with these settings."""
    made: list[World] = []

    def make(**settings: object) -> World:
        made.append(World(tmp_path / "workspace", **settings))
        return made[-1]

    yield make
    for each in made:
        each.close()
