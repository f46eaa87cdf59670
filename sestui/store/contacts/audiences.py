"""Audiences: counted and read, and who of them are a run's recipients."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Connection,
    Select,
    and_,
    case,
    func,
    not_,
    or_,
    select,
    union,
)
from sqlmodel import col

from sestui.core.campaign.audience import Audience
from sestui.core.campaign.follow_up import MailedBefore, Only
from sestui.core.clock import Clock
from sestui.core.delivery.local_hours import LocalHours
from sestui.core.delivery.states import HANDED_OVER_STATES, ContactStatus, DeliveryState, SkipReason
from sestui.core.segments.expression import NOTHING_ELSE, Together
from sestui.errors import NotFoundError, SegmentError
from sestui.store.contacts.audience_sql import LIST, ResolvedAudience, resolved
from sestui.store.contacts.key_queries import CONTACT, MEMBERSHIP, SUPPRESSED
from sestui.store.contacts.recipient_zones import LocalStart, local_hours
from sestui.store.db.database import Database
from sestui.store.db.tables import Campaign, Delivery, Run
from sestui.store.segments.segment_queries import unknown_in

_DELIVERY = Delivery.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass
_HANDED_OVER = _DELIVERY.c.state.in_(sorted(state.value for state in HANDED_OVER_STATES))

_MEMBERS = select(
    CONTACT.c.id, CONTACT.c.email, CONTACT.c.attributes, CONTACT.c.status, SUPPRESSED
).order_by(CONTACT.c.id)

_MOST_AUDIENCES = 200
"""Audiences counted by one statement, and remembered."""
_REMEMBERED = 20
"""How many times as long as counting took its result is remembered."""
_SEGMENT_SECONDS = 3.0
"""At least so long that of a segment, which takes several statements."""


@dataclass(frozen=True, slots=True)
class AudienceMember:
    """The fields of a contact that rendering needs."""

    contact_id: int
    email: str
    attributes: dict[str, Any]
    status: ContactStatus
    suppressed: bool = False
    """Read by :meth:`Audiences.batches` and :meth:`Audiences.members` only."""

    @property
    def can_be_mailed(self) -> bool:
        """Whether a campaign that isn't transactional reaches it."""
        return self.status is ContactStatus.ACTIVE and not self.suppressed


@dataclass(frozen=True, slots=True)
class Reach:
    """How many an audience has, and who of them gets mail."""

    contacts: int
    """Of any status."""
    mailable: int | None
    """Who can be mailed now; None: they are too many to be counted."""


