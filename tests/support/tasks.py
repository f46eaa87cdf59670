"""Task types of a package of one's own, and running one task."""

import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from sqlmodel import col, update

from sestui.core.clock import Clock
from sestui.core.task.fields import TaskFields
from sestui.runtime import Runtime
from sestui.store.db.database import Database
from sestui.store.tasks.tables import Task
from sestui.tasks.context import RunLog, TaskContext
from sestui.tasks.task_service import TaskRunView

SHOP = '''
"""What a package of somebody else might bring."""

import os
import sys
import threading
import time
from pathlib import Path

from sestui.errors import SestuiError
from sestui.tasks.task_type import Outcome, TaskParameters, TaskType


class FileParameters(TaskParameters):
    file: Path
    seconds: float = 0


class Note(TaskType[FileParameters]):
    """Appends a line to a file: who ran what, when for."""

    summary = "Note that it ran."
    Parameters = FileParameters

    def run(self, context):
        context.log("begins")
        given = context.parameters
        line = f"{context.task} {context.occurrence:.0f} {os.getpid()}\\n"
        with given.file.open("a") as file:
            file.write(line)
        if given.seconds:
            context.wait(given.seconds)
        return Outcome("Noted.", {"bytes": len(line)})


class Stubborn(Note):
    """Looks at no clock."""

    def run(self, context):
        super().run(context)
        context.log("sleeps")
        threading.Event().wait(60)
        return Outcome("Never said.")


class Failing(Note):
    def run(self, context):
        raise SestuiError("The shop is closed.")


class Crashing(Note):
    def run(self, context):
        raise ZeroDivisionError("division by \\x1b[31mzero")


class Exiting(Note):
    """Was a program once."""

    def run(self, context):
        sys.exit(3)


class NoType:
    pass
'''

_ENTRY_POINTS = """\
[sestui.tasks]
note = shop_tasks:Note
stubborn = shop_tasks:Stubborn
failing = shop_tasks:Failing
crashing = shop_tasks:Crashing
exiting = shop_tasks:Exiting
no-type = shop_tasks:NoType
gone = shop_tasks:Gone
broken = shop_broken:Anything
"""


def install_shop(folder: Path) -> Path:
    """An installed package with task types; put the folder on the path to see it."""
    info = folder / "shop-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: shop\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(_ENTRY_POINTS)
    (folder / "shop_tasks.py").write_text(SHOP)
    (folder / "shop_broken.py").write_text("import a_package_that_is_not_there\n")
    return folder


def make_due(database: Database, instant: float, *names: str) -> None:
    """Let these tasks (all of them, if none is named) wait for an occurrence at that instant."""
    with database.write() as session:
        chosen = [col(Task.name).in_(names)] if names else []
        session.exec(update(Task).where(*chosen).values(next_run_at=instant, next_occurrence=""))


def ran(
    runtime: Runtime, kind: str, parameters: Mapping[str, Any], *, timeout: float = 30.0
) -> TaskRunView:
    """Add a task of that type, run it by hand, and say what came of it."""
    fields = TaskFields(
        f"one-{kind}", kind, "@yearly", parameters=dict(parameters), timeout=timeout
    )
    if runtime.tasks.find(fields.name) is None:
        runtime.tasks.add(fields)
    else:
        runtime.tasks.change(fields.name, fields)
    worker_pool = runtime.worker_pool(by_hand=runtime.tasks.id_to_run(fields.name))
    worker_pool.start()
    assert worker_pool.join(timeout + 30)
    if worker_pool.error is not None:
        raise worker_pool.error
    return runtime.tasks.run(worker_pool.ended[-1].run_id, fields.name)


def context(runtime: Runtime, parameters: BaseModel, clock: Clock) -> TaskContext[Any]:
    """What a type is run with, on a clock of the test's own."""
    return TaskContext(
        task="one",
        parameters=parameters,
        occurrence=clock.now(),
        by_hand=True,
        services=runtime,
        clock=clock,
        ends_at=clock.monotonic() + 600,
        stop=threading.Event(),
        run_log=RunLog("", lambda: datetime.fromtimestamp(clock.now(), UTC)),
        mark="one",
        on_program=lambda _pid: None,
    )
