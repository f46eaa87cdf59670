"""kill -9 of whatever pulls events: each is applied once, and no figure counts one twice."""

import os
import random
import signal
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from functools import partial

import pytest
from sqlalchemy import func, select

from sestui.simulator.account.storage import FILE_NAME
from sestui.simulator.launch import QUEUE_PATH
from sestui.store.db.tables import Delivery
from sestui.store.events.event_tables import EventRow
from tests.support.processes import Scene
from tests.support.workspaces import until

_EVENT = EventRow.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass
_DELIVERY = Delivery.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass

HIDDEN_SECONDS = 31.0
"""After these an event that was received and not deleted is in the queue again."""
BEHAVIOUR = "open=0.6 click=0.3 bounce=0.02 machine=0.2 complaint=0.01"
ALL_EVENTS_SECONDS = 60 * 86_400.0
"""By then everything has happened to a mail that will."""


def published(scene: Scene) -> int:
    """How many events the account has published, of whatever kind."""
    with closing(sqlite3.connect(scene.world.account_folder / FILE_NAME)) as connection:
        return int(connection.execute("SELECT count(*) FROM event").fetchone()[0])


def in_queue(scene: Scene) -> int:
    with closing(sqlite3.connect(scene.world.account_folder / FILE_NAME)) as connection:
        waiting = "SELECT count(*) FROM event WHERE due_at IS NOT NULL"
        return int(connection.execute(waiting).fetchone()[0])


def applied(scene: Scene) -> int:
    with scene.runtime.database.read_connection() as connection:
        return int(connection.execute(select(func.count()).select_from(_EVENT)).scalar_one())


def with_outcomes(scene: Scene) -> dict[str, int]:
    """How many mails were delivered, opened and clicked, by their own rows."""
    delivered = _DELIVERY.c.outcome.in_(("delivered", "complained"))
    counts = [
        func.count().filter(delivered),
        func.count(_DELIVERY.c.opened_at),
        func.count(_DELIVERY.c.clicked_at),
    ]
    with scene.runtime.database.read_connection() as connection:
        found = connection.execute(select(*counts)).one()
    return dict(zip(("delivered", "opened", "clicked"), found, strict=True))


def _is_far(scene: Scene, process: subprocess.Popen[bytes], least: int) -> bool:
    return applied(scene) >= least or process.poll() is not None


@pytest.mark.long
@pytest.mark.timeout(7_200)
@pytest.mark.parametrize(
    ("mails", "kills"), [pytest.param(400, 4, marks=pytest.mark.ci), (20_000, 20), (290_000, 50)]
)
def test_each_event_is_applied_once_however_often_the_puller_is_killed(
    scene: Callable[..., Scene], mails: int, kills: int
) -> None:
    made = scene(mails, rate=5_000, latency=0.0)
    made.world.account.configure(
        behaviour="open=0.6 click=0.3 bounce=0.02 machine=0.2 complaint=0.01"
    )
    made.serve()
    made.finish()
    made.world.account.advance(ALL_EVENTS_SECONDS)
    made.settings["events_queue"] = f"{made.endpoint}{QUEUE_PATH}"
    made.go_by(made.endpoint, AWS_ENDPOINT_URL_SQS=made.endpoint)
    events = published(made)
    assert events >= 2 * mails

    chance, killed = random.Random(13), 0
    for number in range(kills):
        least = max(applied(made) + 1, events * (number + 1) // (kills + 1))
        process = made.process("events", "pull")
        until(partial(_is_far, made, process, least), seconds=1_200)
        Scene._wait(process, chance.uniform(0, 0.2))
        if process.poll() is None:
            os.kill(process.pid, signal.SIGKILL)
            process.wait(30)
            killed += 1
        made.world.account.advance(HIDDEN_SECONDS)
    while in_queue(made):
        made.world.account.advance(HIDDEN_SECONDS)
        assert made.process("events", "pull").wait(3_600) == 0, made.said()

    assert killed >= kills // 2
    assert applied(made) == events
    counts = made.runtime.runs.get(made.run.id)
    figures = {name: getattr(counts, name) for name in ("delivered", "opened", "clicked")}
    assert figures == with_outcomes(made)
    assert figures["clicked"] > 0
    made.check_accounts()