class Audiences:
    """Audiences as they are now."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._counted: dict[tuple[Audience, bool | None, int | None], tuple[float, Reach | None]]
        self._counted = {}
        """What took long to count, and until when it may be told again."""

    def size(self, audience: Audience) -> int:
        """The number of contacts of any status.

        Raises:
            NotFoundError: a list, the segment, or something that it names doesn't exist.
            SegmentError: the segment can't be read.
        """
        with self._database.snapshot(), self._database.read_connection() as connection:
            return resolved(connection, audience, self._clock.now(), whole=True).size(connection)

    def sizes(self, audiences: Sequence[Audience]) -> list[int | None]:
        """The same for several at once; None if something that one names doesn't exist."""
        of_lists = [each for each in dict.fromkeys(audiences) if not each.segment]
        sizes: dict[Audience, int | None] = {}
        with self._database.snapshot(), self._database.read_connection() as connection:
            for first in range(0, len(of_lists), _MOST_AUDIENCES):
                part = of_lists[first : first + _MOST_AUDIENCES]
                columns = (column for each in part for column in _size_of(each.lists))
                row = connection.execute(select(*columns)).one()
                for each, lists, size in zip(part, row[::2], row[1::2], strict=True):
                    sizes[each] = size if lists == len(set(each.lists)) else None
            for each in audiences:
                if each not in sizes:
                    sizes[each] = self._size_if_known(each)
        return [sizes[each] for each in audiences]

    def reach(
        self, audience: Audience, *, transactional: bool, most: int | None = None
    ) -> Reach | None:
        """How many are in it, and how many of them can be mailed; None as in :meth:`sizes`.

        Who can be mailed is not counted of more than ``most``; of a million contacts it takes some
        seconds. A count that took long is told again for a while.
        """
        return self._if_known(audience, transactional, most)

    def _size_if_known(self, audience: Audience) -> int | None:
        found = self._if_known(audience, None, None)
        return None if found is None else found.contacts

    def _if_known(
        self, audience: Audience, transactional: bool | None, most: int | None
    ) -> Reach | None:
        """What took long to count is remembered for a while, as screens ask every second.

        ``transactional`` None: who can be mailed isn't asked.
        """
        asked, began = (audience, transactional, most), self._clock.monotonic()
        until, found = self._counted.get(asked, (began, None))
        if began < until:
            return found
        try:
            found = self._reach(audience, transactional, most)
        except (NotFoundError, SegmentError):
            found = None
        ended = self._clock.monotonic()
        if len(self._counted) >= _MOST_AUDIENCES:
            self._counted.clear()
        least = _SEGMENT_SECONDS if audience.segment else 0.0
        self._counted[asked] = (ended + max(least, _REMEMBERED * (ended - began)), found)
        return found

    def _reach(self, audience: Audience, transactional: bool | None, most: int | None) -> Reach:
        if transactional is None:
            return Reach(self.size(audience), None)
        with self._database.snapshot(), self._database.read_connection() as connection:
            found = resolved(connection, audience, self._clock.now(), whole=True)
            size = found.counting(connection).subquery().c[0]
            statuses = (ContactStatus.ACTIVE, ContactStatus.UNSUBSCRIBED)[: 1 + transactional]
            able = select(func.count()).select_from(CONTACT)
            able = able.where(*found.conditions(connection), CONTACT.c.status.in_(statuses))
            able = able.where(not_(SUPPRESSED))
            counted = able.scalar_subquery()
            some = counted if most is None else case((size <= most, counted))  # else not evaluated
            return Reach(*connection.execute(select(size, some)).one())

    def local_hours(self, audience: Audience, local: LocalStart) -> LocalHours:
        """Who of it gets mail with a local time when; some seconds for a million contacts.

        Raises:
            NotFoundError, SegmentError: as :meth:`size`.
        """
        with self._database.snapshot(), self._database.read_connection() as connection:
            found = resolved(connection, audience, self._clock.now(), whole=True)
            return local_hours(connection, local, found.conditions(connection))

    def sample(self, audience: Audience, most: int) -> list[str]:
        """The addresses of the newest contacts of it.

        Raises:
            NotFoundError, SegmentError: as :meth:`size`, of the segment.
        """
        with self._database.snapshot(), self._database.read_connection() as connection:
            found = resolved(connection, audience, self._clock.now())
            newest = select(CONTACT.c.email).where(*found.conditions(connection))
            newest = newest.order_by(CONTACT.c.id.desc()).limit(most)
            return list(connection.execute(newest).scalars())

    def follow_up_size(self, campaign: Campaign, only: Only) -> int:
        """The size of a follow-up now; takes seconds for a million contacts.

        Raises:
            NotFoundError, SegmentError: as :meth:`size`, of the segment.
        """
        with self._database.snapshot(), self._database.read_connection() as connection:
            found = resolved(connection, Audience.of(campaign), self._clock.now())
            where = (*found.conditions(connection), *_follow_up(campaign.id, None, only))
            counted = select(func.count()).select_from(CONTACT).where(*where)
            return int(connection.execute(counted).scalar_one())

    def mailed_before(self, campaign: Campaign) -> MailedBefore:
        """How many who would be mailed now may have it from its runs, and from which most.

        As slow as :meth:`follow_up_size`. Raises: as there.
        """
        with self._database.snapshot(), self._database.read_connection() as connection:
            found = resolved(connection, Audience.of(campaign), self._clock.now())
            them = _mailed(campaign.id, found.conditions(connection))
            count, number = func.count(), col(Run.number)
            by_run = them.add_columns(number, count).group_by(number)
            most = connection.execute(by_run.order_by(count.desc(), number).limit(1)).first()
            if most is None:
                return MailedBefore()
            everybody = them.add_columns(func.count(_DELIVERY.c.contact_id.distinct()))
            whole = int(connection.execute(everybody).scalar_one())
            return MailedBefore(whole, int(most[0]), int(most[1]))

    def segment_fault(
        self,
        audience: Audience,
        together: Together = NOTHING_ELSE,
    ) -> str:
        """Why nobody can be found by its segment, as a sentence; '' if it is as it should be.

        ``together`` is what is going to be saved with it.
        """
        try:
            with self._database.read_connection() as connection:
                resolved(connection, audience, self._clock.now(), together=together)
        except (NotFoundError, SegmentError) as error:
            return str(error)
        return ""

    def unknown_names(self, audience: Audience) -> list[str]:
        """Attributes and tags of its segment that no contact has, as ``the attribute 'plna'``.

        Of a segment with a fault, none.
        """
        with self._database.read_connection() as connection:
            try:
                segment = resolved(connection, audience, self._clock.now()).segment
            except (NotFoundError, SegmentError):
                return []
            return [] if segment is None else unknown_in(connection, segment)

    def batches(self, audience: Audience, batch: int = 1000) -> Iterator[list[AudienceMember]]:
        """Contacts of any status by id, up to ``batch`` at a time.

        Each batch is a separate read, so a slow consumer keeps no transaction open, but contacts
        that join meanwhile may be missed.

        Raises:
            NotFoundError, SegmentError: as :meth:`size`.
        """
        with self._database.read_connection() as connection:
            found = resolved(connection, audience, self._clock.now(), whole=True)
            where = found.in_segment(connection)
        last: int | None = 0
        while True:
            page = _page(found, last, batch).subquery()
            statement = _MEMBERS.join(page, page.c.contact_id == CONTACT.c.id).where(*where)
            with self._database.snapshot(), self._database.read_connection() as connection:
                last = connection.execute(select(func.max(page.c.contact_id))).scalar()
                if last is None:
                    return
                members = _members(connection.execute(statement))
            if members:
                yield members

    def members(self, contact_ids: Sequence[int]) -> list[AudienceMember]:
        """These contacts by id, of any status; those that are gone are left out."""
        with self._database.read_connection() as connection:
            return _members(connection.execute(_MEMBERS.where(CONTACT.c.id.in_(contact_ids))))


