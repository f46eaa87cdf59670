"""``backup``: copy the database, verify the copy, and delete the oldest copies."""

from datetime import UTC, datetime
from pathlib import Path

from pydantic import Field

from sestui.errors import SestuiError
from sestui.store.backup.backup import copy_database
from sestui.tasks.context import TaskContext
from sestui.tasks.task_type import AbsolutePath, Outcome, TaskParameters, TaskType


class BackupParameters(TaskParameters):
    """The folder for backups, and how many to keep."""

    folder: AbsolutePath | None = None
    """The folder for backups; by default ``backups`` in the data folder."""
    keep: int = Field(7, ge=1)
    """How many of the newest backups to keep."""


class BackUp(TaskType[BackupParameters]):
    """Copies the database while others write; a copy counts once it has been opened and checked."""

    summary = "Copy the database to a file, verify it, and keep the newest few."
    Parameters = BackupParameters

    def run(self, context: TaskContext[BackupParameters]) -> Outcome:
        """See :meth:`TaskType.run`."""
        given, database = context.parameters, context.services.database
        folder = (given.folder or context.services.settings.data_dir / "backups").expanduser()
        ending = "db" if database.is_sqlite else "dump"
        now = context.clock.now()
        stamp = f"{datetime.fromtimestamp(now, UTC):%Y%m%dT%H%M%S.%fZ}"
        target = folder / f"sestui-{stamp}.{ending}"
        copy_database(database, target, now, context.go_on)
        size = target.stat().st_size
        context.log(f"{target} ({size:,} bytes), verified")
        deleted = _delete_old(folder, ending, given.keep)
        for each in deleted:
            context.log(f"{each.name} has been deleted")
        return Outcome(
            f"{target} holds the database, {size:,} bytes.",
            {"file": str(target), "bytes": size, "thrown_away": len(deleted)},
        )


def _delete_old(folder: Path, ending: str, keep: int) -> list[Path]:
    """Delete all but the newest ``keep``; their names sort by time."""
    old = sorted(folder.glob(f"sestui-????????T??????.*Z.{ending}"))[:-keep]
    try:
        for each in old:
            each.unlink(missing_ok=True)
    except OSError as error:
        raise SestuiError(
            f"An old backup in {folder} can't be deleted: {error.strerror}."
        ) from error
    return old
