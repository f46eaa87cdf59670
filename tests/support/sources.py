"""The project's own text files, as they are in a checkout or an unpacked sdist."""

import os
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDERS = ("sestui", "tests", "docs", "scripts", "screenshots", ".ci")
_MADE = {"__pycache__", "__snapshots__", "node_modules"}
_BINARY = {".svg", ".pyc", ".xlsx", ".png"}


@cache
def sources() -> list[Path]:
    """Files with text that people write, no folder that tools make among them."""
    found = [each for each in ROOT.iterdir() if each.suffix in {".md", ".toml", ".txt"}]
    for folder in FOLDERS:
        for path, folders, names in os.walk(ROOT / folder):
            folders[:] = [each for each in folders if each not in _MADE]
            found += [Path(path) / name for name in names if Path(name).suffix not in _BINARY]
    return sorted(found)
