"""Results of address checks, and the contact statuses that follow from them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import BindParameter, Connection, bindparam, or_, select, text, update
from sqlmodel import col

from sestui.core.clock import Instant
from sestui.core.contact.address_check import address_key
from sestui.core.contact.address_verdict import AddressVerdict, Checked
from sestui.core.delivery.states import ContactStatus
from sestui.errors import NotFoundError
from sestui.store.db.database import Database
from sestui.store.db.tables import Contact, ContactList, Membership
from sestui.store.tasks.tables import ContactCheck

_CONTACT = Contact.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass
_CHECK = ContactCheck.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass

_UPSERT = text(
    "INSERT INTO contact_check (contact_id, verdict, reason, checked_at, decided) "
    "SELECT id, :verdict, :reason, :now, :no FROM contact WHERE id = :contact_id "
    "ON CONFLICT (contact_id) DO UPDATE SET verdict = excluded.verdict, "
    "reason = excluded.reason, checked_at = excluded.checked_at"
)
"""Selects from the contact, which may have been erased meanwhile."""

_IDS: BindParameter[int] = bindparam("ids", expanding=True)
_DECIDED = select(_CHECK.c.contact_id).where(
    _CHECK.c.contact_id == _CONTACT.c.id, _CHECK.c.decided.is_(True)
)
_ACTIVE = select(_CONTACT.c.id).where(
    _CONTACT.c.id == _CHECK.c.contact_id, _CONTACT.c.status == ContactStatus.ACTIVE.value
)
_DECIDE = update(_CHECK).where(_CHECK.c.contact_id.in_(_IDS), _ACTIVE.exists()).values(decided=True)
_UNDECIDE = (
    update(_CHECK)
    .where(_CHECK.c.contact_id.in_(_IDS), _CHECK.c.decided.is_(True))
    .values(decided=False)
)
_HEAL = (
    update(_CONTACT)
    .where(
        _CONTACT.c.id.in_(_IDS),
        _CONTACT.c.status == ContactStatus.INVALID.value,
        _DECIDED.exists(),
    )
    .values(status=ContactStatus.ACTIVE.value, status_reason="", updated_at=bindparam("b_now"))
)
_INVALIDATE = (
    update(_CONTACT)
    .where(_CONTACT.c.id == bindparam("b_id"), _CONTACT.c.status == ContactStatus.ACTIVE.value)
    .values(
        status=ContactStatus.INVALID.value,
        status_reason=bindparam("b_reason"),
        updated_at=bindparam("b_now"),
    )
)


@dataclass(frozen=True, slots=True)
class ToCheck:
    """A contact whose address should be checked."""

    contact_id: int | None
    """None: it is no contact's, and its result is not kept."""
    email: str


@dataclass(frozen=True, slots=True)
class StatusChanges:
    """Numbers of contacts whose status has changed."""

    invalidated: int
    """Active contacts that have become invalid."""
    healed: int
    """Contacts that an earlier check had made invalid, and that are active again."""


class AddressChecks:
    """Finds contacts to check, and writes the results.

    A check never changes unsubscribed contacts, or contacts made invalid by something else.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def due(
        self, list_names: Sequence[str], before: Instant, *, batch: int
    ) -> Iterator[list[ToCheck]]:
        """Contacts of these lists (or all) not checked since ``before``, by id.

        Each batch is a separate read, so a slow consumer keeps no transaction open.

        Raises:
            NotFoundError: a list doesn't exist.
        """
        lists = self._list_ids(list_names)
        last = 0
        while True:
            wanted = (
                select(_CONTACT.c.id, _CONTACT.c.email)
                .outerjoin(_CHECK, _CHECK.c.contact_id == _CONTACT.c.id)
                .where(
                    _CONTACT.c.id > last,
                    or_(_CHECK.c.checked_at.is_(None), _CHECK.c.checked_at < before),
                )
                .order_by(_CONTACT.c.id)
                .limit(batch)
            )
            if lists:
                member = select(col(Membership.contact_id)).where(
                    col(Membership.contact_id) == _CONTACT.c.id,
                    col(Membership.list_id).in_(lists),
                )
                wanted = wanted.where(member.exists())
            with self._database.read_connection() as connection:
                found = [ToCheck(row.id, row.email) for row in connection.execute(wanted)]
            if not found:
                return
            yield found
            last = found[-1].contact_id or last

    def of_addresses(self, typed: Sequence[str]) -> list[ToCheck]:
        """These addresses, each once, whenever they were checked; contacts' as they are written."""
        keys = list(dict.fromkeys(map(address_key, typed)))
        query = select(_CONTACT.c.email_key, _CONTACT.c.id, _CONTACT.c.email).where(
            _CONTACT.c.email_key.in_(keys)
        )
        with self._database.read_connection() as connection:
            known = {
                key: ToCheck(number, email) for key, number, email in connection.execute(query)
            }
        return [known.get(key) or ToCheck(None, key) for key in keys]

    def write(
        self, found: Sequence[tuple[int, Checked]], now: Instant, *, dry_run: bool = False
    ) -> StatusChanges:
        """Write results by contact id, and change statuses, in one transaction.

        ``dry_run`` counts, and changes nothing.
        """
        if not found:
            return StatusChanges(0, 0)
        with self._database.write_connection() as connection:
            connection.execute(
                _UPSERT,
                [
                    {
                        "contact_id": contact_id,
                        "verdict": checked.verdict.value,
                        "reason": checked.reason,
                        "now": now,
                        "no": False,
                    }
                    for contact_id, checked in found
                ],
            )
            invalid = [(i, c.reason) for i, c in found if c.verdict is AddressVerdict.INVALID]
            good = {AddressVerdict.VALID, AddressVerdict.UNVERIFIED}
            valid = [i for i, c in found if c.verdict in good]
            changes = StatusChanges(
                invalidated=_invalidated(connection, invalid, now),
                healed=_healed(connection, valid, now),
            )
            if dry_run:
                connection.rollback()
            return changes

    def of(self, contact_id: int) -> ContactCheck | None:
        """The contact's last check; None if it was never checked."""
        with self._database.read() as session:
            return session.get(ContactCheck, contact_id)

    def _list_ids(self, names: Sequence[str]) -> list[int]:
        with self._database.read_connection() as connection:
            rows = connection.execute(
                select(col(ContactList.name), col(ContactList.id)).where(
                    col(ContactList.name).in_(names)
                )
            ).all()
        known = {row.name: int(row.id) for row in rows}
        for name in names:
            if name not in known:
                raise NotFoundError(f"There is no list {name!r}.")
        return list(known.values())


def _invalidated(connection: Connection, invalid: list[tuple[int, str]], now: Instant) -> int:
    if not invalid:
        return 0
    count = connection.execute(_DECIDE, {"ids": [contact_id for contact_id, _ in invalid]}).rowcount
    rows = [{"b_id": i, "b_reason": reason, "b_now": now} for i, reason in invalid]
    connection.execute(_INVALIDATE, rows)
    return count


def _healed(connection: Connection, valid: list[int], now: Instant) -> int:
    if not valid:
        return 0
    count = connection.execute(_HEAL, {"ids": valid, "b_now": now}).rowcount
    connection.execute(_UNDECIDE, {"ids": valid})
    return count
