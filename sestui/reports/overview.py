"""Campaigns and runs as people look at them: one frozen view each, for every door."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sestui.core.clock import Instant, iso
from sestui.core.delivery import RunCounts
from sestui.errors import NotFoundError
from sestui.store.campaigns import Campaigns
from sestui.store.contacts import Contacts
from sestui.store.runs import Runs, counts_of
from sestui.store.tables import Campaign, Run


@dataclass(frozen=True, slots=True)
class RunView:
    """One run, complete enough to show."""

    id: int
    campaign: str
    number: int
    kind: str
    state: str
    reason: str
    """Why it is paused or waiting; '' else."""
    detail: str
    """The reason as a sentence."""
    resume_at: Instant | None
    started_at: Instant | None
    finished_at: Instant | None
    counts: RunCounts

    def sentence(self) -> str:
        """The accounting as one line for logs."""
        counts = self.counts
        return (
            f"{self.campaign} run {self.number}: {self.state}, {counts.accepted:,} of "
            f"{counts.audience:,} accepted, {counts.rejected:,} rejected, {counts.in_doubt:,} in "
            f"doubt, {counts.skipped:,} skipped, {counts.pending + counts.sending:,} to be sent"
        )

    def as_dict(self) -> dict[str, Any]:
        """For ``--json``: states flat beside the rest, instants in ISO 8601."""
        return {
            "campaign": self.campaign,
            "run": self.number,
            "kind": self.kind,
            "state": self.state,
            "reason": self.reason,
            "detail": self.detail,
            "resume_at": iso(self.resume_at) or None,
            "started_at": iso(self.started_at) or None,
            "finished_at": iso(self.finished_at) or None,
            "audience": self.counts.audience,
            **self.counts.as_dict(),
        }


@dataclass(frozen=True, slots=True)
class CampaignView:
    """One campaign with its newest run, if it has one."""

    name: str
    subject: str
    lists: tuple[str, ...]
    audience: int | None
    """Contacts on its lists now; None: a list doesn't exist."""
    next_due_at: Instant | None
    run: RunView | None

    @property
    def state(self) -> str:
        """The newest run's state; ``draft`` or ``scheduled`` before there is one."""
        if self.run is not None:
            return self.run.state
        return "scheduled" if self.next_due_at is not None else "draft"

    def as_dict(self) -> dict[str, Any]:
        """For ``--json``."""
        return {
            "name": self.name,
            "subject": self.subject,
            "state": self.state,
            "lists": list(self.lists),
            "audience": self.audience,
            "next_due_at": iso(self.next_due_at) or None,
            "run": self.run.as_dict() if self.run else None,
        }


def run_view(run: Run, campaign: str) -> RunView:
    """The view of one run of the campaign by that name."""
    return RunView(
        id=run.id,
        campaign=campaign,
        number=run.number,
        kind=run.kind,
        state=run.state,
        reason=run.reason,
        detail=run.detail,
        resume_at=run.resume_at,
        started_at=run.started_at,
        finished_at=run.finished_at,
        counts=counts_of(run),
    )


class Overview:
    """Looks at campaigns and runs; cheap enough to be asked every second."""

    def __init__(self, campaigns: Campaigns, contacts: Contacts, runs: Runs) -> None:
        self._campaigns = campaigns
        self._contacts = contacts
        self._runs = runs

    def campaigns(self) -> list[CampaignView]:
        """Every campaign by name."""
        found = self._campaigns.all()
        latest = self._runs.latest([campaign.id for campaign in found])
        subjects = self._campaigns.subjects([campaign.message_id for campaign in found])
        # Campaigns mostly share their lists, and counting a large one takes its time.
        audiences = {
            lists: self._audience(lists) for lists in {tuple(each.lists) for each in found}
        }
        return [
            _view(
                campaign,
                latest.get(campaign.id),
                subjects[campaign.message_id],
                audiences[tuple(campaign.lists)],
            )
            for campaign in found
        ]

    def campaign(self, name: str) -> CampaignView:
        """One campaign."""
        campaign = self._campaigns.get(name)
        subject = self._campaigns.subjects([campaign.message_id])[campaign.message_id]
        newest = self._runs.latest([campaign.id]).get(campaign.id)
        return _view(campaign, newest, subject, self._audience(campaign.lists))

    def run(self, run_id: int) -> RunView:
        """One run as it is now."""
        run = self._runs.get(run_id)
        return run_view(run, self._campaigns.by_id(run.campaign_id).name)

    def runs(self, name: str, *, limit: int = 50) -> Sequence[RunView]:
        """A campaign's runs, newest first, tests included, at most ``limit``."""
        campaign = self._campaigns.get(name)
        return [run_view(run, name) for run in self._runs.of_campaign(campaign.id, limit=limit)]

    def _audience(self, lists: Sequence[str]) -> int | None:
        try:
            return self._contacts.audience_size(lists)
        except NotFoundError:
            return None


def _view(campaign: Campaign, run: Run | None, subject: str, audience: int | None) -> CampaignView:
    return CampaignView(
        name=campaign.name,
        subject=subject,
        lists=tuple(campaign.lists),
        audience=audience,
        next_due_at=campaign.next_due_at,
        run=run_view(run, campaign.name) if run else None,
    )
