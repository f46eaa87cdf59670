"""Resolve deliveries in doubt, by the operator's decision or by an event from SES."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from sqlalchemy import func, select, update

from sestui.core.delivery.states import ENDED_RUN_STATES, DeliveryState, RunState, WaitReason
from sestui.errors import NotFoundError, StateError
from sestui.store.db.database import Database
from sestui.store.db.tables import Delivery, Run
from sestui.store.ledger.bulk_statements import ids_of, values_text
from sestui.store.ledger.transitions import move_counts

_DELIVERY = Delivery.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass
_RUN = Run.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass


class Resolution(StrEnum):
    """The operator's decision about deliveries in doubt."""

    ASSUME_SENT = "assume-sent"
    """Treat them as accepted, without a message id."""
    RESEND = "resend"
    """Send them again; anyone who did get the first mail gets it twice."""


class InDoubt:
    """Resolves deliveries in doubt."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def count(self, run_id: int, emails: Sequence[str] = ()) -> int:
        """The number of the run's deliveries in doubt, or of those to ``emails``.

        Raises:
            NotFoundError: one of ``emails`` is not in doubt.
        """
        with self._database.read_connection() as connection:
            known = connection.execute(
                select(func.lower(_DELIVERY.c.email)).where(*_in_doubt(run_id, emails))
            ).scalars()
            found = set(known)
        for email in emails:
            if email.lower() not in found:
                raise NotFoundError(f"{email} is not in doubt in this run.")
        return len(found)

    def resolve(
        self,
        run_id: int,
        verdict: Resolution,
        emails: Sequence[str] = (),
        *,
        ids: Sequence[int] | None = None,
    ) -> int:
        """Resolve the run's deliveries in doubt, or those to ``emails``; returns their number.

        ``ids`` narrows it to these deliveries. If there is something to resend, a finished run
        resumes sending, and one that waits for its recipients' local time, which theirs has been.

        Raises:
            StateError: RESEND in a cancelled run.
        """
        resend = verdict is Resolution.RESEND
        with self._database.write_connection() as connection:
            state, held_by = connection.execute(
                select(_RUN.c.state, _RUN.c.reason).where(_RUN.c.id == run_id).with_for_update()
            ).one()
            if resend and state == RunState.CANCELLED:
                raise StateError("The run is cancelled: what is in doubt can't be sent again.")
            after = DeliveryState.PENDING if resend else DeliveryState.ACCEPTED
            values: dict[str, Any] = {"state": after.value, "worker": "", "not_before": 0.0}
            if not resend:
                values |= {"code": "AssumedSent", "sent_at": _DELIVERY.c.claimed_at}
            where, given = _in_doubt(run_id, emails), {}
            if ids is not None:
                where.append(_DELIVERY.c.id.in_(ids_of(connection)))
                given = {"b_ids": values_text(ids)}
            count = connection.execute(
                update(_DELIVERY).where(*where).values(values), given
            ).rowcount
            move_counts(connection, {(run_id, DeliveryState.IN_DOUBT.value, after.value): count})
            early = held_by == WaitReason.LOCAL_TIME
            if resend and count and (state in ENDED_RUN_STATES or early):
                anew = {"reason": "", "detail": "", "resume_at": None} if early else {}
                connection.execute(
                    update(_RUN)
                    .where(_RUN.c.id == run_id)
                    .values(state=RunState.SENDING.value, finished_at=None, **anew)
                )
        return count


def _in_doubt(run_id: int, emails: Sequence[str]) -> list[Any]:
    where = [
        _DELIVERY.c.run_id == run_id,
        _DELIVERY.c.state == DeliveryState.IN_DOUBT.value,
    ]
    if emails:
        where.append(func.lower(_DELIVERY.c.email).in_([email.lower() for email in emails]))
    return where
