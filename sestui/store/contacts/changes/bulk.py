"""Something done to many contacts: one transaction, with its entry in the journal."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from sqlalchemy import (
    JSON,
    Connection,
    Delete,
    Insert,
    Select,
    Update,
    delete,
    insert,
    literal,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import col

from sestui.core.clock import Instant
from sestui.core.delivery.states import MANUAL
from sestui.core.text import printable
from sestui.errors import NotFoundError, StateError
from sestui.store.contacts.changes.journal import ROW, ChangeKind, begin, finish, forget_old
from sestui.store.contacts.changes.selection import (
    OnProgress,
    Selection,
    id_chunks,
    id_values,
    no_progress,
)
from sestui.store.contacts.erased import hold_off_erasure
from sestui.store.contacts.key_queries import (
    CONTACT,
    MEMBERSHIP,
    OF_ONE_ADDRESS,
    SUPPRESSION,
    on_list,
)
from sestui.store.contacts.refusals import REFUSAL, not_refused
from sestui.store.contacts.tags_sql import has_tag, place_of_tag, with_tag, without_tag
from sestui.store.db.database import Database
from sestui.store.db.tables import ContactList

JOINED, LEFT = "joined", "left"
"""What rows of the journal say of memberships."""
REFUSED = "refused"
"""What they say of contacts who had left a list by their own word before."""

_ROW = ("change_id", "contact_id", "list_id", "value", "at")


@dataclass(frozen=True, slots=True)
class Changed:
    """The result of a change to many contacts."""

    matched: int
    """Contacts that were meant."""
    changed: int
    """Those of them that were not like that before."""
    said: str
    """As a sentence without its full stop."""


@dataclass(frozen=True, slots=True)
class At:
    """Which change it is, and when."""

    change_id: int
    now: Instant


class BulkAction(ABC):
    """Something that can be done to many contacts."""

    kind: ClassVar[ChangeKind]

    @abstractmethod
    def summary(self, count: int) -> str:
        """The result for a number of contacts, as a sentence without its full stop."""

    def prepare(self, connection: Connection, now: Instant) -> dict[str, Any]:
        """Prepare the change; returns what its undo needs."""
        return {}

    beside: int = 0
    """Rows of the journal beside the contacts that it changed."""

    @abstractmethod
    def step(self, connection: Connection, at: At, ids: Sequence[int]) -> int:
        """Do it to these contacts; how many of them it changed."""


@dataclass
class Suppress(BulkAction):
    """Never mail the contacts again; who is suppressed already stays so, whatever becomes
    of SES's list."""

    reason: str
    kind: ClassVar[ChangeKind] = ChangeKind.SUPPRESSED

    def summary(self, count: int) -> str:
        """See :meth:`BulkAction.summary`."""
        return f"Suppressed {counted(count)}"

    def step(self, connection: Connection, at: At, ids: Sequence[int]) -> int:
        """See :meth:`BulkAction.step`."""
        known = select(SUPPRESSION.c.email_key).where(OF_ONE_ADDRESS).exists()
        fresh = _rows(at, CONTACT.c.id, value=CONTACT.c.email_key, moment=at.now)
        changed = _noted(connection, fresh.where(_among(connection, CONTACT.c.id, ids), ~known))
        rows = select(ROW.c.value, literal(MANUAL), literal(self.reason), literal(at.now)).where(
            ROW.c.change_id == at.change_id, _among(connection, ROW.c.contact_id, ids)
        )
        into = ["email_key", "reason", "detail", "created_at"]
        insert_new(connection, SUPPRESSION, into, rows)
        self.beside += self._keep(connection, at, ids)
        return changed

    def _keep(self, connection: Connection, at: At, ids: Sequence[int]) -> int:
        """Let who is suppressed as SES says stay so; how many were not kept before."""
        ours = SUPPRESSION.c.reason != MANUAL, SUPPRESSION.c.kept.is_(False)
        rows = _rows(at, CONTACT.c.id, value=CONTACT.c.email_key, moment=SUPPRESSION.c.created_at)
        kept = rows.add_columns(literal(kept_before(), JSON)).join(SUPPRESSION, OF_ONE_ADDRESS)
        among = _among(connection, CONTACT.c.id, ids)
        noted = _noted(connection, kept.where(among, *ours), (*_ROW, "before"))
        meant = select(CONTACT.c.email_key).where(among)
        connection.execute(
            update(SUPPRESSION).where(SUPPRESSION.c.email_key.in_(meant), *ours).values(kept=True)
        )
        return noted


