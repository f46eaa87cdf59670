"""Views of campaigns and runs, for commands and screens."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sestui.core.campaign.audience import Audience
from sestui.core.clock import Instant, iso
from sestui.core.delivery.handover import RunCounts
from sestui.core.delivery.pacing import AllowedRate
from sestui.core.delivery.progress import ProgressFigures, average_rate, progress
from sestui.core.delivery.states import ENDED_RUN_STATES, run_name
from sestui.store.campaigns.campaigns import Campaigns, coming
from sestui.store.contacts.audiences import Audiences, Reach
from sestui.store.db.database import Database
from sestui.store.db.tables import Campaign, Run
from sestui.store.runs.runs import Runs, counts_of

_MOST_COUNTED = 50_000
"""Of so many contacts it is counted within a tenth of a second who can be mailed."""


@dataclass(frozen=True, slots=True)
class RunView:
    """A run to show."""

    id: int
    campaign: str
    number: int
    kind: str
    state: str
    reason: str
    """Why it is paused or waiting; else ''."""
    detail: str
    """The reason as a sentence."""
    resume_at: Instant | None
    started_at: Instant | None
    finished_at: Instant | None
    counts: RunCounts
    allowed: AllowedRate | None = None
    """How fast it may send now; None when it has ended or SES was never asked."""
    warning: str = ""
    """What the breaker warns of, as a sentence; '' for nothing."""
    split: tuple[str, ...] = ()
    """The subjects of its split; none without one."""
    awaits_winner: bool = False
    """Whether one of them is still to be chosen, for the rest."""
    opened: int = 0
    """Recipients who opened its mail, as far as one can tell; of those who did, ``clicked``."""
    clicked: int = 0
    doing: str = ""
    """What is being done to it by who looks at it, as in ``resuming…``; '' for nothing."""

    @property
    def label(self) -> str:
        """``run 3``, ``test 1``."""
        return run_name(self.kind, self.number)

    @property
    def shown_state(self) -> str:
        """The state, unless something is being done about it."""
        return self.doing or self.state

    @property
    def has_ended(self) -> bool:
        """Whether the run has ended."""
        return self.state in ENDED_RUN_STATES

    @property
    def progress(self) -> ProgressFigures:
        """How far it is."""
        return progress(self.counts, self.state)

    @property
    def average_rate(self) -> float | None:
        """Recipients a second from its start to its end; None before its end."""
        return average_rate(self.counts, self.started_at, self.finished_at)

    def sentence(self) -> str:
        """The counts as one line for logs and notices; what nobody is in is left out."""
        counts = self.counts
        rest = {
            "rejected": counts.rejected,
            "in doubt": counts.in_doubt,
            "skipped": counts.skipped,
            "to be sent": counts.pending + counts.sending,
        }
        parts = [
            f"{self.campaign} {self.label}: {self.state}, {self.progress.percent} done",
            f"{counts.accepted:,} of {counts.audience:,} accepted",
            *(f"{count:,} {label}" for label, count in rest.items() if count),
        ]
        return ", ".join(parts)

    def as_dict(self) -> dict[str, Any]:
        """For ``--json``: counts at the top level, instants in ISO 8601."""
        return {
            "campaign": self.campaign,
            "run": self.number,
            "kind": self.kind,
            "state": self.state,
            "reason": self.reason,
            "detail": self.detail,
            "warning": self.warning,
            "resume_at": iso(self.resume_at) or None,
            "started_at": iso(self.started_at) or None,
            "finished_at": iso(self.finished_at) or None,
            "allowed_rate": self.allowed.rate if self.allowed else None,
            "rate_factor": self.allowed.factor if self.allowed else None,
            "average_rate": self.average_rate,
            "audience": self.counts.audience,
            "done": self.progress.done,
            "percent": self.progress.percent_number,
            **self.counts.as_dict(),
            "unchecked": self.counts.unchecked,
            **self.counts.outcomes(),
        }


@dataclass(frozen=True, slots=True)
class CampaignView:
    """One campaign with its newest run, if it has one."""

    name: str
    subject: str
    whom: Audience
    audience: int | None
    """Contacts in it now; None if a list or the segment doesn't exist, and in a list of campaigns
    where it has run and its segment isn't counted."""
    next_due_at: Instant | None
    run: RunView | None
    archived: bool = False
    """Whether it is kept for its history alone."""
    mailable: int | None = None
    """Contacts of its audience who can be mailed; None in a list of campaigns, while a run goes on,
    and if they are too many to be counted at a look."""

    @property
    def state(self) -> str:
        """The newest run's state; ``draft`` or ``scheduled`` before there is one."""
        if self.archived:
            return "archived"
        if self.run is not None:
            return self.run.state
        return "scheduled" if self.next_due_at is not None else "draft"

    def as_dict(self) -> dict[str, Any]:
        """For ``--json``."""
        return {
            "name": self.name,
            "subject": self.subject,
            "state": self.state,
            "lists": list(self.whom.lists),
            "segment": self.whom.segment,
            "audience": self.audience,
            "next_due_at": iso(self.next_due_at) or None,
            "archived": self.archived,
            "run": self.run.as_dict() if self.run else None,
        }


