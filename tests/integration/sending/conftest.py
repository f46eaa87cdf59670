import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.workspaces import World


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., World]]:
    """Make a workspace with these settings; none of the user's own count."""
    for name in list(os.environ):
        if name.startswith(("SESTUI_", "AWS_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("SESTUI_CONFIG", str(tmp_path / "none.toml"))
    made: list[World] = []

    def make(**settings: object) -> World:
        made.append(World(tmp_path / "workspace", **settings))
        return made[-1]

    yield make
    for each in made:
        each.close()