def _members(rows: Iterable[Any]) -> list[AudienceMember]:
    return [
        AudienceMember(contact_id, email, attributes, ContactStatus(status), held)
        for contact_id, email, attributes, status, held in rows
    ]


def _size_of(names: Sequence[str]) -> tuple[ColumnElement[int], ColumnElement[int]]:
    """The number of existing lists, and of contacts on any of them."""
    lists = select(LIST.c.id).where(LIST.c.name.in_(names))
    members = select(MEMBERSHIP.c.contact_id).where(MEMBERSHIP.c.list_id.in_(lists))
    if len(names) > 1:
        members = members.distinct()
    found, people = (select(func.count()).select_from(each.subquery()) for each in (lists, members))
    return found.scalar_subquery(), people.scalar_subquery()


def _page(
    audience: ResolvedAudience, last: int | None, size: int
) -> Select[Any] | CompoundSelect[Any]:
    """The next contact ids after ``last``, by a short index scan for each list."""
    if audience.list_ids is None:
        every = CONTACT.c.id
        walk = select(every.label("contact_id")).where(every > last)
        return walk.order_by(every).limit(size)
    walks: list[Select[Any]] = [
        select(MEMBERSHIP.c.contact_id.label("contact_id"))
        .where(MEMBERSHIP.c.list_id == list_id, MEMBERSHIP.c.contact_id > last)
        .order_by(MEMBERSHIP.c.contact_id)
        .limit(size)
        for list_id in audience.list_ids
    ]
    if not walks:
        return audience.members()
    if len(walks) == 1:
        return walks[0]
    merged = union(*(select(walk.subquery().c.contact_id) for walk in walks))
    return merged.order_by("contact_id").limit(size)


def recipients_of(
    connection: Connection, run: Run, audience: ResolvedAudience, only: Only | None
) -> list[ColumnElement[bool]]:
    """What the contacts fulfil who are to be the run's recipients."""
    where = audience.conditions(connection)
    return where if only is None else [*where, *_follow_up(run.campaign_id, run.id, only)]


def _mailed(campaign_id: int, audience: Sequence[ColumnElement[bool]]) -> Select[Any]:
    """The campaign's deliveries that may have reached those of the audience who may be mailed."""
    return (
        select()
        .select_from(_DELIVERY)
        .join(Run, col(Run.id) == _DELIVERY.c.run_id)
        .join(CONTACT, CONTACT.c.id == _DELIVERY.c.contact_id)
        .where(
            col(Run.campaign_id) == campaign_id,
            _HANDED_OVER,
            *audience,
            *mailable(campaign_id),
        )
    )


def mailable(campaign_id: int) -> list[ColumnElement[bool]]:
    """Conditions on contacts whom the campaign may mail now."""
    transactional = select(col(Campaign.transactional)).where(col(Campaign.id) == campaign_id)
    taken = or_(
        CONTACT.c.status == ContactStatus.ACTIVE.value,
        and_(
            CONTACT.c.status == ContactStatus.UNSUBSCRIBED.value,
            transactional.scalar_subquery(),
        ),
    )
    return [taken, not_(SUPPRESSED)]


def _follow_up(campaign_id: int, run_id: int | None, only: Only) -> list[ColumnElement[bool]]:
    """Conditions on contacts by the results of the campaign's runs except ``run_id``.

    Those who may not be mailed are none of them: they would be skipped once more, and the follow-up
    would be offered again for ever. Nor are those who were held out, whatever the campaign says by
    now.
    """
    may_get_it = mailable(campaign_id)
    earlier = (
        select(_DELIVERY.c.id)
        .join(Run, col(Run.id) == _DELIVERY.c.run_id)
        .where(col(Run.campaign_id) == campaign_id, _DELIVERY.c.contact_id == CONTACT.c.id)
    )
    if run_id is not None:
        earlier = earlier.where(col(Run.id) != run_id)
    if only is Only.JOINED:
        return [*may_get_it, ~earlier.exists()]
    may_have_it = earlier.where(or_(_HANDED_OVER, _DELIVERY.c.code == SkipReason.HOLDOUT.value))
    conditions = [*may_get_it, ~may_have_it.exists()]
    if only is Only.FAILED:
        refused = earlier.where(_DELIVERY.c.state == DeliveryState.REJECTED.value)
        conditions.append(refused.exists())
    return conditions