def run_view(run: Run, campaign: str, allowed: AllowedRate | None = None) -> RunView:
    """The view of a run of the campaign; ``allowed`` is the account's rate."""
    if allowed is not None:
        allowed = None if run.state in ENDED_RUN_STATES else allowed.within(run.max_rate)
    return RunView(
        id=run.id,
        campaign=campaign,
        number=abs(run.number),
        kind=run.kind,
        state=run.state,
        reason=run.reason,
        detail=run.detail,
        resume_at=run.resume_at,
        started_at=run.started_at,
        finished_at=run.finished_at,
        counts=counts_of(run),
        allowed=allowed,
        warning=run.warning,
        split=tuple(run.split),
        awaits_winner=run.awaits_winner,
        opened=run.opened,
        clicked=run.clicked,
    )


class Overview:
    """Reads campaigns and runs; cheap enough for every second."""

    def __init__(
        self,
        database: Database,
        campaigns: Campaigns,
        audiences: Audiences,
        runs: Runs,
        allowed: Callable[[], AllowedRate | None],
    ) -> None:
        self._database = database
        self._campaigns = campaigns
        self._audiences = audiences
        self._runs = runs
        self.allowed = allowed
        """The current rate without asking SES; None if it was never asked."""

    def campaigns(self, *, archived: bool = False) -> list[CampaignView]:
        """Every campaign by name; those in the archive only where ``archived`` says so."""
        with self._database.snapshot():
            found = self._campaigns.all(archived=archived)
            return self._views(found, self.allowed())

    def campaign(self, name: str) -> CampaignView:
        """One campaign."""
        with self._database.snapshot():
            return self.of(self._campaigns.get(name), self.allowed())

    def of(self, campaign: Campaign, allowed: AllowedRate | None) -> CampaignView:
        """The view of a campaign that has just been read."""
        run = self._runs.latest([campaign.id]).get(campaign.id)
        subject = self._campaigns.subjects([campaign.message_id])[campaign.message_id]
        whom = Audience.of(campaign)
        if run is not None and run.state not in ENDED_RUN_STATES:  # its recipients are counted
            return _view(campaign, run, subject, self._audiences.sizes([whom])[0], allowed)
        reach = self.reach(campaign)
        if reach is None:
            return _view(campaign, run, subject, None, allowed)
        view = _view(campaign, run, subject, reach.contacts, allowed)
        return replace(view, mailable=reach.mailable)

    def reach(self, campaign: Campaign) -> Reach | None:
        """Its audience and who of it can be mailed; None: a list or the segment doesn't exist."""
        return self._audiences.reach(
            Audience.of(campaign), transactional=campaign.transactional, most=_MOST_COUNTED
        )

    def run(self, run_id: int) -> RunView:
        """One run."""
        with self._database.snapshot():
            return run_view(*self._runs.named(run_id), self.allowed())

    def runs(self, name: str, *, limit: int = 50) -> Sequence[RunView]:
        """At most ``limit`` runs of a campaign, including tests, newest first."""
        with self._database.snapshot():
            campaign, allowed = self._campaigns.get(name), self.allowed()
            found = self._runs.of_campaign(campaign.id, limit=limit)
            return [run_view(run, name, allowed) for run in found]

    def _views(self, found: Sequence[Campaign], allowed: AllowedRate | None) -> list[CampaignView]:
        """Of those that have run, segments aren't counted, which would take long."""
        latest = self._runs.latest([campaign.id for campaign in found])
        subjects = self._campaigns.subjects([campaign.message_id for campaign in found])
        # Campaigns often share lists, and counting a large one is slow.
        audiences = list(
            {Audience.of(each) for each in found if not (each.segment and latest.get(each.id))}
        )
        sizes = dict(zip(audiences, self._audiences.sizes(audiences), strict=True))
        return [
            _view(
                campaign,
                latest.get(campaign.id),
                subjects[campaign.message_id],
                sizes.get(Audience.of(campaign)),
                allowed,
            )
            for campaign in found
        ]


def _view(
    campaign: Campaign,
    run: Run | None,
    subject: str,
    audience: int | None,
    allowed: AllowedRate | None,
) -> CampaignView:
    return CampaignView(
        name=campaign.name,
        subject=subject,
        whom=Audience.of(campaign),
        audience=audience,
        next_due_at=coming(campaign),
        run=run_view(run, campaign.name, allowed) if run else None,
        archived=campaign.archived_at is not None,
    )
