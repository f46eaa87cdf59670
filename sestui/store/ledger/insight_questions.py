"""What SES was asked about deliveries in doubt: the open job, and when each was asked about.

One job is open at a time for an account, whichever process asks. It is noted before SES is asked,
so a killed process's job is read by the next.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite

from sestui.core.clock import Instant
from sestui.core.delivery.account_key import belongs_to
from sestui.core.delivery.states import DeliveryState, RunKind
from sestui.store.db.database import Database
from sestui.store.db.shared_tables import SharedSetting
from sestui.store.db.tables import Run
from sestui.store.ledger.bulk_statements import ids_of, values_of, values_text
from sestui.store.ledger.doubtful import (
    DoubtfulDelivery,
    SearchAnswer,
    Unclear,
    answers_about,
    answers_name,
    doubtful_deliveries,
    where_in_doubt,
)
from sestui.store.ledger.statements import DELIVERY

_SETTING = SharedSetting.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass
_RUN = Run.__table__  # type: ignore[attr-defined] # as above


LOOKED_AT = "doubts_looked_at"
"""The shared setting of :func:`note_looked_at`."""


@dataclass(frozen=True, slots=True)
class Question:
    """One job: about which deliveries SES is asked."""

    run_id: int
    delivery_ids: tuple[int, ...]
    """Empty: about all mails of the run's sender in that time."""
    since: Instant
    until: Instant
    at: Instant
    job_id: str = ""
    """'' until SES has answered with it."""
    control: str = ""
    """Message id of a mail that SES has taken, and has to find too; '': there is none."""
    control_id: int = 0
    """Its delivery."""


@dataclass(frozen=True, slots=True)
class ControlMail:
    """A mail that SES has taken: its records are complete only if they have it."""

    id: int
    message_id: str
    email: str
    sent_at: Instant


