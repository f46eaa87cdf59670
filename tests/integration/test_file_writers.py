"""Whoever writes a file is failed or killed in the middle of it: the old file stays whole."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.environment import bare_environment
from tests.support.writers import WRITERS

ROOT = Path(__file__).parents[2]


def found(folder: Path, pattern: str) -> bytes | None:
    files = list(folder.glob(pattern))
    assert len(files) <= 1
    return files[0].read_bytes() if files else None


def unfinished(folder: Path) -> list[Path]:
    return list(folder.rglob(".sestui-*"))


@pytest.mark.parametrize("end", ["failed", "killed"])
@pytest.mark.parametrize("name", WRITERS)
def test_a_writer_that_ends_midway_leaves_the_old_file_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, end: str
) -> None:
    writer, folder = WRITERS[name], tmp_path / "folder"
    folder.mkdir()
    monkeypatch.setenv("SESTUI_CONFIG", str(folder / "config.toml"))
    if not writer.once:
        writer.write(folder, lambda: None)
    before = found(folder, writer.target)
    assert (before is None) == writer.once
    ended = subprocess.run(
        [sys.executable, "-m", "tests.support.writers", name, end, str(folder)],
        cwd=ROOT,
        env=bare_environment(tmp_path),
        stderr=subprocess.PIPE,
        check=False,
    )
    assert ended.returncode == (-signal.SIGXFSZ if end == "killed" else 0), ended.stderr
    assert found(folder, writer.target) == before
    assert bool(unfinished(folder)) == (end == "killed")
    writer.write(folder, lambda: None)
    after = found(folder, writer.target)
    assert after
    assert after != before
    assert unfinished(folder) == [], "what the killed one left is deleted by the next"