@dataclass
class _TagChange(BulkAction):
    """A change of one tag, of those contacts that it changes."""

    tag: str

    @abstractmethod
    def terms(self, *, sqlite: bool) -> tuple[Any, Any, Any]:
        """SQL for the contacts it changes, their tags afterwards, and what undoing needs to know
        of each, a number.
        """

    def step(self, connection: Connection, at: At, ids: Sequence[int]) -> int:
        """See :meth:`BulkAction.step`."""
        meant, tags, moment = self.terms(sqlite=connection.dialect.name == "sqlite")
        rows = _rows(at, CONTACT.c.id, value=literal(self.tag), moment=moment)
        rows = rows.add_columns(CONTACT.c.updated_at)
        changed = _noted(
            connection,
            rows.where(_among(connection, CONTACT.c.id, ids), meant),
            (*_ROW, "updated_at"),
        )
        connection.execute(_retag(connection, at, ids).values(tags=tags, updated_at=at.now))
        return changed


class Tag(_TagChange):
    """Give the contacts a tag."""

    kind: ClassVar[ChangeKind] = ChangeKind.TAGGED

    def summary(self, count: int) -> str:
        """See :meth:`BulkAction.summary`."""
        return f"Tagged {counted(count)} {printable(self.tag)}"

    def terms(self, *, sqlite: bool) -> tuple[Any, Any, Any]:
        """See :meth:`_TagChange.terms`."""
        return ~has_tag(self.tag, sqlite=sqlite), with_tag(self.tag, sqlite=sqlite), 0.0


class Untag(_TagChange):
    """Take a tag from the contacts; undoing puts it back in its place."""

    kind: ClassVar[ChangeKind] = ChangeKind.UNTAGGED

    def summary(self, count: int) -> str:
        """See :meth:`BulkAction.summary`."""
        return f"Removed the tag {printable(self.tag)} from {counted(count)}"

    def terms(self, *, sqlite: bool) -> tuple[Any, Any, Any]:
        """See :meth:`_TagChange.terms`."""
        return (
            has_tag(self.tag, sqlite=sqlite),
            without_tag(self.tag, sqlite=sqlite),
            place_of_tag(self.tag, sqlite=sqlite),
        )


@dataclass
class Join(BulkAction):
    """Put the contacts on a list, which is made if need be."""

    list_name: str
    list_id: int = 0
    """Known once it is prepared."""
    kind: ClassVar[ChangeKind] = ChangeKind.MEMBERSHIPS

    def summary(self, count: int) -> str:
        """See :meth:`BulkAction.summary`."""
        return f"Added {counted(count)} to {printable(self.list_name)}"

    def prepare(self, connection: Connection, now: Instant) -> dict[str, Any]:
        """See :meth:`BulkAction.prepare`."""
        found = find_list(connection, self.list_name)
        if found is not None:
            self.list_id = found
            return {}
        lists = ContactList.__table__  # type: ignore[attr-defined] # sqlmodel's stubs don't know it
        made = insert(lists).values(name=self.list_name, created_at=now).returning(lists.c.id)
        self.list_id = int(connection.execute(made).scalar_one())
        return {"made": [self.list_id]}

    def step(self, connection: Connection, at: At, ids: Sequence[int]) -> int:
        """See :meth:`BulkAction.step`."""
        rows = _rows(at, CONTACT.c.id, list_id=self.list_id, value=literal(JOINED), moment=at.now)
        new = ~on_list(self.list_id, CONTACT.c.id), not_refused(self.list_id, CONTACT.c.id)
        changed = _noted(connection, rows.where(_among(connection, CONTACT.c.id, ids), *new))
        joined = select(ROW.c.list_id, ROW.c.contact_id, ROW.c.at).where(
            *_of_list(at, self.list_id, JOINED), _among(connection, ROW.c.contact_id, ids)
        )
        insert_new(connection, MEMBERSHIP, ["list_id", "contact_id", "joined_at"], joined)
        return changed


@dataclass
class Leave(BulkAction):
    """Take the contacts off a list."""

    list_name: str
    list_id: int = 0
    """Known once it is prepared."""
    kind: ClassVar[ChangeKind] = ChangeKind.MEMBERSHIPS

    def summary(self, count: int) -> str:
        """See :meth:`BulkAction.summary`."""
        return f"Removed {counted(count)} from {printable(self.list_name)}"

    def prepare(self, connection: Connection, now: Instant) -> dict[str, Any]:
        """See :meth:`BulkAction.prepare`.

        Raises:
            NotFoundError: there is no such list.
        """
        found = find_list(connection, self.list_name)
        if found is None:
            raise NotFoundError(f"There is no list {printable(self.list_name)!r}.")
        self.list_id = found
        return {}

    def step(self, connection: Connection, at: At, ids: Sequence[int]) -> int:
        """See :meth:`BulkAction.step`."""
        of_list = MEMBERSHIP.c.list_id == self.list_id
        rows = _rows(
            at,
            MEMBERSHIP.c.contact_id,
            list_id=self.list_id,
            value=literal(LEFT),
            moment=MEMBERSHIP.c.joined_at,
        ).where(of_list, _among(connection, MEMBERSHIP.c.contact_id, ids))
        changed = _noted(connection, rows)
        connection.execute(_left(connection, of_list, ids))
        return changed


