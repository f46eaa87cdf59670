"""The first steps of a new user: whether there are contacts and campaigns."""

from dataclasses import dataclass

from sqlalchemy import exists
from sqlalchemy import select as sa_select
from sqlmodel import col

from sestui.store.db.database import Database
from sestui.store.db.tables import Campaign, Contact

_BEGUN = sa_select(exists(sa_select(col(Contact.id))), exists(sa_select(col(Campaign.id))))


@dataclass(frozen=True, slots=True)
class Begun:
    """What there is already."""

    contacts: bool = False
    campaigns: bool = False


def begun(database: Database) -> Begun:
    """Whether there are contacts, and campaigns; one statement, however many there are."""
    with database.read() as session:
        contacts, campaigns = session.execute(_BEGUN).one()
    return Begun(bool(contacts), bool(campaigns))
