"""Workspaces for the command: an empty one, and one with a campaign that was never sent."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.cli import MESSAGE, Sestui


@pytest.fixture
def sestui(tmp_path: Path) -> Iterator[Sestui]:
    """An empty workspace."""
    made = Sestui(tmp_path)
    yield made
    made.close()


@pytest.fixture(scope="session")
def _prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with the campaign `news` and its 200 readers, made once."""
    made = Sestui(tmp_path_factory.mktemp("prepared"))
    rows = "".join(f"reader{number}@example.com,Reader {number}\n" for number in range(200))
    readers = made.write("readers.csv", f"email,first name\n{rows}")
    made.ok("import", readers, "--list", "readers")
    made.ok("apply", made.write("news.md", MESSAGE))
    return made.home


@pytest.fixture
def ready(_prepared: Path, sestui: Sestui) -> Sestui:
    """A workspace with the campaign `news` and its 200 readers, nothing sent yet."""
    shutil.copytree(_prepared, sestui.home, dirs_exist_ok=True)
    return sestui