def change_selected(
    database: Database,
    selection: Selection,
    action: BulkAction,
    now: Instant,
    *,
    confirmed: int | None = None,
    on_progress: OnProgress = no_progress,
) -> Changed:
    """Do it to all that are meant, or, if anything goes wrong or ``on_progress`` raises, to none.

    Raises:
        NotFoundError: there is no list by that name.
        StateError: more contacts are meant by now than were ``confirmed``.
    """
    matched = changed = 0
    with database.write_connection() as connection:
        hold_off_erasure(connection)
        forget_old(connection, now)
        at = At(begin(connection, action.kind, now), now)
        detail = action.prepare(connection, now)
        for ids in id_chunks(connection, selection, on_progress):
            matched += len(ids)
            changed += action.step(connection, at, ids)
        if confirmed is not None and matched > confirmed:
            raise StateError(
                f"{counted(matched)} match by now instead of {confirmed:,}; nothing has been "
                "changed. Look again, and repeat it if that is right."
            )
        said = action.summary(changed)
        size = changed + action.beside + len(detail.get("made", ()))
        finish(connection, at.change_id, said, size, detail)
    return Changed(matched, changed, said)


def counted(count: int) -> str:
    """``1 contact``, ``1,204 contacts``."""
    return "1 contact" if count == 1 else f"{count:,} contacts"


def kept_before() -> dict[str, Any]:
    """What the journal says of a suppression that is kept from now on, as the operator wants it."""
    return {"kept": False, "by": MANUAL}


def find_list(connection: Connection, name: str) -> int | None:
    """The id of the list by that name; None: there is none."""
    found = connection.execute(
        select(col(ContactList.id)).where(col(ContactList.name) == name)
    ).scalar()
    return None if found is None else int(found)


def forget_refusal(connection: Connection, at: At, list_id: int, contact_id: int) -> None:
    """Forget that the contact has left the list by their own word; an undo remembers it."""
    where = REFUSAL.c.list_id == list_id, REFUSAL.c.contact_id == contact_id
    rows = _rows(
        at, REFUSAL.c.contact_id, list_id=list_id, value=literal(REFUSED), moment=REFUSAL.c.at
    )
    _noted(connection, rows.where(*where))
    connection.execute(delete(REFUSAL).where(*where))


def insert_new(connection: Connection, table: Any, into: Sequence[str], rows: Select[Any]) -> None:
    """Insert rows that don't exist yet; another process may have inserted some."""
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    connection.execute(dialect.insert(table).from_select(list(into), rows).on_conflict_do_nothing())


def _rows(
    at: At, contact_id: Any, *, value: Any, list_id: int = 0, moment: Any = 0.0
) -> Select[Any]:
    return select(
        literal(at.change_id),
        contact_id,
        literal(list_id),
        value,
        literal(moment) if isinstance(moment, float) else moment,
    )


def _noted(connection: Connection, rows: Select[Any], columns: Sequence[str] = _ROW) -> int:
    """Put the rows into the journal; how many they are."""
    noted: Insert = insert(ROW).from_select(list(columns), rows)
    return connection.execute(noted, execution_options={"preserve_rowcount": True}).rowcount


def _among(connection: Connection, column: Any, ids: Sequence[int]) -> Any:
    return column.in_(id_values(connection, ids))


def _of_list(at: At, list_id: int, value: str) -> tuple[Any, ...]:
    return (
        ROW.c.change_id == at.change_id,
        ROW.c.list_id == list_id,
        ROW.c.value == value,
    )


def _retag(connection: Connection, at: At, ids: Sequence[int]) -> Update:
    """An update of those of the contacts that the journal has."""
    noted = select(ROW.c.contact_id).where(
        ROW.c.change_id == at.change_id, _among(connection, ROW.c.contact_id, ids)
    )
    return update(CONTACT).where(CONTACT.c.id.in_(noted))


def _left(connection: Connection, of_list: Any, ids: Sequence[int]) -> Delete:
    return delete(MEMBERSHIP).where(of_list, _among(connection, MEMBERSHIP.c.contact_id, ids))
