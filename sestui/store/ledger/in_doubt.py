"""Settling what is in doubt: by the operator's word, or by an event that carries the tag."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from sqlalchemy import func, select, update

from sestui.core.clock import Instant
from sestui.core.delivery.states import ENDED_RUN_STATES, DeliveryState, RunState
from sestui.errors import NotFoundError, StateError
from sestui.store.db.database import Database
from sestui.store.db.tables import Delivery, Run
from sestui.store.ledger.ledger import move_counts

_DELIVERY = Delivery.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass
_RUN = Run.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass


class Resolution(StrEnum):
    """What the operator says of deliveries in doubt."""

    ASSUME_SENT = "assume-sent"
    """They are taken for accepted, without a message id."""
    RESEND = "resend"
    """They are sent again; whoever got the first one gets it twice."""


class InDoubt:
    """Deliveries in doubt; nothing but these calls ever takes one out of it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def count(self, run_id: int, emails: Sequence[str] = ()) -> int:
        """How many of the run's deliveries are in doubt; of ``emails`` only, if given.

        Raises:
            NotFoundError: one of ``emails`` is not in doubt in this run.
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

    def resolve(self, run_id: int, verdict: Resolution, emails: Sequence[str] = ()) -> int:
        """Settle the run's deliveries in doubt, or those of ``emails``; returns how many.

        A finished run that gets something to resend is sending again.

        Raises:
            StateError: resending in a cancelled run.
        """
        resend = verdict is Resolution.RESEND
        with self._database.write_connection() as connection:
            state = connection.execute(
                select(_RUN.c.state).where(_RUN.c.id == run_id).with_for_update()
            ).scalar_one()
            if resend and state == RunState.CANCELLED:
                raise StateError("The run is cancelled: what is in doubt can't be sent again.")
            after = DeliveryState.PENDING if resend else DeliveryState.ACCEPTED
            values: dict[str, Any] = {"state": after.value, "worker": "", "not_before": 0.0}
            if not resend:
                values |= {"code": "AssumedSent", "sent_at": _DELIVERY.c.claimed_at}
            count = connection.execute(
                update(_DELIVERY).where(*_in_doubt(run_id, emails)).values(values)
            ).rowcount
            move_counts(connection, {(run_id, DeliveryState.IN_DOUBT.value, after.value): count})
            if resend and count and state in ENDED_RUN_STATES:
                connection.execute(
                    update(_RUN)
                    .where(_RUN.c.id == run_id)
                    .values(state=RunState.SENDING.value, finished_at=None)
                )
        return count

    def settle_by_event(self, delivery_id: int, message_id: str, sent_at: Instant) -> bool:
        """SES tells of the mail that carries this delivery's tag: it did take it.

        True if the delivery was in doubt. One that is pending again because the operator said
        resend stays pending: the second mail was asked for.
        """
        with self._database.write_connection() as connection:
            run_id = connection.execute(
                select(_DELIVERY.c.run_id)
                .where(
                    _DELIVERY.c.id == delivery_id,
                    _DELIVERY.c.state == DeliveryState.IN_DOUBT.value,
                )
                .with_for_update()
            ).scalar()
            if run_id is None:
                return False
            connection.execute(
                update(_DELIVERY)
                .where(_DELIVERY.c.id == delivery_id)
                .values(
                    state=DeliveryState.ACCEPTED.value,
                    message_id=message_id,
                    sent_at=sent_at,
                    code="",
                    reason="",
                )
            )
            move_counts(
                connection,
                {(run_id, DeliveryState.IN_DOUBT.value, DeliveryState.ACCEPTED.value): 1},
            )
        return True


def _in_doubt(run_id: int, emails: Sequence[str]) -> list[Any]:
    where = [
        _DELIVERY.c.run_id == run_id,
        _DELIVERY.c.state == DeliveryState.IN_DOUBT.value,
    ]
    if emails:
        where.append(func.lower(_DELIVERY.c.email).in_([email.lower() for email in emails]))
    return where
