import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from crashing import Scene


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Scene]]:
    """Make a campaign to so many recipients on an account of so much a second."""
    for name in list(os.environ):
        if name.startswith(("SESTUI_", "AWS_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("SESTUI_CONFIG", str(tmp_path / "none.toml"))
    made: list[Scene] = []

    def make(recipients: int, **options: object) -> Scene:
        made.append(Scene(tmp_path, recipients, **options))
        return made[-1]

    yield make
    for each in made:
        each.close()
