"""A snapshot of the database that was taken in mid-run is gone on with later."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from sestui.core.delivery.states import WaitReason
from sestui.errors import EXIT_NEEDS_OPERATOR
from sestui.store.db.sqlite_logs import LOGS, log_beside
from tests.support.workspaces import until


def epoch(database: Path) -> int:
    with closing(sqlite3.connect(database)) as opened:
        (said,) = opened.execute(
            "SELECT json_extract(value, '$.epoch') FROM shared_setting WHERE name = 'lineage'"
        ).fetchone()
    return int(said)


def snapshot(database: Path, name: str) -> Path:
    """One moment of it, as a snapshot of a disk is: nothing says that it is a copy."""
    target = database.with_name(name)
    with closing(sqlite3.connect(database)) as live, closing(sqlite3.connect(target)) as copy:
        live.backup(copy)
    return target


def put_back(database: Path, copy: Path) -> None:
    for ending in LOGS:
        log_beside(database, ending).unlink(missing_ok=True)
    shutil.copy(copy, database)


@pytest.mark.long
def test_a_snapshot_from_before_the_last_heartbeat(scene, tmp_path):
    made = scene(700, rate=50, workspace=tmp_path / "workspace")
    database = tmp_path / "workspace" / "sestui.db"
    made.serve()
    process = made.process("send", "news")
    until(lambda: made.accepted() >= 40, 30)
    copy, before = snapshot(database, "copy"), epoch(database)
    until(lambda: epoch(database) > before, 20)
    (file,) = tmp_path.rglob("databases/*.json")
    until(lambda: f'"epoch": {epoch(database)}' in file.read_text(), 20)
    process.kill()
    process.wait(30)
    itself = snapshot(database, "itself")
    made.runtime.close()
    accepted = made.accepted()

    put_back(database, copy)
    assert made.process("run-due").wait(60) == EXIT_NEEDS_OPERATOR
    assert "This database is an older copy" in made.said()
    assert made.accepted() == accepted, "nobody got it twice"
    assert made.runtime.runs.get(made.run.id).reason == WaitReason.APPROVAL
    assert made.process("send", "news").wait(60) != 0
    assert made.accepted() == accepted
    made.runtime.close()

    put_back(database, itself)
    made.finish()
    made.check_accounts()
