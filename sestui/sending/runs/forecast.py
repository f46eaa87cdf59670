"""Forecast a campaign's unfinished run, or a run that would start now."""

from collections.abc import Callable

from sestui.core.campaign.audience import Audience
from sestui.core.clock import Clock
from sestui.core.delivery.bounce_forecast import BounceForecast, bounce_forecast
from sestui.core.delivery.forecast import Allowance, Forecast, forecast
from sestui.core.delivery.frequency import OverLimit
from sestui.core.delivery.local_hours import LocalHours
from sestui.core.delivery.send_window import parse_window
from sestui.core.delivery.states import ENDED_RUN_STATES
from sestui.core.schedule.zones import zone_named
from sestui.sending.runs.local_hours import LocalHoursReader
from sestui.sending.shared_account import KnownAccount, SharedAccount
from sestui.store.campaigns.campaigns import Campaigns
from sestui.store.contacts.audiences import Audiences
from sestui.store.db.database import Database
from sestui.store.db.tables import Campaign, Run
from sestui.store.events.bounce_risks import of_audience, of_pending
from sestui.store.events.outcome_slices import sample_of
from sestui.store.ledger.frequency import count_over
from sestui.store.runs.runs import Runs

REPRESENTATIVE = 10_000
"""The newest mails by which it is known how many bounce of those who are known."""


class ForecastService:
    """Forecasts by the known account; ``timezone`` is the operator's, '' the machine's.

    ``new_runs`` returns the key of the account that runs belong to that start now.

    Other campaigns that send at the same time are not taken into account.
    """

    def __init__(
        self,
        database: Database,
        campaigns: Campaigns,
        audiences: Audiences,
        runs: Runs,
        account: Callable[[], SharedAccount],
        *,
        new_runs: Callable[[], str],
        clock: Clock,
        timezone: str,
    ) -> None:
        self._database = database
        self._campaigns = campaigns
        self._audiences = audiences
        self._runs = runs
        self._account = account
        self._new_runs = new_runs
        self._clock = clock
        self._timezone = timezone
        self._hours = LocalHoursReader(database, audiences, clock, timezone)

    def of(self, name: str) -> Forecast:
        """The campaign's forecast.

        Raises:
            NotFoundError: there is no such campaign, or a list or segment of its doesn't exist.
        """
        with self._database.snapshot():
            campaign, known = self._campaigns.get(name), self._account().known()
            run = self._runs.latest([campaign.id]).get(campaign.id)
            if run is not None and run.state not in ENDED_RUN_STATES:
                return self.of_run(run, known)
            size = self._audiences.size(Audience.of(campaign))
            return self.of_start(campaign, size, known, self._hours.of_start(campaign))

    def hours(self, name: str) -> LocalHours | None:
        """When who of the campaign's unfinished run, or of one started now, gets the mail.

        None: it has no local time, or the run was started without one. Some seconds for a million
        contacts.

        Raises:
            NotFoundError, SegmentError: as :meth:`of`.
        """
        with self._database.snapshot():
            campaign = self._campaigns.get(name)
            run = self._runs.latest([campaign.id]).get(campaign.id)
            if run is not None and run.state not in ENDED_RUN_STATES:
                return self._hours.of_run(run)
            return self._hours.of_start(campaign)

    def bounces(self, name: str) -> BounceForecast:
        """How many of the campaign's unfinished run, or of one started now, may bounce.

        Of large audiences it looks at a sample: some tenths of a second.

        Raises:
            NotFoundError: there is no such campaign, or a list or segment of its doesn't exist.
        """
        now = self._clock.now()
        with self._database.snapshot():
            campaign = self._campaigns.get(name)
            run = self._runs.latest([campaign.id]).get(campaign.id)
            audience = Audience.of(campaign)
            size = self._audiences.size(audience)
            with self._database.read_connection() as connection:
                account = sample_of(connection, REPRESENTATIVE)
                if run is not None and run.state not in ENDED_RUN_STATES:
                    groups, sampled = of_pending(connection, run, now)
                else:
                    groups, sampled = of_audience(connection, audience, size, now)
        return bounce_forecast(groups, account, sampled=sampled)

    def over_limit(self, name: str) -> OverLimit:
        """How many of the same have been sent as much as the campaign's at_most allows.

        Raises:
            NotFoundError: there is no such campaign, or a list or segment of its doesn't exist.
        """
        with self._database.snapshot():
            campaign = self._campaigns.get(name)
            run = self._runs.latest([campaign.id]).get(campaign.id)
            going = run if run is not None and run.state not in ENDED_RUN_STATES else None
            with self._database.read_connection() as connection:
                account = (going and going.account) or self._new_runs()
                return count_over(connection, campaign, going, self._clock.now(), account)

    def of_run(self, run: Run, known: KnownAccount | None) -> Forecast:
        """The forecast of the rest of a run."""
        return self._forecast(run.pending + run.sending, run, known, self._hours.of_run(run))

    def hours_of_run(self, run: Run) -> LocalHours | None:
        """When who is pending in the run gets the mail; None: it has no local time."""
        return self._hours.of_run(run)

    def of_start(
        self,
        campaign: Campaign,
        audience: int,
        known: KnownAccount | None,
        hours: LocalHours | None = None,
    ) -> Forecast:
        """The forecast of a run over ``audience`` contacts that would start now.

        ``hours`` are those of :meth:`hours`, as far as they have been read.
        """
        return self._forecast(audience, campaign, known, hours)

    def _forecast(
        self,
        recipients: int,
        sent: Campaign | Run,
        known: KnownAccount | None,
        hours: LocalHours | None,
    ) -> Forecast:
        now = self._clock.now()
        rate = known.allowed.rate if known else 0.0
        left = known.quota.left if known else None
        crosses = left is not None and recipients > left
        allowance = Allowance(
            rate=rate if sent.max_rate is None else min(rate, sent.max_rate),
            quota=known.quota if known else None,
            quota_frees_at=self._runs.quota_frees_at(now) if crosses else None,
            window=parse_window(sent.send_window) if sent.send_window else None,
            window_zone=zone_named(sent.timezone or self._timezone),
        )
        # Those in flight, or who have joined or gone since the hours were read, have none.
        dues = hours.dues if hours is not None and hours.recipients <= recipients else ()
        return forecast(recipients, allowance, now, zone_named(self._timezone), dues)
