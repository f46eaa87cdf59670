"""The queue of recipients whose mail is to be checked while their run sends."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select, update
from sqlmodel import col
from sqlmodel import select as select_model

from sestui.core.clock import Clock
from sestui.core.delivery.states import GOING_RUN_STATES, WaitReason
from sestui.store.contacts.erased import hold_off_erasure
from sestui.store.contacts.unchecked import PART, PARTS
from sestui.store.db.database import Database
from sestui.store.db.shared_tables import Worker
from sestui.store.db.tables import Run
from sestui.store.ledger.clocks import ledger_now
from sestui.store.ledger.statements import RUN
from sestui.store.ledger.unchecked import enter
from sestui.store.ledger.unrenderable import Reasons, leave_out
from sestui.store.ledger.workers import LEASE_SECONDS
from sestui.store.runs.new_runs import sent_fields


@dataclass(frozen=True, slots=True)
class Unchecked:
    """The next recipients of a run whose mail is to be checked."""

    parts: tuple[int, ...]
    contact_ids: tuple[int, ...]


class CheckQueue:
    """Recipients whose mail is to be checked by one worker; each run is one worker's."""

    def __init__(self, database: Database, worker: str, clock: Clock) -> None:
        """``worker`` is the id under which this process is registered."""
        self._database = database
        self._worker = worker
        self._clock = clock

    def runs(self) -> Sequence[Run]:
        """The runs that go on and have unchecked recipients, in the order of service."""
        open_runs = select_model(Run).where(
            col(Run.state).in_([state.value for state in GOING_RUN_STATES]),
            col(Run.reason) != WaitReason.APPROVAL.value,
            col(Run.unchecked) > 0,
        )
        with self._database.read() as session:
            return session.exec(open_runs.order_by(col(Run.priority).desc(), col(Run.id))).all()

    def take(self, run: Run) -> bool:
        """Become the one who checks the run's mails; False: another worker does, and beats.

        A process that is stopped is alive, but its lease ends: :meth:`enter` then refuses it.
        """
        if run.checker == self._worker:
            return True
        with self._database.write_connection() as connection:
            lease = ledger_now(connection, self._clock) - LEASE_SECONDS
            gone = RUN.c.checker.not_in(
                select(col(Worker.id)).where(col(Worker.heartbeat_at) > lease)
            )
            taken = update(RUN).where(RUN.c.id == run.id, gone).values(checker=self._worker)
            return bool(connection.execute(taken).rowcount)

    def next(self, run_id: int) -> Unchecked:
        """The next by contact id, as many as a part has at most; none if there are no more."""
        query = select(PARTS).where(PARTS.c.run_id == run_id).order_by(PARTS.c.part).limit(PART)
        parts: list[int] = []
        ids: list[int] = []
        with self._database.read_connection() as connection:
            for row in connection.execute(query):
                if len(ids) + row.size > PART:
                    break
                parts.append(row.part)
                ids += json.loads(row.contact_ids)
        return Unchecked(tuple(parts), tuple(ids))

    def enter(self, run: Run, checked: Unchecked, reasons: Reasons) -> bool:
        """Make deliveries of them, in one transaction.

        ``reasons`` are those whose mail can't be rendered with what ``run`` sends: they are skipped
        or marked, as the run says. False: by now the run sends something else, or another worker
        checks its mails; nothing has changed then.
        """
        with self._database.write() as session:
            hold_off_erasure(session.connection())
            now = session.get(Run, run.id, with_for_update=True)
            if now is None or now.checker != self._worker or sent_fields(now) != sent_fields(run):
                return False
            enter(session.connection(), run.id, checked.parts)
            session.refresh(now)
            leave_out(session.connection(), now, reasons)
            session.add(now)
        return True
