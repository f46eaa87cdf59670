"""Statistics of sent mail by campaign."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import func, select
from sqlmodel import col

from sestui.core.clock import Instant
from sestui.core.delivery.states import RunKind
from sestui.store.db.database import Database
from sestui.store.db.tables import Campaign, Run


class CampaignFigures(NamedTuple):
    """A campaign's results."""

    campaign: str
    runs: int
    accepted: int
    rejected: int
    in_doubt: int
    skipped: int
    pending: int
    """Pending or in flight."""


def figures_since(database: Database, since: Instant) -> Sequence[CampaignFigures]:
    """Results by campaign of runs since ``since``, without tests and notices."""
    total = func.sum
    with database.read() as session:
        rows = session.execute(
            select(
                col(Campaign.name),
                func.count(),
                total(col(Run.accepted)),
                total(col(Run.rejected)),
                total(col(Run.in_doubt)),
                total(col(Run.skipped)),
                total(col(Run.pending) + col(Run.sending)),
            )
            .join(Run, col(Run.campaign_id) == col(Campaign.id))
            .where(col(Run.started_at) >= since, col(Run.kind) == RunKind.CAMPAIGN.value)
            .group_by(col(Campaign.name))
            .order_by(col(Campaign.name))
        ).all()
    return [CampaignFigures(row[0], *map(int, row[1:])) for row in rows]
