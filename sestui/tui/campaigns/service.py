"""What the screens of campaigns and runs show: each a snapshot, read in one transaction."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sestui.core.clock import Instant
from sestui.core.delivery.forecast import Forecast
from sestui.core.delivery.local_hours import LocalHours
from sestui.core.delivery.pacing import Quota
from sestui.core.delivery.series import RunSeries
from sestui.reports.overview import CampaignView, RunView, run_view
from sestui.reports.split_report import SplitReport
from sestui.sending.shared_account import KnownAccount
from sestui.store.db.tables import Campaign, Run
from sestui.store.ledger.course import RunCourse
from sestui.store.ledger.doubtful import DoubtSummary, doubtful_deliveries, summary_of
from sestui.store.ledger.troubles import Trouble, Troubles
from sestui.tui.app.services import ScreenServices
from sestui.tui.campaigns.tail import TailLine, line_of_delivery

_MOST_RUNS = 500
_SPLIT_SECONDS = 10.0
"""How often the clicks of a split are counted, which may be those of many recipients."""
_COURSE_SECONDS = 1.0
"""How often it is read how a run went so far, and what is in doubt."""


@dataclass(frozen=True, slots=True)
class ReplayMoment:
    """The instant of an ended run that is shown instead of its end."""

    at: Instant
    speed: int
    playing: bool


@dataclass(frozen=True, slots=True)
class RunSnapshot:
    """A run and its account, read in one transaction."""

    at: float
    """Monotonic seconds of the look."""
    run: RunView
    newest: TailLine | None
    """The delivery that was settled last; None: none has been."""
    allowed: float | None
    """Recipients a second; None: the account is not known yet."""
    quota: Quota | None
    forecast: Forecast | None
    """None: the account is not known yet, or there is nothing left to send."""
    hours: LocalHours | None = None
    """When who is pending gets the mail by their own clock; None: it goes at once."""
    course_at: float = 0.0
    """Monotonic seconds of the look at what follows."""
    series: RunSeries | None = None
    """How it went so far; None: nothing was noted of it, or nobody asked."""
    troubles: tuple[Trouble, ...] = ()
    """What did not go well, by reason."""
    doubts: DoubtSummary | None = None
    """What SES's records say of what is in doubt; None: nothing is, or nobody asked."""
    doubts_at: float = 0.0
    """Monotonic seconds of the look at them."""
    split: SplitReport | None = None
    """How its subjects have done; None: it has one only."""
    split_at: float = 0.0
    """Monotonic seconds of the look at them."""
    replay: ReplayMoment | None = None
    """None: this is how it stands now."""


@dataclass(frozen=True, slots=True)
class CampaignSnapshot:
    """A campaign, read in one transaction."""

    view: CampaignView
    campaign: Campaign
    """Everything that is set of it."""
    runs: Sequence[RunView]
    """Newest first, tests and follow-ups included."""
    live: RunSnapshot | None
    """The run that has not ended; None: there is none."""
    forecast: Forecast | None
    """Of a run that would start now; None: one goes on, or it can't be told."""
    hours: LocalHours | None = None
    """When who would get it by their own clock; None: it goes at once, or it isn't known yet."""


