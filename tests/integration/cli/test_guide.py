"""The commands of the documents work: blocks marked ``run``, in a workspace on the simulator.

Each page starts in an empty one, with the files of the first campaign and those of its own.
"""

import re
import shlex

import pytest

from tests.support import documents
from tests.support.cli import Sestui

pytestmark = [pytest.mark.long, pytest.mark.ci]  # some hundred starts of a command

FIRST = "docs/guide/first-campaign.md"
_EXIT_CODE = re.compile(r"# exit code (\d+)")
PAGES = [name for name in documents.NAMES if any(b.runs for b in documents.read(name).blocks)]


def test_the_tour_and_the_guide_are_among_them() -> None:
    assert {"README.md", FIRST} < set(PAGES)


@pytest.mark.parametrize("name", PAGES)
def test_commands_work(name: str, sestui: Sestui, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(sestui.home)
    page = documents.read(name)
    for block in [*documents.read(FIRST).blocks, *page.blocks]:
        if block.file is not None:
            sestui.write(block.file, block.text)
    for line in (line for block in page.blocks if block.runs for line in block.lines):
        program, *arguments = shlex.split(line, comments=True)
        assert program == "sestui"
        done = sestui.run(*arguments)
        expected = _EXIT_CODE.search(line)
        assert done.returncode == int(expected[1] if expected else 0), (line, done)
