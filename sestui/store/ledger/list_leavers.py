"""Recipients who left a run's lists by their own word after it had started."""

from collections.abc import Sequence, Set
from typing import Any

from sqlalchemy import Connection, Row, select
from sqlmodel import col

from sestui.store.contacts.refusals import REFUSAL
from sestui.store.db.tables import Campaign, ContactList, Membership, Run


def who_left(connection: Connection, run_id: int, rows: Sequence[Row[Any]]) -> Set[int]:
    """The contacts of ``rows``, which are claimable, who left all of the campaign's lists.

    Only those who have ever left a list cost a query; the claim itself says who they are.
    """
    asked = [row.contact_id for row in rows if row.refuses_lists and row.shown_as is None]
    if not asked:
        return frozenset()
    lists = connection.execute(
        select(col(Campaign.lists))
        .join(Run, col(Run.campaign_id) == col(Campaign.id))
        .where(col(Run.id) == run_id)
    ).scalar_one()
    ids = select(col(ContactList.id)).where(col(ContactList.name).in_(lists))
    refused = select(REFUSAL.c.contact_id).where(
        REFUSAL.c.contact_id.in_(asked), REFUSAL.c.list_id.in_(ids)
    )
    members = select(col(Membership.contact_id)).where(
        col(Membership.contact_id).in_(asked), col(Membership.list_id).in_(ids)
    )
    left = set(connection.execute(refused).scalars())
    return left.difference(connection.execute(members).scalars()) if left else left
