"""Erase a person from every table, in one transaction; the counts and states of runs stay."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, delete, func, or_, select, update

from sestui.core.clock import Instant
from sestui.core.contact.address_check import Address, wire_address
from sestui.core.contact.address_in_text import AddressInText
from sestui.core.delivery.states import OPEN_STATES, DeliveryState, SkipReason
from sestui.store.contacts.changes.journal import CHANGE, ROW, ChangeKind
from sestui.store.contacts.erased import erased_at, hold_off_writers, note_erased
from sestui.store.contacts.key_queries import CONTACT, MEMBERSHIP, SUPPRESSION
from sestui.store.contacts.refusals import REFUSAL
from sestui.store.contacts.tables import ListedSuppression, SavedFilter
from sestui.store.db.database import Database
from sestui.store.db.shared_tables import GovernorRow
from sestui.store.erasure.free_text import scrub, written_by_the_operator
from sestui.store.erasure.raw_events import (
    events_naming,
    newer_events_naming,
    quarantined_naming,
    words_blanked,
)
from sestui.store.events.event_tables import EventRow, QuarantinedEvent
from sestui.store.ledger.bulk_statements import ids_of, values_text
from sestui.store.ledger.statements import DELIVERY
from sestui.store.ledger.transitions import finish_if_done, move_counts
from sestui.store.ledger.unchecked import enter_contact
from sestui.store.relay.tables import RelayedPayload
from sestui.store.tasks.tables import ContactCheck
from sestui.store.web.tables import PreferenceChange, SubscriptionRequest

_CHECK = ContactCheck.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass
_CHOICE = PreferenceChange.__table__  # type: ignore[attr-defined] # as above
_EVENT = EventRow.__table__  # type: ignore[attr-defined] # as above
_FILTER = SavedFilter.__table__  # type: ignore[attr-defined] # as above
_GOVERNOR = GovernorRow.__table__  # type: ignore[attr-defined] # as above
_LISTED = ListedSuppression.__table__  # type: ignore[attr-defined] # as above
_PAYLOAD = RelayedPayload.__table__  # type: ignore[attr-defined] # as above
_REQUEST = SubscriptionRequest.__table__  # type: ignore[attr-defined] # as above
_QUARANTINED = QuarantinedEvent.__table__  # type: ignore[attr-defined] # as above

_UNSETTLED = sorted({*OPEN_STATES, DeliveryState.IN_DOUBT})


@dataclass(frozen=True, slots=True)
class Erasure:
    """What was erased, or would be."""

    email: str
    found: Mapping[str, int]
    """How many of each kind of record had the person; kinds with none are left out."""
    erased_before: Instant | None
    """When the address was erased for the first time; None: never before."""
    in_flight: int
    """Mails to them that are being handed over, or in doubt: the answers are counted."""
    relayed: int
    """Relayed mails that still have other recipients, so that their content is needed."""
    written: tuple[str, ...]
    """What the operator wrote with the address in it, and has to change: ``the segment vip``."""


def erase(database: Database, address: Address, now: Instant, *, dry_run: bool = False) -> Erasure:
    """Erase everything about an address, whether or not it is a contact's.

    Who is pending to them is skipped. A keyed hash stays, so that no import or other way brings
    them back; ``dry_run`` rolls everything back.

    Raises:
        StorageBusyError: an import or the start of a run is going on.
    """
    text = AddressInText({address.email, address.key, wire_address(address.email)})
    events, read_up_to = events_naming(database, text)
    with database.write_connection() as connection:
        hold_off_writers(connection)
        # Who claims or admits mail has one of these rows locked; all do so first.
        connection.execute(select(_GOVERNOR.c.account).order_by("account").with_for_update())
        before = erased_at(connection, address.key)
        eraser = _Eraser(connection, address, text, now)
        eraser.deliveries()
        eraser.events([*events, *newer_events_naming(connection, text, read_up_to)])
        eraser.contact()
        eraser.suppressions()
        eraser.changes()
        eraser.free_text()
        note_erased(connection, address.key, now)
        written = written_by_the_operator(connection, text)
        if dry_run:
            connection.rollback()
    found = {kind: count for kind, count in eraser.found.items() if count}
    return Erasure(address.email, found, before, eraser.in_flight, eraser.relayed, tuple(written))


@dataclass(slots=True)
class _Eraser:
    connection: Connection
    address: Address
    text: AddressInText
    now: Instant
    contact_id: int = 0
    """0: the address is no contact's."""
    found: Counter[str] = field(default_factory=Counter)
    in_flight: int = 0
    relayed: int = 0

    def __post_init__(self) -> None:
        known = select(CONTACT.c.id).where(CONTACT.c.email_key == self.address.key)
        self.contact_id = self.connection.execute(known.with_for_update()).scalar() or 0

    # the ledger

    def deliveries(self) -> None:
        """Skip what is pending, and leave of each delivery what runs count."""
        if self.contact_id:
            enter_contact(self.connection, self.contact_id)
        spellings = [self.address.key, *self.text.spellings]
        theirs = or_(
            DELIVERY.c.contact_id == self.contact_id, func.lower(DELIVERY.c.email).in_(spellings)
        )
        shown = DELIVERY.c.shown_as == self.contact_id
        query = select(
            DELIVERY.c.id, DELIVERY.c.run_id, DELIVERY.c.state, DELIVERY.c.relayed_id,
            theirs.label("theirs"),
        )  # fmt: skip
        rows = self.connection.execute(
            query.where(or_(theirs, shown)).order_by(DELIVERY.c.id).with_for_update()
        ).all()
        self._skip([row for row in rows if row.state == DeliveryState.PENDING])
        mine = [row for row in rows if row.theirs]
        blank = {"email": "", "contact_id": None, "reason": ""}
        self._update([row.id for row in mine], **blank)
        self._update([row.id for row in rows], shown_as=None)
        self.found["deliveries"] = len(mine)
        self.in_flight = sum(
            row.state in {DeliveryState.SENDING, DeliveryState.IN_DOUBT} for row in mine
        )
        self._drop_contents()
        self._blank_events_of([row.id for row in mine])

    def _skip(self, rows: Sequence[Row[Any]]) -> None:
        """They are erased, or a test shows them: none of it is sent."""
        state, code = DeliveryState.SKIPPED.value, SkipReason.ERASED.value
        self._update([row.id for row in rows], state=state, code=code)
        counts = Counter(row.run_id for row in rows)
        moves = {(run, DeliveryState.PENDING.value, state): count for run, count in counts.items()}
        for run_id, run in move_counts(self.connection, moves).items():
            finish_if_done(self.connection, run_id, self.now, run)
        self.found["skipped"] = len(rows)

    def _update(self, ids: Sequence[int], **values: Any) -> None:
        if ids:
            which = update(DELIVERY).where(DELIVERY.c.id.in_(ids_of(self.connection)))
            self.connection.execute(which.values(**values), {"b_ids": values_text(list(ids))})

    def _drop_contents(self) -> None:
        """Drop the contents of relayed mails to the erased that nobody else is waiting for."""
        erased, other = DELIVERY.alias("erased"), DELIVERY.alias("other")
        of_erased = (erased.c.relayed_id == _PAYLOAD.c.mail_id) & (erased.c.email == "")
        theirs = select(_PAYLOAD.c.mail_id).join(erased, of_erased)
        mails = set(self.connection.execute(theirs).scalars())
        waiting = theirs.join(other, other.c.relayed_id == _PAYLOAD.c.mail_id).where(
            other.c.state.in_(_UNSETTLED), other.c.email != ""
        )
        needed = set(self.connection.execute(waiting).scalars())
        self.relayed = len(needed)
        drop = delete(_PAYLOAD).where(_PAYLOAD.c.mail_id.in_(ids_of(self.connection)))
        given = {"b_ids": values_text(sorted(mails - needed))}
        self.found["relayed mails"] = self.connection.execute(drop, given).rowcount

    # events

    def _blank_events_of(self, delivery_ids: Sequence[int]) -> None:
        """Their events say no more than what happened, and which link was followed."""
        if not delivery_ids:
            return
        theirs = _EVENT.c.delivery_id.in_(ids_of(self.connection))
        given = {"b_ids": values_text(list(delivery_ids))}
        blanked = update(_EVENT).where(theirs).values(raw=None)
        self.found["events"] = self.connection.execute(blanked, given).rowcount
        self.connection.execute(words_blanked(theirs), given)

    def events(self, ids: Sequence[int]) -> None:
        """The same for events of other mail that name them; and messages nobody could read."""
        which = _EVENT.c.id.in_(ids_of(self.connection)), _EVENT.c.raw.is_not(None)
        blanked = self.connection.execute(
            update(_EVENT).where(*which).values(raw=None), {"b_ids": values_text(list(ids))}
        )
        self.found["events"] += blanked.rowcount
        unreadable = quarantined_naming(self.connection, self.text)
        gone = delete(_QUARANTINED).where(_QUARANTINED.c.id.in_(unreadable))
        self.found["events"] += self.connection.execute(gone).rowcount

    # the contact

    def contact(self) -> None:
        """The contact with its lists, checks and choices."""
        if not self.contact_id:
            return
        run, mine = self.connection.execute, self.contact_id
        self.found["lists"] = run(
            delete(MEMBERSHIP).where(MEMBERSHIP.c.contact_id == mine)
        ).rowcount
        run(delete(REFUSAL).where(REFUSAL.c.contact_id == mine))
        run(delete(_CHECK).where(_CHECK.c.contact_id == mine))
        choices = update(_CHOICE).where(_CHOICE.c.contact_id == mine)
        self.found["choices"] = run(choices.values(contact_id=None, detail={})).rowcount
        self.found["contact"] = run(delete(CONTACT).where(CONTACT.c.id == mine)).rowcount

    def suppressions(self) -> None:
        """Suppressed or not, they get no mail: the hash says so. And what waits to be confirmed."""
        for table in (SUPPRESSION, _LISTED, _REQUEST):
            gone = delete(table).where(table.c.email_key == self.address.key)
            kind = "requests" if table is _REQUEST else "suppressions"
            self.found[kind] += self.connection.execute(gone).rowcount

    # everything that tells of them

    def changes(self) -> None:
        """The journal: changes of them can't be undone any more, those of many without them."""
        mine = (ROW.c.value == self.address.key) | (ROW.c.contact_id == (self.contact_id or -1))
        rows = self.connection.execute(
            select(ROW.c.change_id, func.count().label("count")).where(mine).group_by("change_id")
        ).all()
        self.connection.execute(delete(ROW).where(mine))
        # An import is of many, and has no row for each: it stays, and so does its size.
        others = CHANGE.c.kind != ChangeKind.IMPORTED.value
        for row in rows:
            smaller = update(CHANGE).where(CHANGE.c.id == row.change_id, others)
            self.connection.execute(smaller.values(size=CHANGE.c.size - row.count))
        columns = (CHANGE.c.id, CHANGE.c.said, CHANGE.c.detail, CHANGE.c.size)
        told = self.connection.execute(select(*columns).where(others)).all()
        gone = [row.id for row in told if row.size <= 0 or self._tells(row)]
        self.connection.execute(delete(ROW).where(ROW.c.change_id.in_(gone)))
        self.connection.execute(delete(CHANGE).where(CHANGE.c.id.in_(gone)))
        self.found["changes"] = len({*gone, *(row.change_id for row in rows)})

    def _tells(self, change: Row[Any]) -> bool:
        """Whether the change is one of them alone."""
        if self.contact_id and change.detail.get("contact_id") == self.contact_id:
            return True
        return self.text.is_in(change.said)

    def free_text(self) -> None:
        """Texts of programs, files and other people; filters that look for them."""
        filters = self.connection.execute(select(_FILTER.c.name, _FILTER.c.words)).all()
        names = [each.name for each in filters if self.text.is_in(each.words)]
        self.connection.execute(delete(_FILTER).where(_FILTER.c.name.in_(names)))
        self.found["filters"] = len(names)
        for table, count in scrub(self.connection, self.text).items():
            self.found["events" if table == "ses_event" else "mentions"] += count
