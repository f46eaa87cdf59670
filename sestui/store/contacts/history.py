"""A contact's lists, deliveries, and the runs without it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import func
from sqlmodel import col, select

from sestui.core.clock import Instant
from sestui.core.delivery.states import RunKind
from sestui.store.db.database import Database
from sestui.store.db.tables import Campaign, Contact, ContactList, Delivery, Membership, Run

MOST_DELIVERIES = 500
_MOST_TEST_RUNS = 100
_MOST_OTHER_RUNS = 50


@dataclass(frozen=True, slots=True)
class Joined:
    """A list the contact is on."""

    name: str
    at: Instant


@dataclass(frozen=True, slots=True)
class PastRun:
    """A run, with the contact's delivery in it if there is one."""

    campaign: str
    lists: tuple[str, ...]
    """The campaign's lists as they are now."""
    run: Run
    delivery: Delivery | None


class ContactHistory:
    """Reads single contacts' history, by an index step for each row."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def lists(self, contact_id: int) -> list[Joined]:
        """The contact's lists by name."""
        with self._database.read() as session:
            rows = session.exec(
                select(ContactList.name, Membership.joined_at)
                .join(Membership, col(Membership.list_id) == col(ContactList.id))
                .where(Membership.contact_id == contact_id)
                .order_by(ContactList.name)
            )
            return [Joined(*row) for row in rows]

    def deliveries(self, contact: Contact, *, limit: int | None = MOST_DELIVERIES) -> list[PastRun]:
        """The contact's deliveries in campaigns' runs, newest first; all of them for None."""
        statement = (
            select(Campaign.name, Campaign.lists, Run, Delivery)
            .join(Run, col(Run.id) == col(Delivery.run_id))
            .join(Campaign, col(Campaign.id) == col(Run.campaign_id))
            .where(Delivery.contact_id == contact.id)
            .order_by(col(Delivery.id).desc())
            .limit(limit)
        )
        with self._database.read() as session:
            return [
                PastRun(name, tuple(lists), run, delivery)
                for name, lists, run, delivery in session.exec(statement)
            ]

    def tests(self, emails: Sequence[str]) -> list[PastRun]:
        """Test mails to any of these addresses in the newest tests, newest first.

        A test's deliveries belong to no contact, and are too few to need an index by address.
        """
        return self._by_address(emails, {RunKind.TEST}, limit=_MOST_TEST_RUNS)

    def without_contact(self, emails: Sequence[str]) -> list[PastRun]:
        """All mail to these addresses that belongs to no contact: tests, notices, relayed mail.

        It looks through all of that mail: about a second for a million of it.
        """
        return self._by_address(emails, set(RunKind) - {RunKind.CAMPAIGN})

    def _by_address(
        self, emails: Sequence[str], kinds: Collection[RunKind], *, limit: int | None = None
    ) -> list[PastRun]:
        newest = (
            select(Run.id)
            .where(col(Run.kind).in_([kind.value for kind in kinds]))
            .order_by(col(Run.id).desc())
            .limit(limit)
        )
        with self._database.read() as session:
            statement = (
                select(Campaign.name, Campaign.lists, Run, Delivery)
                .join(Run, col(Run.id) == col(Delivery.run_id))
                .join(Campaign, col(Campaign.id) == col(Run.campaign_id))
                .where(
                    col(Delivery.run_id).in_(newest),
                    func.lower(Delivery.email).in_({email.lower() for email in emails}),
                )
                .order_by(col(Delivery.id).desc())
            )
            return [
                PastRun(name, tuple(lists), run, delivery)
                for name, lists, run, delivery in session.exec(statement)
            ]

    def runs_without(self, contact_id: int) -> list[PastRun]:
        """The newest campaign runs in which the contact has no delivery."""
        newest = (
            select(Run.id)
            .where(Run.kind == RunKind.CAMPAIGN.value)
            .order_by(col(Run.id).desc())
            .limit(_MOST_OTHER_RUNS)
        )
        with self._database.read() as session:
            statement = (
                select(Campaign.name, Campaign.lists, Run)
                .join(Campaign, col(Campaign.id) == col(Run.campaign_id))
                .outerjoin(
                    Delivery,
                    (col(Delivery.run_id) == col(Run.id))
                    & (col(Delivery.contact_id) == contact_id),
                )
                .where(col(Run.id).in_(newest), col(Delivery.id).is_(None))
                .order_by(col(Run.id).desc())
            )
            return [
                PastRun(name, tuple(lists), run, None)
                for name, lists, run in session.exec(statement)
            ]
