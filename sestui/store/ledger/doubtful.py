"""Deliveries in doubt, with what SES's records said about them when it was asked."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select

from sestui.core.clock import Instant
from sestui.core.delivery.states import DeliveryState
from sestui.store.db.database import Database
from sestui.store.db.shared_tables import SharedSetting
from sestui.store.ledger.statements import DELIVERY, RUN

_SETTING = SharedSetting.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass


KEPT_SECONDS = 30 * 86_400.0
"""For so long SES keeps what it knows of a mail."""
MARGIN_SECONDS = 86_400.0
"""Our clock, or the database's, may differ from SES's by as much, and SES may be as exact about
what it forgets."""


class Unclear(StrEnum):
    """Why an answer of SES's proves neither that it took a mail nor that it has no record of it."""

    NO_DETAILS = "no_details"
    NO_TAGS = "no_tags"
    CUT_OFF = "cut_off"
    NO_CONTROL = "no_control"

    @property
    def reason(self) -> str:
        """In words, after a number of recipients."""
        return _REASONS[self]


_REASONS = {
    Unclear.NO_DETAILS: "SES lists a mail to them, but no details of it",
    Unclear.NO_TAGS: "SES lists a mail to them, without sestui's tags",
    Unclear.CUT_OFF: "SES's answer was cut off",
    Unclear.NO_CONTROL: "SES's records show no mail that it is known to have taken",
}


@dataclass(frozen=True, slots=True)
class DoubtfulDelivery:
    """A delivery in doubt."""

    id: int
    email: str
    sent_at: Instant
    """When it was handed to SES."""
    asked_at: Instant | None
    """When SES was last asked about it, and didn't prove that it had taken it; None: not yet."""
    unclear: Unclear | None = None
    """Why that answer proves nothing; None: SES had no record of any mail that could be it."""
    is_elsewhere: bool = False
    """Whether it was sent through another account than its run belongs to now."""

    @property
    def is_unrecorded(self) -> bool:
        """Whether SES was asked and had no record of it."""
        return self.asked_at is not None and self.unclear is None

    def is_forgotten(self, now: Instant) -> bool:
        """Whether SES may have forgotten its mail."""
        return self.sent_at < now - KEPT_SECONDS + MARGIN_SECONDS

    def is_due(self, now: Instant, grace_seconds: float) -> bool:
        """Whether the grace period is over, and SES can be asked and has not been since then."""
        due_at = self.sent_at + grace_seconds
        asked = self.asked_at is not None and self.asked_at >= due_at
        return now >= due_at and not (asked or self.is_elsewhere or self.is_forgotten(now))

    def is_safe(self, grace_seconds: float) -> bool:
        """Whether SES had no record of it when asked at least so long after it was sent."""
        return (
            self.asked_at is not None
            and self.unclear is None
            and self.asked_at - self.sent_at >= grace_seconds
        )


@dataclass(frozen=True, slots=True)
class DoubtSummary:
    """How many of a run's deliveries in doubt stand how."""

    total: int
    unasked: int
    """SES was not asked about them yet."""
    unrecorded: int
    """SES had no record of them when it was asked."""
    unclear: Counter[Unclear]
    """SES's answer proves nothing, by the reason."""
    safe: int
    """Those of the unrecorded that are offered as safe to resend."""


def summary_of(deliveries: Sequence[DoubtfulDelivery], grace_seconds: float) -> DoubtSummary:
    """Count them."""
    return DoubtSummary(
        total=len(deliveries),
        unasked=sum(each.asked_at is None for each in deliveries),
        unrecorded=sum(each.is_unrecorded for each in deliveries),
        unclear=Counter(each.unclear for each in deliveries if each.unclear is not None),
        safe=len(safe_to_resend(deliveries, grace_seconds)),
    )


def safe_to_resend(
    deliveries: Sequence[DoubtfulDelivery], grace_seconds: float
) -> list[DoubtfulDelivery]:
    """Those that SES had no record of, long enough after they were sent."""
    return [each for each in deliveries if each.is_safe(grace_seconds)]


def doubtful_deliveries(database: Database, run_id: int) -> list[DoubtfulDelivery]:
    """The run's deliveries in doubt, those sent first coming first."""
    sent_at = func.coalesce(DELIVERY.c.claimed_at, DELIVERY.c.queued_at)
    query = (
        select(DELIVERY.c.id, DELIVERY.c.email, sent_at, RUN.c.account_since)
        .join(RUN, RUN.c.id == DELIVERY.c.run_id)
        .where(*where_in_doubt(run_id))
        .order_by(sent_at, DELIVERY.c.id)
    )
    with database.read_connection() as connection:
        answers = answers_about(connection, run_id)
        rows: Sequence[Any] = connection.execute(query).all()
    return [_doubtful(row, answers.get(row.id)) for row in rows]


def _doubtful(row: Any, answer: "SearchAnswer | None") -> DoubtfulDelivery:
    key, email, sent_at, account_since = row
    found = DoubtfulDelivery(key, email, sent_at, None, is_elsewhere=sent_at < account_since)
    if answer is None or answer.at < sent_at:  # it has been sent once more since
        return found
    return replace(found, asked_at=answer.at, unclear=answer.unclear)


@dataclass(frozen=True, slots=True)
class SearchAnswer:
    """SES's last answer about a delivery, where it did not settle it."""

    at: Instant
    unclear: Unclear | None


def answers_about(connection: Connection, run_id: int) -> dict[int, SearchAnswer]:
    """SES's last answers about the run's deliveries, by their ids.

    Those that were noted without saying whether they were clear count as not given.
    """
    value: Any = connection.execute(
        select(_SETTING.c.value).where(_SETTING.c.name == answers_name(run_id))
    ).scalar()
    return {
        int(key): SearchAnswer(said["at"], Unclear(said["unclear"]) if said["unclear"] else None)
        for key, said in (value or {}).items()
        if isinstance(said, dict)
    }


def answers_name(run_id: int) -> str:
    """The shared setting that keeps them."""
    return f"insights_asked:{run_id}"


def where_in_doubt(run_id: int) -> list[ColumnElement[bool]]:
    """The conditions for a run's deliveries in doubt."""
    return [DELIVERY.c.run_id == run_id, DELIVERY.c.state == DeliveryState.IN_DOUBT.value]
