"""What became of campaigns' mail to a contact, as SQL conditions on ``contact``.

Runs of campaigns count, tests and relayed mail don't. Opens and clicks are those of people, as far
as one can tell.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, column, exists, func, or_, select, table

from sestui.core.clock import Instant
from sestui.core.delivery.events import EventKind
from sestui.core.delivery.outcomes import DeliveryOutcome
from sestui.core.delivery.states import HANDED_OVER_STATES, DeliveryState, RunKind
from sestui.core.segments.nodes import Fact, MailResult, Moment
from sestui.store.contacts.key_queries import CONTACT
from sestui.store.db.tables import Delivery, Run

_DELIVERY = Delivery.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass
_RUN = Run.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass
_EVENT = table(
    "ses_event", column("delivery_id"), column("kind"), column("detail"), column("by_machine")
)

_DAY_SECONDS = 86_400.0

_CAME_BACK = (
    DeliveryOutcome.BOUNCED.value,
    DeliveryOutcome.REJECTED.value,
    DeliveryOutcome.NOT_RENDERED.value,
)

_SENT = _DELIVERY.c.state.in_(sorted(state.value for state in HANDED_OVER_STATES))
_RECEIVED = and_(_SENT, _DELIVERY.c.outcome.not_in(_CAME_BACK))
_REFUSED = or_(
    _DELIVERY.c.state == DeliveryState.REJECTED.value, _DELIVERY.c.outcome.in_(_CAME_BACK)
)
_SENT_AT = func.coalesce(_DELIVERY.c.sent_at, _DELIVERY.c.claimed_at)

_NEWEST = {
    Moment.LAST_RECEIVED: (_SENT_AT, _RECEIVED),
    Moment.LAST_OPENED: (_DELIVERY.c.opened_at, _DELIVERY.c.opened_at.is_not(None)),
    Moment.LAST_CLICKED: (_DELIVERY.c.clicked_at, _DELIVERY.c.clicked_at.is_not(None)),
}


class MailHistory:
    """The mail of some campaigns to a contact."""

    def __init__(self, campaigns: Mapping[str, int], now: Instant, without_run: int | None) -> None:
        self._campaigns = campaigns
        self._now = now
        self._without_run = without_run

    def result(self, leaf: MailResult) -> ColumnElement[bool]:
        """Whether this became of a mail to the contact."""
        if leaf.fact is Fact.FAILED:
            received = self._of(leaf.campaign, _RECEIVED)
            return and_(exists(self._of(leaf.campaign, _REFUSED)), ~exists(received))
        where = {
            Fact.RECEIVED: _RECEIVED,
            Fact.OPENED: _DELIVERY.c.opened_at.is_not(None),
            Fact.CLICKED: _DELIVERY.c.clicked_at.is_not(None),
            Fact.BOUNCED: _DELIVERY.c.outcome == DeliveryOutcome.BOUNCED.value,
            Fact.COMPLAINED: _DELIVERY.c.outcome == DeliveryOutcome.COMPLAINED.value,
        }[leaf.fact]
        of_leaf = self._of(leaf.campaign, where)
        if leaf.link:
            of_leaf = of_leaf.where(
                exists(
                    select(1).where(
                        _EVENT.c.delivery_id == _DELIVERY.c.id,
                        _EVENT.c.kind == EventKind.CLICK.value,
                        _EVENT.c.by_machine.is_(False),
                        _EVENT.c.detail == leaf.link,
                    )
                )
            )
        return exists(of_leaf)

    def newest(self, moment: Moment) -> ColumnElement[Any]:
        """When it last happened; NULL if it never did."""
        at, where = _NEWEST[moment]
        return self._of(None, where).with_only_columns(func.max(at)).scalar_subquery()

    def count(self, days: float) -> ColumnElement[Any]:
        """How many mails were sent in the last days."""
        recent = and_(_SENT, self._now - days * _DAY_SECONDS <= _SENT_AT)
        return self._of(None, recent).with_only_columns(func.count()).scalar_subquery()

    def _of(self, campaign: str | None, where: ColumnElement[bool]) -> Select[Any]:
        found = (
            select(_DELIVERY.c.id)
            .join(_RUN, _RUN.c.id == _DELIVERY.c.run_id)
            .where(
                _DELIVERY.c.contact_id == CONTACT.c.id,
                _RUN.c.kind == RunKind.CAMPAIGN.value,
                where,
            )
            .correlate(CONTACT)
        )
        if campaign is not None:
            found = found.where(_RUN.c.campaign_id == self._campaigns[campaign])
        if self._without_run is not None:
            found = found.where(_RUN.c.id != self._without_run)
        return found
