"""Open campaigns for editing, and save them."""

from dataclasses import dataclass

from sestui.compose.timing import next_due, same_timing
from sestui.core.campaign.fields import CampaignFields
from sestui.core.clock import Clock, Instant
from sestui.core.content import MessageSource
from sestui.store.campaigns.campaigns import Campaigns, CampaignVersion, coming, fields_of
from sestui.store.db.tables import Campaign


@dataclass(frozen=True, slots=True)
class Opened:
    """A campaign that was opened."""

    seen: CampaignVersion
    next_due_at: Instant | None
    fields: CampaignFields
    message: MessageSource


class Drafts:
    """Opens and saves campaigns; each save says whether the schedule may start one later."""

    def __init__(self, campaigns: Campaigns, clock: Clock) -> None:
        self._campaigns = campaigns
        self._clock = clock

    def open(self, name: str) -> Opened:
        """The campaign of that name.

        Raises:
            NotFoundError: there is none.
        """
        return self._opened(self._campaigns.get(name))

    def newest(self, seen: CampaignVersion) -> Opened | None:
        """The campaign's current state; None if it was deleted."""
        found = self._campaigns.find_by_id(seen.id)
        return self._opened(found) if found is not None else None

    def _opened(self, campaign: Campaign) -> Opened:
        return _opened(campaign, self._campaigns.message(campaign.message_id))

    def would_start(self, seen: CampaignVersion | None, fields: CampaignFields) -> Instant | None:
        """When the campaign would start on its own because of saving.

        None if it would not, or if that is unchanged.
        """
        current = self._now(seen)
        due = next_due(self._campaigns, fields, current, self._clock.now())
        already = current is not None and current.next_due_at == due
        return None if already else due

    def in_the_way(self, fields: CampaignFields) -> str:
        """Why the campaign can't have a schedule of its own, as a sentence; '' if it can."""
        return self._campaigns.started_by_task(fields.name)

    def save(
        self,
        seen: CampaignVersion | None,
        fields: CampaignFields,
        message: MessageSource,
        *,
        scheduled: bool | None,
    ) -> Opened:
        """Create the campaign (``seen`` is None) or update it, unless it has changed since.

        ``scheduled`` says whether its schedule or start applies; None keeps that, so that a changed
        timing starts nothing.

        Raises:
            ConflictError: somebody else changed it.
            StateError: the name is another campaign's, or a task starts the campaign already.
        """
        current = self._now(seen)
        due: Instant | None = None
        if scheduled:
            due = next_due(self._campaigns, fields, current, self._clock.now())
        elif scheduled is None and current is not None and same_timing(fields_of(current), fields):
            due = current.next_due_at
        saved = self._campaigns.save_seen(
            seen, fields, message, now=self._clock.now(), next_due_at=due
        )
        return _opened(saved, message)

    def _now(self, seen: CampaignVersion | None) -> Campaign | None:
        """The current row, whose next run may have moved as one has started."""
        return self._campaigns.find_by_id(seen.id) if seen is not None else None


def _opened(campaign: Campaign, message: MessageSource) -> Opened:
    return Opened(CampaignVersion.of(campaign), coming(campaign), fields_of(campaign), message)
