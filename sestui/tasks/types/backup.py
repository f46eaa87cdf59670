"""``backup``: a verified copy of the database, and the oldest ones thrown away."""

from datetime import UTC, datetime
from pathlib import Path

from pydantic import Field

from sestui.errors import SestuiError
from sestui.store.backup.backup import copy_database
from sestui.tasks.context import TaskContext
from sestui.tasks.task_type import AbsolutePath, Outcome, TaskParameters, TaskType


class BackupParameters(TaskParameters):
    """Where to, and how many."""

    folder: AbsolutePath | None = None
    """Where backups go; ``backups`` in the data folder if it isn't said."""
    keep: int = Field(7, ge=1)
    """So many are kept, the newest."""


class BackUp(TaskType[BackupParameters]):
    """Copies while others write; the copy is opened and checked before it counts as one."""

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
        gone = _throw_away(folder, ending, given.keep)
        for each in gone:
            context.log(f"{each.name} has been deleted")
        return Outcome(
            f"{target} holds the database, {size:,} bytes.",
            {"file": str(target), "bytes": size, "thrown_away": len(gone)},
        )


def _throw_away(folder: Path, ending: str, keep: int) -> list[Path]:
    """Delete all but the newest ``keep``; by name, which is by time."""
    old = sorted(folder.glob(f"sestui-????????T??????.*Z.{ending}"))[:-keep]
    try:
        for each in old:
            each.unlink(missing_ok=True)
    except OSError as error:
        raise SestuiError(
            f"An old backup in {folder} can't be deleted: {error.strerror}."
        ) from error
    return old
