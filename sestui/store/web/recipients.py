"""What the unsubscribe page shows of a recipient, even if some of it was erased."""

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, bindparam, func, literal, select

from sestui.core.clock import Instant
from sestui.core.contact.address_check import address_key
from sestui.core.contact.preferences import ReaderChoice
from sestui.core.delivery.events import RefusalReason
from sestui.core.delivery.states import ContactStatus, RunKind, run_name
from sestui.core.delivery.unsubscribe_token import LinkSubject
from sestui.store.contacts.erased import is_erased
from sestui.store.contacts.refusals import REFUSAL
from sestui.store.db.tables import (
    Campaign,
    Contact,
    ContactList,
    Delivery,
    Membership,
    Run,
    Suppression,
)
from sestui.store.web.tables import PreferenceChange

CONTACT = Contact.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass
DELIVERY = Delivery.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass
MEMBERSHIP = Membership.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass
SUPPRESSION = Suppression.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass
CHANGE = PreferenceChange.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass
_LIST = ContactList.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass
_RUN = Run.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass
_CAMPAIGN = Campaign.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass

BY_PAGE = "by the unsubscribe page"
"""The beginning of the detail of suppressions by the page."""

_ONE = select(literal(1).label("one")).subquery()
_SUPPRESSED = (
    select(SUPPRESSION.c.reason, SUPPRESSION.c.detail, SUPPRESSION.c.kept)
    .where(SUPPRESSION.c.email_key.in_([bindparam("address"), bindparam("domain")]))
    .order_by(func.length(SUPPRESSION.c.email_key).desc())  # the address's own comes first
    .limit(1)
    .subquery()
)
_OF_LINK = (
    select(
        CONTACT.c.id.label("contact_id"),
        CONTACT.c.status,
        CONTACT.c.status_reason,
        CONTACT.c.paused_until,
        _SUPPRESSED.c.reason.label("suppressed"),
        _SUPPRESSED.c.detail.label("suppressed_detail"),
        _SUPPRESSED.c.kept.label("suppressed_kept"),
        DELIVERY.c.email.label("delivered_to"),
        _RUN.c.number,
        _RUN.c.kind,
        _RUN.c.from_address,
        _CAMPAIGN.c.name,
        _CAMPAIGN.c.lists,
    )
    .select_from(_ONE)
    .outerjoin(CONTACT, CONTACT.c.email_key == bindparam("address"))
    .outerjoin(_SUPPRESSED, literal(True))
    .outerjoin(DELIVERY, DELIVERY.c.id == bindparam("delivery"))
    .outerjoin(_RUN, _RUN.c.id == DELIVERY.c.run_id)
    .outerjoin(_CAMPAIGN, _CAMPAIGN.c.id == _RUN.c.campaign_id)
)
_LISTS = (
    select(
        _LIST.c.id,
        _LIST.c.name,
        MEMBERSHIP.c.joined_at,
        REFUSAL.c.at.label("refused_at"),
    )
    .outerjoin(
        MEMBERSHIP,
        (MEMBERSHIP.c.list_id == _LIST.c.id) & (MEMBERSHIP.c.contact_id == bindparam("contact")),
    )
    .outerjoin(
        REFUSAL, (REFUSAL.c.list_id == _LIST.c.id) & (REFUSAL.c.contact_id == bindparam("contact"))
    )
    .where(_LIST.c.name.in_(bindparam("names", expanding=True)))
    .order_by(_LIST.c.id)
)
_CHANGES = (
    select(CHANGE)
    .where(CHANGE.c.contact_id == bindparam("contact"), CHANGE.c.undone_at.is_(None))
    .order_by(CHANGE.c.id.desc())
    .limit(10)
)


@dataclass(frozen=True, slots=True)
class OfList:
    """One of the lists that a mail was sent to."""

    id: int
    name: str
    joined_at: Instant | None
    """None: the contact isn't on it."""
    refused: bool
    """Whether the contact has left it themselves."""


