"""Due and past occurrences, by names that survive changes of zone data."""

from collections.abc import Collection
from typing import Any

from sqlmodel import Session, col, select, update

from sestui.core.clock import Instant
from sestui.core.schedule.zones import LONGEST_SHIFT, due_at, occurring
from sestui.store.db.database import Database
from sestui.store.db.tables import Campaign, Run
from sestui.store.tasks.tables import Task, TaskRun

_APART_SECONDS = 1e-3


def due_ids(database: Database, now: Instant, *, tasks: bool) -> dict[int, Instant]:
    """Ids of due tasks (or campaigns) with the instants of their occurrences.

    Stored instants that changes of zone data have moved are updated.
    """
    table: Any = Task if tasks else Campaign
    stored: Any = Task.next_run_at if tasks else Campaign.next_due_at
    query = select(table.id, stored, table.next_occurrence, table.timezone)
    with database.read() as session:
        rows = session.exec(query.where(stored <= now + LONGEST_SHIFT)).all()
    found = {row[0]: due_at(*row[1:]) for row in rows}
    moved = [(row[0], row[1]) for row in rows if found[row[0]] != row[1]]
    if moved:
        with database.write() as session:
            for each, before in moved:
                same = (table.id == each, stored == before)
                session.exec(update(table).where(*same).values({stored.key: found[each]}))
    return {each: at for each, at in found.items() if at <= now}


def distinct_instant(session: Session, owner: Task | Campaign, at: Instant) -> Instant:
    """``at``, or the next instant that no run of the owner has.

    The tables allow one run for each instant; changes of zone data may give two occurrences the
    same.
    """
    own: Any = (
        (TaskRun.scheduled_for, TaskRun.task_id == owner.id)
        if isinstance(owner, Task)
        else (Run.scheduled_for, Run.campaign_id == owner.id)
    )
    column, mine = own
    taken = set(session.exec(select(column).where(mine, column >= at, column < at + 1)).all())
    return _free(at, taken)


def _free(at: Instant, taken: Collection[Instant]) -> Instant:
    while at in taken:
        at += _APART_SECONDS
    return at


def later_than(session: Session, owner: Task | Campaign, zone: str, now: Instant) -> Instant:
    """The instant after which a changed schedule begins: usually ``now``.

    After a change to a zone further west, local times that have been run would occur again.

    Raises:
        UsageError: there is no such zone.
    """
    name = _last_name(session, owner).partition(" ")[0]
    try:
        last = occurring(name, zone) if name else now
    except ValueError:  # written by an earlier version
        return now
    return max(now, last) if last - now <= LONGEST_SHIFT else now


def _last_name(session: Session, owner: Task | Campaign) -> str:
    query: Any = (
        select(TaskRun.occurrence)
        .where(TaskRun.task_id == owner.id, col(TaskRun.occurrence).is_not(None))
        .order_by(col(TaskRun.id).desc())
        if isinstance(owner, Task)
        else select(Run.occurrence)
        .where(Run.campaign_id == owner.id, col(Run.occurrence).is_not(None))
        .order_by(col(Run.id).desc())
    )
    return str(session.exec(query.limit(1)).first() or "")
