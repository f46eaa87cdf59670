"""Rejects never overwrite what is read."""

from pathlib import Path

import pytest

from sestui.audience.imports.rejects import check_rejects_path
from sestui.audience.sources.opening import STANDARD_INPUT
from sestui.errors import UsageError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An export's folder with a file in it, and a file and a link beside it."""
    (tmp_path / "export" / "more").mkdir(parents=True)
    for name in ("export/a.csv", "export/more/b.csv", "old.csv"):
        (tmp_path / name).write_text("email\n")
    (tmp_path / "link.csv").symlink_to(tmp_path / "export" / "a.csv")
    return tmp_path


@pytest.mark.parametrize(
    ("read", "rejects"),
    [
        ("export/a.csv", "export/a.csv"),
        ("export/a.csv", "link.csv"),
        ("export", "export/more/b.csv"),
        ("export", "link.csv"),
    ],
)
def test_what_is_read_is_not_overwritten(folder: Path, read: str, rejects: str) -> None:
    with pytest.raises(UsageError, match="name another"):
        check_rejects_path(folder / read, folder / rejects)


@pytest.mark.parametrize(
    ("read", "rejects"),
    [("export/a.csv", "old.csv"), ("export", "old.csv"), ("none.csv", "old.csv"),
     ("export", "export/new.csv")],
)  # fmt: skip
def test_everything_else_may_be(folder: Path, read: str, rejects: str) -> None:
    check_rejects_path(folder / read, folder / rejects)
    check_rejects_path(STANDARD_INPUT, folder / "old.csv")
    check_rejects_path(folder / read, None)
