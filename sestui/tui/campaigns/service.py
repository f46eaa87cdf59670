"""What the screens of a campaign look at, and what they can have done."""

from collections.abc import Sequence
from dataclasses import dataclass

from sestui.core.campaign.follow_up import Only
from sestui.core.clock import Instant
from sestui.core.delivery.forecast import Forecast
from sestui.errors import NotFoundError, StateError
from sestui.reports.overview import CampaignView, RunView
from sestui.store.campaigns.campaigns import coming
from sestui.store.ledger.in_doubt import Resolution
from sestui.tui.app.services import RunSnapshot, ScreenServices, has_ended

_MOST_RUNS = 500


@dataclass(frozen=True, slots=True)
class CampaignCard:
    """What a campaign is beside its message."""

    sender: str
    lists: tuple[str, ...]
    schedule: str
    """A cron expression, or ''."""
    timezone: str
    """Of schedule and window; '' is the operator's."""
    next_due_at: Instant | None
    max_rate: float | None
    send_window: str
    transactional: bool
    priority: int


@dataclass(frozen=True, slots=True)
class CampaignSnapshot:
    """One look at a campaign."""

    view: CampaignView
    card: CampaignCard
    runs: Sequence[RunView]
    """Newest first, tests and follow-ups included."""
    live: RunSnapshot | None
    """The run that has not ended; None: there is none."""
    forecast: Forecast | None
    """Of a run that would start now; None: one goes on, or it can't be told."""


class CampaignService:
    """Reads campaigns; follows up on runs and settles their doubts."""

    def __init__(self, services: ScreenServices) -> None:
        self._services = services
        self._runtime = services.runtime

    # looking

    def names(self) -> list[str]:
        """Every campaign's name, sorted."""
        return self._runtime.campaigns.names()

    def snapshot(self, name: str) -> CampaignSnapshot:
        """Everything the campaign's screen shows.

        Raises:
            NotFoundError: there is no such campaign.
        """
        view = self._services.campaign(name)
        goes_on = view.run is not None and not has_ended(view.run)
        return CampaignSnapshot(
            view=view,
            card=self._card(name),
            runs=self._runtime.overview.runs(name, limit=_MOST_RUNS),
            live=self._services.snapshot(view.run.id) if goes_on and view.run is not None else None,
            forecast=None if goes_on else self._forecast(view),
        )

    def _card(self, name: str) -> CampaignCard:
        campaign = self._runtime.campaigns.get(name)
        return CampaignCard(
            sender=campaign.from_address,
            lists=tuple(campaign.lists),
            schedule=campaign.schedule,
            timezone=campaign.timezone,
            next_due_at=coming(campaign),
            max_rate=campaign.max_rate,
            send_window=campaign.send_window,
            transactional=campaign.transactional,
            priority=campaign.priority,
        )

    def _forecast(self, view: CampaignView) -> Forecast | None:
        if not self._services.account_open or not view.audience:
            return None
        try:
            return self._runtime.outlook.of(view.name)
        except NotFoundError:  # a list went away since the view was read
            return None

    # following up

    def follow_up_size(self, name: str, only: Only) -> int:
        """How many a follow-up would be for now; seconds where a million are on the lists."""
        return self._runtime.runs.follow_up_size(self._runtime.campaigns.get(name), only)

    def follow_up(self, name: str, only: Only, *, skip_unrenderable: bool = False) -> int:
        """Start a follow-up; the id of its run."""
        campaign = self._runtime.campaigns.get(name)
        run = self._runtime.starter.start(
            campaign, self._services.clock.now(), only=only, skip_unrenderable=skip_unrenderable
        )
        if run is None:
            raise StateError(f"{name} was started by somebody else just now.")
        return run.id

    # what is in doubt

    def in_doubt(self, run_id: int, emails: Sequence[str] = ()) -> int:
        """How many of the run (of ``emails`` only, if given) are in doubt now."""
        return self._runtime.doubts.count(run_id, emails)

    def resolve(self, run_id: int, verdict: Resolution, emails: Sequence[str] = ()) -> int:
        """Settle what is in doubt; returns how many."""
        return self._runtime.doubts.resolve(run_id, verdict, emails)
