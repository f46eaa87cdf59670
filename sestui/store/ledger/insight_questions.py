"""What SES was asked about deliveries in doubt: the open job, and when each was asked about.

One job is open at a time for an account, whichever process asks. It is noted before SES is asked,
so a killed process's job is read by the next.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite

from sestui.core.clock import Instant
from sestui.core.delivery.states import DeliveryState
from sestui.store.db.database import Database
from sestui.store.db.tables import Run, SharedSetting
from sestui.store.ledger.statements import DELIVERY

_SETTING = SharedSetting.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass
_RUN = Run.__table__  # type: ignore[attr-defined] # as above


@dataclass(frozen=True, slots=True)
class Question:
    """One job: about which deliveries SES is asked."""

    run_id: int
    delivery_ids: tuple[int, ...]
    since: Instant
    until: Instant
    at: Instant
    job_id: str = ""
    """'' until SES has answered with it."""


@dataclass(frozen=True, slots=True)
class DoubtfulDelivery:
    """A delivery in doubt."""

    id: int
    email: str
    sent_at: Instant
    """When it was handed to SES."""
    asked_at: Instant | None
    """When SES was last asked about it, and knew nothing; None: not yet."""


class InsightQuestions:
    """The questions to one account."""

    def __init__(self, database: Database, account: str) -> None:
        self._database = database
        self._job_name = f"insights_job:{account}"

    def in_doubt(self, run_id: int) -> list[DoubtfulDelivery]:
        """The run's deliveries in doubt, those sent first coming first."""
        return doubtful_deliveries(self._database, run_id)

    def runs(self) -> list[int]:
        """The runs with anything in doubt."""
        query = select(_RUN.c.id).where(_RUN.c.in_doubt > 0).order_by(_RUN.c.id)
        with self._database.read_connection() as connection:
            return list(connection.execute(query).scalars())

    def open_question(self) -> Question | None:
        """The job that is open."""
        with self._database.read_connection() as connection:
            return self._open(connection)

    def open(self, question: Question) -> bool:
        """Note ``question`` as the open one; False: there is one already."""
        with self._database.write_connection() as connection:
            values = {"name": self._job_name, "value": asdict(question)}
            dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
            added = connection.execute(
                dialect.insert(_SETTING)
                .values(values)
                .on_conflict_do_nothing(index_elements=["name"])
                .returning(_SETTING.c.name)
            )
            return added.scalar() is not None

    def started(self, question: Question) -> None:
        """Note the id of its job."""
        with self._database.write_connection() as connection:
            connection.execute(
                _SETTING.update()
                .where(_SETTING.c.name == self._job_name)
                .values(value=asdict(question))
            )

    def drop(self, question: Question) -> None:
        """Close it without an answer, unless another has been opened since."""
        with self._database.write_connection() as connection:
            self._close(connection, question)

    def answered(self, question: Question) -> None:
        """Close it: what is still in doubt of it, SES had no record of when it was asked."""
        name = _asked_name(question.run_id)
        with self._database.write_connection() as connection:
            self._close(connection, question)
            doubtful = set(
                connection.execute(
                    select(DELIVERY.c.id).where(*_where_in_doubt(question.run_id))
                ).scalars()
            )
            asked = _asked(connection, question.run_id)
            asked |= dict.fromkeys(question.delivery_ids, question.at)
            left = {str(key): at for key, at in asked.items() if key in doubtful}
            connection.execute(delete(_SETTING).where(_SETTING.c.name == name))
            if left:
                connection.execute(_SETTING.insert().values(name=name, value=left))

    def _close(self, connection: Connection, question: Question) -> None:
        found = self._open(connection)
        if found is not None and (found.at, found.run_id) == (question.at, question.run_id):
            connection.execute(delete(_SETTING).where(_SETTING.c.name == self._job_name))

    def _open(self, connection: Connection) -> Question | None:
        value: Any = connection.execute(
            select(_SETTING.c.value).where(_SETTING.c.name == self._job_name)
        ).scalar()
        if not value:
            return None
        return Question(**{**value, "delivery_ids": tuple(value["delivery_ids"])})


def doubtful_deliveries(database: Database, run_id: int) -> list[DoubtfulDelivery]:
    """The run's deliveries in doubt, those sent first coming first."""
    sent_at = func.coalesce(DELIVERY.c.claimed_at, DELIVERY.c.queued_at)
    query = (
        select(DELIVERY.c.id, DELIVERY.c.email, sent_at)
        .where(*_where_in_doubt(run_id))
        .order_by(sent_at, DELIVERY.c.id)
    )
    with database.read_connection() as connection:
        asked = _asked(connection, run_id)
        rows: Sequence[Any] = connection.execute(query).all()
    return [DoubtfulDelivery(key, email, at, _after(asked.get(key), at)) for key, email, at in rows]


def _after(asked_at: Instant | None, sent_at: Instant) -> Instant | None:
    """When it was asked about, unless it has been sent once more since."""
    return asked_at if asked_at is not None and asked_at >= sent_at else None


def _where_in_doubt(run_id: int) -> list[ColumnElement[bool]]:
    return [DELIVERY.c.run_id == run_id, DELIVERY.c.state == DeliveryState.IN_DOUBT.value]


def _asked_name(run_id: int) -> str:
    return f"insights_asked:{run_id}"


def _asked(connection: Connection, run_id: int) -> dict[int, Instant]:
    value: Any = connection.execute(
        select(_SETTING.c.value).where(_SETTING.c.name == _asked_name(run_id))
    ).scalar()
    return {int(key): at for key, at in (value or {}).items()}