class InsightQuestions:
    """The questions to one account."""

    def __init__(self, database: Database, account: str) -> None:
        self._database = database
        self._account = account
        self._job_name = f"insights_job:{account}"

    def in_doubt(self, run_id: int) -> list[DoubtfulDelivery]:
        """The run's deliveries in doubt, those sent first coming first."""
        return doubtful_deliveries(self._database, run_id)

    def known_mails(self, question: Question, message_ids: Sequence[str]) -> set[str]:
        """Those of SES's message ids that are of mails to its recipients that SES has answered."""
        with self._database.read_connection() as connection:
            is_postgresql = connection.dialect.name == "postgresql"
            given = values_of("b_messages", postgresql=is_postgresql)
            asked = select(DELIVERY.c.contact_id).where(DELIVERY.c.id.in_(ids_of(connection)))
            query = select(DELIVERY.c.message_id).where(
                DELIVERY.c.contact_id.in_(asked), DELIVERY.c.message_id.in_(select(given.c.value))
            )
            values = {
                "b_ids": values_text([*question.delivery_ids, question.control_id]),
                "b_messages": values_text([each for each in message_ids if each]),
            }
            return set(connection.execute(query, values).scalars())

    def runs(self) -> list[int]:
        """The account's runs with anything in doubt."""
        query = select(_RUN.c.id, _RUN.c.account).where(_RUN.c.in_doubt > 0).order_by(_RUN.c.id)
        with self._database.read_connection() as connection:
            rows = connection.execute(query).all()
        return [run_id for run_id, account in rows if belongs_to(account, self._account)]

    def due(self, now: Instant, grace_seconds: float) -> list[int]:
        """The account's runs with deliveries for which the grace period is over, and that SES has
        not been asked about since then."""
        return [
            run_id
            for run_id in self.runs()
            if any(each.is_due(now, grace_seconds) for each in self.in_doubt(run_id))
        ]

    def other_account(self, run_id: int) -> str:
        """Key of the account that the run belongs to, if it is not this one; else ''."""
        query = select(_RUN.c.account).where(_RUN.c.id == run_id)
        with self._database.read_connection() as connection:
            account = str(connection.execute(query).scalar_one())
        return "" if belongs_to(account, self._account) else account

    def sender(self, run_id: int) -> str:
        """From whom the run's mails are sent now; '' if each has its own sender.

        Those sent before it was paused and resumed may have had another.
        """
        query = select(_RUN.c.from_address, _RUN.c.kind).where(_RUN.c.id == run_id)
        with self._database.read_connection() as connection:
            sender, kind = connection.execute(query).one()
        return "" if kind == RunKind.RELAY.value else str(sender)

    def claim_times(self, run_id: int, every: int) -> list[Instant]:
        """When each ``every``-th mail of the run was handed over, in order."""
        at = DELIVERY.c.claimed_at
        numbered = (
            select(at, func.row_number().over(order_by=at).label("number"))
            .where(DELIVERY.c.run_id == run_id, at.is_not(None))
            .subquery()
        )
        query = (
            select(numbered.c.claimed_at)
            .where(numbered.c.number % every == 0)
            .order_by(numbered.c.number)
        )
        with self._database.read_connection() as connection:
            return list(connection.execute(query).scalars())

    def control(self, run_id: int, delivery_id: int, since: Instant) -> ControlMail | None:
        """A mail that SES has taken since then: of the run, the one before the delivery if there
        is one, else of the newest other run of the account."""
        with self._database.read_connection() as connection:
            for before in (True, False):
                if found := _control(connection, run_id, delivery_id, since, before=before):
                    return found
            query = (
                select(_RUN.c.id)
                .where(_RUN.c.account == self._account, _RUN.c.accepted > 0, _RUN.c.id != run_id)
                .order_by(_RUN.c.id.desc())
                .limit(1)
            )
            other = connection.execute(query).scalar()
            if other is None:
                return None
            return _control(connection, other, 0, since, before=False)

    def earlier_control(
        self, run_id: int, delivery: DoubtfulDelivery, since: Instant
    ) -> ControlMail | None:
        """A mail of the run that SES has taken since then, and not after the delivery: whatever has
        been changed in the run by then was the same for both."""
        until = delivery.sent_at
        with self._database.read_connection() as connection:
            for before in (True, False):
                if found := _control(
                    connection, run_id, delivery.id, since, before=before, until=until
                ):
                    return found
        return None

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

    def answered(self, question: Question, unclear: Mapping[int, Unclear]) -> None:
        """Close it: what is still in doubt of it, SES had no record of when it was asked.

        ``unclear`` are those of its deliveries for which that is not certain, and why.
        """
        name = answers_name(question.run_id)
        with self._database.write_connection() as connection:
            self._close(connection, question)
            doubtful = set(
                connection.execute(
                    select(DELIVERY.c.id).where(*where_in_doubt(question.run_id))
                ).scalars()
            )
            answers = answers_about(connection, question.run_id)
            answers |= {
                each: SearchAnswer(question.at, unclear.get(each)) for each in question.delivery_ids
            }
            left = {str(key): asdict(said) for key, said in answers.items() if key in doubtful}
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


def note_looked_at(database: Database, at: Instant) -> None:
    """Note when somebody looked whether SES has to be asked; `run-due` does so once an hour."""
    with database.write_connection() as connection:
        connection.execute(delete(_SETTING).where(_SETTING.c.name == LOOKED_AT))
        connection.execute(_SETTING.insert().values(name=LOOKED_AT, value=at))


def _control(
    connection: Connection,
    run_id: int,
    delivery_id: int,
    since: Instant,
    *,
    before: bool,
    until: Instant | None = None,
) -> ControlMail | None:
    key = DELIVERY.c.id
    query = (
        select(DELIVERY.c.id, DELIVERY.c.message_id, DELIVERY.c.email, DELIVERY.c.claimed_at)
        .join(_RUN, _RUN.c.id == DELIVERY.c.run_id)
        .where(
            DELIVERY.c.run_id == run_id,
            DELIVERY.c.state == DeliveryState.ACCEPTED.value,
            key < delivery_id if before else key > delivery_id,
            DELIVERY.c.message_id != "",
            DELIVERY.c.email != "",
            DELIVERY.c.claimed_at > since,
            *([] if until is None else [DELIVERY.c.claimed_at <= until]),
            DELIVERY.c.claimed_at >= _RUN.c.account_since,
        )
        .order_by(key.desc() if before else key)
        .limit(1)
    )
    row = connection.execute(query).first()
    return None if row is None else ControlMail(*row)
