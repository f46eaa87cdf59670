"""Segments of campaigns, which name lists, campaigns and saved segments as saved ones do."""

import json
from dataclasses import dataclass

from sqlalchemy import Connection, select, update

from sestui.core.clock import Instant
from sestui.core.delivery.states import ENDED_RUN_STATES
from sestui.core.segments.chosen import chosen
from sestui.core.segments.names import Refers
from sestui.core.text import printable
from sestui.errors import StateError
from sestui.store.db.tables import Campaign, Run

_CAMPAIGN = Campaign.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass
_RUN = Run.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass

_ENDED = sorted(state.value for state in ENDED_RUN_STATES)


@dataclass(frozen=True, slots=True)
class CampaignSegment:
    """The segment of a campaign."""

    campaign_id: int
    campaign: str
    """The campaign's name."""
    text: str


def campaigns_naming(connection: Connection, kind: Refers, name: str) -> list[CampaignSegment]:
    """The campaigns whose own segments name this list, campaign or segment; by name."""
    columns = _CAMPAIGN.c
    rows = connection.execute(
        select(columns.id, columns.name, columns.segment)
        .where(columns.segment != "")
        .order_by(columns.name)
    )
    return [
        CampaignSegment(row.id, row.name, row.segment)
        for row in rows
        if name in chosen(row.segment).names(kind)
    ]


def rename_in_campaigns(
    connection: Connection, kind: Refers, name: str, new_name: str, now: Instant
) -> None:
    """Let segments of campaigns that name a list or campaign name it as it is called now."""
    for each in campaigns_naming(connection, kind, name):
        text = chosen(each.text).renamed(kind, name, new_name)
        write_campaign_segment(connection, each.campaign_id, text, now)


def campaign_segment(connection: Connection, campaign_id: int) -> str | None:
    """The campaign's segment; None if it is gone."""
    found = select(_CAMPAIGN.c.segment).where(_CAMPAIGN.c.id == campaign_id)
    text: str | None = connection.execute(found).scalar()
    return text


def write_campaign_segment(
    connection: Connection, campaign_id: int, text: str, now: Instant
) -> None:
    """Give the campaign another segment."""
    where = _CAMPAIGN.c.id == campaign_id
    connection.execute(update(_CAMPAIGN).where(where).values(segment=text, updated_at=now))


def refuse_list_of_runs(connection: Connection, list_id: int, name: str) -> None:
    """Keep a list that decides who is still in the segment of a run.

    Raises:
        StateError: there is such a run that has not ended.
    """
    rows = connection.execute(
        select(_CAMPAIGN.c.name, _RUN.c.number, _RUN.c.frozen_segment)
        .join(_CAMPAIGN, _CAMPAIGN.c.id == _RUN.c.campaign_id)
        .where(_RUN.c.frozen_segment != "", _RUN.c.state.not_in(_ENDED))
    )
    for row in rows:
        if list_id in json.loads(row.frozen_segment)["lists"].values():
            raise StateError(
                f"The list {printable(name)!r} is part of the segment of run {row.number} of "
                f"{printable(row.name)}, which has not ended; wait for its end or cancel it first."
            )
