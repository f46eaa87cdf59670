"""What the screens of campaigns and runs show: each a snapshot, read in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass

from sestui.core.delivery.forecast import Forecast
from sestui.core.delivery.pacing import Quota
from sestui.reports.overview import CampaignView, RunView, run_view
from sestui.sending.shared_account import KnownAccount
from sestui.store.db.tables import Campaign, Run
from sestui.tui.app.services import ScreenServices
from sestui.tui.campaigns.tail import TailLine, line_of_delivery

_MOST_RUNS = 500


@dataclass(frozen=True, slots=True)
class RunSnapshot:
    """One look at a run and at the account it is sent through."""

    at: float
    """Monotonic seconds of the look."""
    run: RunView
    tail: tuple[TailLine, ...]
    """The newest deliveries, oldest first."""
    allowed: float | None
    """Recipients a second; None: the account is not known yet."""
    quota: Quota | None
    forecast: Forecast | None
    """None: the account is not known yet, or there is nothing left to send."""


@dataclass(frozen=True, slots=True)
class CampaignSnapshot:
    """One look at a campaign."""

    view: CampaignView
    campaign: Campaign
    """Everything that is set of it."""
    runs: Sequence[RunView]
    """Newest first, tests and follow-ups included."""
    live: RunSnapshot | None
    """The run that has not ended; None: there is none."""
    forecast: Forecast | None
    """Of a run that would start now; None: one goes on, or it can't be told."""


class CampaignService:
    """Reads campaigns and runs."""

    def __init__(self, services: ScreenServices) -> None:
        self._services = services
        self._runtime = services.runtime

    def snapshot(self, name: str) -> CampaignSnapshot:
        """Everything the campaign's screen shows.

        Raises:
            NotFoundError: there is no such campaign.
        """
        runtime = self._runtime
        with runtime.database.snapshot():
            campaign, known = runtime.campaigns.get(name), self._services.known_account()
            allowed = known.allowed if known else runtime.overview.allowed()
            view = self._services.steering.seen(runtime.overview.of(campaign, allowed))
            runs = runtime.runs.of_campaign(campaign.id, limit=_MOST_RUNS)
            live = forecast = None
            if view.run is not None and not view.run.has_ended:
                live = self._live(runtime.runs.get(view.run.id), view.run, known)
            elif known is not None and view.audience:
                forecast = runtime.outlook.of_start(campaign, view.audience, known)
        return CampaignSnapshot(
            view=view,
            campaign=campaign,
            runs=[self._services.steering.seen(run_view(run, name, allowed)) for run in runs],
            live=live,
            forecast=forecast,
        )

    def run(self, run_id: int) -> RunSnapshot:
        """Everything the run's screen shows.

        Raises:
            NotFoundError: there is no such run.
        """
        runtime = self._runtime
        with runtime.database.snapshot():
            run, name = runtime.runs.named(run_id)
            known = self._services.known_account()
            allowed = known.allowed if known else runtime.overview.allowed()
            view = self._services.steering.seen(run_view(run, name, allowed))
            return self._live(run, view, known)

    def _live(self, run: Run, view: RunView, known: KnownAccount | None) -> RunSnapshot:
        newest = self._runtime.deliveries.newest(run.id)
        forecast = self._runtime.outlook.of_run(run, known) if known else None
        return RunSnapshot(
            at=self._services.clock.monotonic(),
            run=view,
            tail=tuple(line_of_delivery(delivery) for delivery in reversed(newest)),
            allowed=forecast.rate if forecast else None,
            quota=known.quota if known else None,
            forecast=None if view.has_ended else forecast,
        )