class CampaignService:
    """Reads campaigns and runs."""

    def __init__(self, services: ScreenServices) -> None:
        self._services = services
        self._runtime = services.runtime
        self._course = RunCourse(services.runtime.database)
        self.troubles = Troubles(services.runtime.database)
        self._hours: LocalHours | None = None
        self._reading_hours = threading.Lock()

    def read_hours(self, name: str) -> bool:
        """Find out for the next snapshot when who gets the campaign's mail, if by their own clock.

        Some seconds for a million contacts. False: they are as they were, or being read.
        """
        if not self._reading_hours.acquire(blocking=False):
            return False
        try:
            before, self._hours = self._hours, self._runtime.forecasts.hours(name)
            return self._hours != before
        finally:
            self._reading_hours.release()

    def snapshot(self, name: str) -> CampaignSnapshot:
        """Everything the campaign's screen shows.

        Raises:
            NotFoundError: there is no such campaign.
        """
        runtime = self._runtime
        with runtime.database.snapshot():
            campaign, known = runtime.campaigns.get(name), self._services.known_account()
            allowed = known.allowed if known else runtime.overview.allowed()
            view = self._services.pending_controls.seen(runtime.overview.of(campaign, allowed))
            runs = runtime.runs.of_campaign(campaign.id, limit=_MOST_RUNS)
            live = forecast = hours = None
            if view.run is not None and not view.run.has_ended:
                live = self._live(runtime.runs.get(view.run.id), view.run, known)
            elif known is not None and view.audience:
                hours = self._hours if campaign.local_time else None
                most = view.audience if view.mailable is None else view.mailable
                forecast = runtime.forecasts.of_start(campaign, most, known, hours)
        return CampaignSnapshot(
            view=view,
            campaign=campaign,
            runs=[
                self._services.pending_controls.seen(run_view(run, name, allowed)) for run in runs
            ],
            live=live,
            forecast=forecast,
            hours=hours,
        )

    def run(self, run_id: int, before: RunSnapshot | None = None) -> RunSnapshot:
        """Everything the run's screen shows.

        ``before`` is the look before: what can't have changed since is taken from it, and what
        changes all the time is read once a second.

        Raises:
            NotFoundError: there is no such run.
        """
        runtime = self._runtime
        with runtime.database.snapshot():
            run, name = runtime.runs.named(run_id)
            known = self._services.known_account()
            allowed = known.allowed if known else runtime.overview.allowed()
            view = self._services.pending_controls.seen(run_view(run, name, allowed))
            found = self._with_doubts(self._live(run, view, known), before)
            found = self._with_split(found, run, before)
            if before is not None and _same_course(before, found):
                return replace(
                    found,
                    course_at=before.course_at,
                    series=before.series,
                    troubles=before.troubles,
                )
            return replace(
                found,
                course_at=found.at,
                series=self._course.series(run_id),
                troubles=self.troubles.of_run(run_id),
            )

    def _with_doubts(self, found: RunSnapshot, before: RunSnapshot | None) -> RunSnapshot:
        """With what is in doubt, which is looked at once a second, from the second look on."""
        if not found.run.counts.in_doubt or before is None:
            return found
        if before.doubts and found.at - before.doubts_at < _COURSE_SECONDS:
            return replace(found, doubts=before.doubts, doubts_at=before.doubts_at)
        deliveries = doubtful_deliveries(self._runtime.database, found.run.id)
        grace = self._runtime.settings.resend_after_seconds
        return replace(found, doubts=summary_of(deliveries, grace), doubts_at=found.at)

    def _with_split(self, found: RunSnapshot, run: Run, before: RunSnapshot | None) -> RunSnapshot:
        same = before is not None and before.run.awaits_winner == found.run.awaits_winner
        if before is not None and same and found.at - before.split_at < _SPLIT_SECONDS:
            return replace(found, split=before.split, split_at=before.split_at)
        return replace(found, split=SplitReport.of(self._runtime.database, run), split_at=found.at)

    def _live(self, run: Run, view: RunView, known: KnownAccount | None) -> RunSnapshot:
        newest = self._runtime.deliveries.newest(run.id, limit=1)
        forecast = self._runtime.forecasts.of_run(run, known) if known else None
        return RunSnapshot(
            at=self._services.clock.monotonic(),
            run=view,
            newest=line_of_delivery(newest[0]) if newest else None,
            allowed=forecast.rate if forecast else None,
            quota=known.quota if known else None,
            forecast=None if view.has_ended else forecast,
            hours=None if view.has_ended else self._runtime.forecasts.hours_of_run(run),
        )


def _same_course(before: RunSnapshot, now: RunSnapshot) -> bool:
    if before.run.counts == now.run.counts and before.run.state == now.run.state:
        return True
    return not now.run.has_ended and now.at < before.course_at + _COURSE_SECONDS
