"""The governor's row: rate and quota of one SES account, shared by every process."""

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
from sestui.store.db.tables import GovernorRow, Run

_ROW = GovernorRow.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass
_RUN = Run.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass

# Built once, as in ledger_sql: building them anew costs more than running them.
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
    """What a transaction needs of the row, for as long as it holds it.

    A model of SQLModel would take longer to make than the row to be read.
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
    """The row of ``account`` as it is inside this write transaction, locked until its end.

    A database that has never looked at this account has no row: it is made with a rate of 0, which
    lets nothing leave.
    """
    found = connection.execute(_LOCKED, {"account": account}).first()
    if found is None:
        # Two processes may look first at once: on PostgreSQL the second waits here for the first.
        dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
        new = dialect.insert(_ROW).values(**GovernorRow(account=account).model_dump())
        connection.execute(new.on_conflict_do_nothing())
        found = connection.execute(_LOCKED, {"account": account}).one()
    return LockedRow(*found)


def row_quota(row: GovernorRow | LockedRow, rule: QuotaRule, now: Instant) -> Quota:
    """The quota from SES's last answer and what was handed over since."""
    return quota(
        rule,
        now,
        max_24_hour_send=row.max_24_hour_send,
        sent_24_hours=row.sent_24_hours,
        taken_since_look=row.taken - row.taken_at_look,
    )


def row_allowed(row: GovernorRow | LockedRow, now: Instant) -> AllowedRate:
    """How fast mail may leave now: the account's rate less what throttling holds back."""
    rate = row.max_send_rate
    if rate <= 0:
        return AllowedRate(0.0)
    allowed = row_control(row).allowed(rate, now)
    return AllowedRate(allowed, allowed / rate)


def row_control(row: GovernorRow | LockedRow) -> RateControl:
    """What throttle answers have shown of the rate so far."""
    return RateControl.from_dict(row.rate_control)


def row_rate(row: GovernorRow | LockedRow, now: Instant) -> float:
    """Recipients a second allowed now."""
    return row_allowed(row, now).rate


def take(connection: Connection, account: str, *, count: int, tat: Instant) -> None:
    """Count ``count`` mails as used and store the arrival time that their slots leave behind."""
    connection.execute(_TAKE, {"b_account": account, "b_tat": tat, "b_count": count})


@dataclass(frozen=True, slots=True)
class SettledCounts:
    """Answers that were written together, as the governor sees them."""

    unsent: int = 0
    """Mails that SES didn't take, for whichever reason."""
    accepted: Sequence[Instant] = ()
    """When each accepted mail had been claimed."""
    throttled: Sequence[Instant] = ()
    """The same for those that SES refused because of the rate."""


def settle(connection: Connection, row: LockedRow, settled: SettledCounts, now: Instant) -> None:
    """Un-count what SES didn't take, and let every process pace by what the answers show.

    ``row`` is locked by this transaction, and changed with the table: it needs no second look.
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
    """How things stood when SES was asked."""

    taken: int
    """Mails ever handed over."""
    in_flight: int
    """Those of them whose answers were still to come."""


class Governor:
    """Reading and refreshing the row outside the ledger's own transactions."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def row(self, account: str) -> GovernorRow | None:
        """The row as it is now; None before the first look at the account."""
        with self._database.read() as session:
            return session.get(GovernorRow, account)

    def newest(self, prefix: str) -> GovernorRow | None:
        """The row that was looked at last, of accounts whose name begins with ``prefix``."""
        with self._database.read() as session:
            return session.exec(
                select_model(GovernorRow)
                .where(col(GovernorRow.account).startswith(prefix), col(GovernorRow.looked_at) > 0)
                .order_by(col(GovernorRow.looked_at).desc())
                .limit(1)
            ).first()

    def look_begins(self, account: str) -> PollStarted:
        """Call before asking SES; give what it returns to :meth:`look_ends`."""
        with self._database.write_connection() as connection:
            taken = locked_row(connection, account).taken
            in_flight = connection.execute(
                select(_RUN.c.sending).where(_RUN.c.sending > 0)
            ).scalars()
            return PollStarted(taken, sum(in_flight))

    def look_ends(
        self, account: str, status: AccountStatus, begun: PollStarted, *, now: Instant
    ) -> bool:
        """Store what SES said of the account at ``now``.

        True: nothing was in flight since the look began, in any process, so that the used quota
        is exact. Otherwise mails are counted twice of which SES's answer may include some: until
        the next look that is the safe side.
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