@dataclass(frozen=True)
class LinkedRecipient:
    """What is known of a link's recipient."""

    address_key: str = field(repr=False)
    contact_id: int | None
    """None: there is no such contact, or no longer."""
    status: ContactStatus | None
    status_reason: str
    paused_until: Instant | None
    suppressed: str
    """Why the address is suppressed; '' if it isn't."""
    suppressed_by_page: bool
    delivery_id: int | None
    """None: the database knows no such delivery to this address."""
    mail: str
    """The campaign and run of the mail, for people; '' as above."""
    sender: str
    """The mail's sender; '' as above."""
    lists: tuple[OfList, ...]
    """The lists of the mail's campaign; none without a contact."""
    changes: tuple[Any, ...] = ()
    """The contact's choices that weren't undone, newest first."""
    erased: bool = False
    """Whether everything about them was erased on request: there is nothing left to choose."""

    @property
    def unsubscribed(self) -> bool:
        """Whether they get no campaign's mail at all, whoever decided it."""
        gone = self.erased or self.status is ContactStatus.UNSUBSCRIBED
        return bool(self.suppressed) or gone

    @property
    def on_lists(self) -> bool:
        """Whether the contact is on one of the mail's lists."""
        return any(each.joined_at is not None for each in self.lists)

    @property
    def left_lists(self) -> bool:
        """Whether the contact has left the mail's lists themselves."""
        return not self.on_lists and any(each.refused for each in self.lists)

    def paused(self, now: Instant) -> Instant | None:
        """The end of the current pause, if any."""
        until = self.paused_until
        return until if until is not None and until > now else None

    def undoable(self, now: Instant) -> Any | None:
        """The newest choice that is still in force unchanged, if any."""
        return next((each for each in self.changes if self._in_force(each, now)), None)

    def can_undo(self, now: Instant) -> bool:
        """Whether a choice can be undone."""
        if self.suppressed:
            return self.suppressed_by_page
        return self.undoable(now) is not None

    def _in_force(self, change: Any, now: Instant) -> bool:
        if change.choice == ReaderChoice.SUBSCRIBE:
            return False  # the other choices take it back
        wrote = change.detail["after"]
        if change.choice == ReaderChoice.ALL:
            ours: bool = self.status_reason == wrote["status_reason"]
            return ours and self.status is ContactStatus.UNSUBSCRIBED
        if self.status is ContactStatus.UNSUBSCRIBED:
            return False  # the stronger word stands
        if change.choice == ReaderChoice.LISTS:
            refused = {each.id for each in self.lists if each.refused}
            return bool(refused.intersection(wrote["lists"]))
        until: Instant = wrote["paused_until"]
        return self.paused(now) == until


def recipient_of(
    connection: Connection, subject: LinkSubject, *, brief: bool = False
) -> LinkedRecipient:
    """Look up a link's recipient, without whatever has been erased.

    ``brief`` leaves out lists and earlier choices: two statements of three.
    """
    key = subject.address_key
    domain = f"@{key.rpartition('@')[2]}"
    row = connection.execute(
        _OF_LINK, {"address": key, "domain": domain, "delivery": subject.delivery_id}
    ).one()
    # An older backup may have given the delivery's number to another recipient's mail.
    same = row.delivered_to is not None and address_key(row.delivered_to) == key
    lists: tuple[OfList, ...] = ()
    changes: tuple[Any, ...] = ()
    if row.contact_id is not None and not brief:
        changes = tuple(connection.execute(_CHANGES, {"contact": row.contact_id}).all())
        if same and row.lists and row.kind == RunKind.CAMPAIGN:
            found = connection.execute(
                _LISTS, {"contact": row.contact_id, "names": list(row.lists)}
            ).all()
            lists = tuple(
                OfList(each.id, each.name, each.joined_at, each.refused_at is not None)
                for each in found
            )
    return LinkedRecipient(
        address_key=key,
        contact_id=row.contact_id,
        status=ContactStatus(row.status) if row.status else None,
        status_reason=row.status_reason or "",
        paused_until=row.paused_until,
        suppressed=row.suppressed or "",
        suppressed_by_page=(
            row.suppressed == RefusalReason.UNSUBSCRIBED
            and not row.suppressed_kept  # the operator has said so too
            and row.suppressed_detail.startswith(BY_PAGE)
        ),
        delivery_id=subject.delivery_id if same else None,
        mail=f"{row.name}, {run_name(row.kind, abs(row.number))}" if same else "",
        sender=row.from_address if same else "",
        lists=lists,
        changes=changes,
        erased=row.contact_id is None and is_erased(connection, key),
    )
