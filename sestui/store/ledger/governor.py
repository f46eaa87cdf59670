"""The governor's row: rate and quota of an SES account, shared by all processes."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import Connection, bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import col
from sqlmodel import select as select_model

from sestui.core.clock import Instant
from sestui.core.delivery.account import AccountStatus, QuotaRule
from sestui.core.delivery.pacing import AllowedRate, Quota, quota
from sestui.core.delivery.rate_control import RateControl
from sestui.store.db.database import Database
from sestui.store.db.shared_tables import GovernorRow
from sestui.store.db.tables import Run

_ROW = GovernorRow.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass
_RUN = Run.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass

# Built once, as building them costs more than running them.
_TAKE = (
    update(_ROW)
    .where(_ROW.c.account == bindparam("b_account"))
    .values(tat=bindparam("b_tat"), taken=_ROW.c.taken + bindparam("b_count"))
)
_SETTLE = (
    update(_ROW)
    .where(_ROW.c.account == bindparam("b_account"))
    .values(
        taken=_ROW.c.taken - bindparam("b_unsent"),
        rate_control=bindparam("b_rate_control", type_=_ROW.c.rate_control.type),
    )
)


@dataclass(slots=True)
class LockedRow:
    """The fields of the row that a transaction needs, while it holds the lock.

    Not an SQLModel, which would take longer to make than the row to read.
    """

    account: str
    tat: Instant
    max_send_rate: float
    max_24_hour_send: float
    sent_24_hours: float
    taken: int
    taken_at_look: int
    rate_control: dict[str, Any]


_LOCKED = (
    select(*(_ROW.c[field.name] for field in fields(LockedRow)))
    .where(_ROW.c.account == bindparam("account"))
    .with_for_update()
)


def locked_row(connection: Connection, account: str) -> LockedRow:
    """The account's row, locked until the end of this write transaction.

    A missing row is created with rate 0, with which nothing is sent.
    """
    found = connection.execute(_LOCKED, {"account": account}).first()
    if found is None:
        # On PostgreSQL a second process waits here for the first.
        dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
        new = dialect.insert(_ROW).values(**GovernorRow(account=account).model_dump())
        connection.execute(new.on_conflict_do_nothing())
        found = connection.execute(_LOCKED, {"account": account}).one()
    return LockedRow(*found)


def row_quota(row: GovernorRow | LockedRow, rule: QuotaRule, now: Instant) -> Quota:
    """The quota by SES's last answer and the mail handed over since."""
    return quota(
        rule,
        now,
        max_24_hour_send=row.max_24_hour_send,
        sent_24_hours=row.sent_24_hours,
        taken_since_look=row.taken - row.taken_at_look,
    )


def row_allowed(row: GovernorRow | LockedRow, now: Instant) -> AllowedRate:
    """The rate now: the account's, reduced by throttling."""
    rate = row.max_send_rate
    if rate <= 0:
        return AllowedRate(0.0)
    allowed = row_control(row).allowed(rate, now)
    return AllowedRate(allowed, allowed / rate)


def row_control(row: GovernorRow | LockedRow) -> RateControl:
    """The state of rate control."""
    return RateControl.from_dict(row.rate_control)


def row_rate(row: GovernorRow | LockedRow, now: Instant) -> float:
    """The current rate in recipients a second."""
    return row_allowed(row, now).rate


def take(connection: Connection, account: str, *, count: int, tat: Instant) -> None:
    """Count ``count`` mails as used, and store the arrival time after their slots."""
    connection.execute(_TAKE, {"b_account": account, "b_tat": tat, "b_count": count})


@dataclass(frozen=True, slots=True)
class SettledCounts:
    """Answers that were written together, for the governor."""

    unsent: int = 0
    """Mails that SES didn't accept."""
    accepted: Sequence[Instant] = ()
    """The instants at which accepted mails were claimed."""
    throttled: Sequence[Instant] = ()
    """The same for mails that SES throttled."""


def settle(connection: Connection, row: LockedRow, settled: SettledCounts, now: Instant) -> None:
    """Subtract what SES didn't accept, and update rate control.

    ``row`` is locked by this transaction, and updated along with the table.
    """
    before = row_control(row)
    after = before.observe(settled.accepted, settled.throttled, rate=row.max_send_rate, now=now)
    if after is before and not settled.unsent:
        return
    row.taken -= settled.unsent
    row.rate_control = after.as_dict()
    connection.execute(
        _SETTLE,
        {
            "b_account": row.account,
            "b_unsent": settled.unsent,
            "b_rate_control": row.rate_control,
        },
    )


@dataclass(frozen=True, slots=True)
class PollStarted:
    """The counts when SES was asked."""

    taken: int
    """Mails ever handed over."""
    in_flight: int
    """Mails without an answer yet."""


class Governor:
    """Reads and refreshes the row outside the ledger's transactions."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def row(self, account: str) -> GovernorRow | None:
        """The row; None before the account was first read."""
        with self._database.read() as session:
            return session.get(GovernorRow, account)

    def newest(self, prefix: str) -> GovernorRow | None:
        """The most recently read row of accounts whose key begins with ``prefix``."""
        with self._database.read() as session:
            return session.exec(
                select_model(GovernorRow)
                .where(col(GovernorRow.account).startswith(prefix), col(GovernorRow.looked_at) > 0)
                .order_by(col(GovernorRow.looked_at).desc())
                .limit(1)
            ).first()

    def poll_begins(self, account: str) -> PollStarted:
        """Call before asking SES; pass the result to :meth:`poll_ends`."""
        with self._database.write_connection() as connection:
            taken = locked_row(connection, account).taken
            in_flight = connection.execute(
                select(_RUN.c.sending).where(_RUN.c.sending > 0)
            ).scalars()
            return PollStarted(taken, sum(in_flight))

    def poll_ends(
        self, account: str, status: AccountStatus, begun: PollStarted, *, now: Instant
    ) -> bool:
        """Store SES's answer of ``now``.

        Returns whether nothing was in flight in any process meanwhile, so that the used quota is
        exact. Otherwise some mails may be counted twice, which is safe.
        """
        with self._database.write_connection() as connection:
            row = locked_row(connection, account)
            connection.execute(
                update(_ROW)
                .where(_ROW.c.account == account)
                .values(
                    max_send_rate=status.max_send_rate,
                    max_24_hour_send=status.max_24_hour_send,
                    sent_24_hours=status.sent_last_24_hours,
                    production_access=status.production_access,
                    sending_enabled=status.sending_enabled,
                    enforcement_status=status.enforcement_status,
                    taken_at_look=begun.taken - begun.in_flight,
                    looked_at=now,
                )
            )
            return not begun.in_flight and row.taken == begun.taken
