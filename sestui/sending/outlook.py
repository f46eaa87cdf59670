"""The forecast of a campaign: of its run that has not ended, or of one that would start now."""

from sestui.core.clock import Clock
from sestui.core.cron import zone_named
from sestui.core.forecast import Allowance, Forecast, forecast
from sestui.core.states import ENDED_RUN_STATES
from sestui.core.window import parse_window
from sestui.sending.shared_account import SharedAccount
from sestui.store.campaigns import Campaigns
from sestui.store.contacts import Contacts
from sestui.store.runs import Runs


class Outlook:
    """Forecasts by what is known of the account; ``timezone`` is the operator's, '' the machine's.

    Other campaigns that send at the same time aren't reckoned with: they share the rate.
    """

    def __init__(
        self,
        campaigns: Campaigns,
        contacts: Contacts,
        runs: Runs,
        account: SharedAccount,
        *,
        clock: Clock,
        timezone: str,
    ) -> None:
        self._campaigns = campaigns
        self._contacts = contacts
        self._runs = runs
        self._account = account
        self._clock = clock
        self._timezone = timezone

    def of(self, name: str) -> Forecast:
        """The campaign's forecast as of now.

        Raises:
            NotFoundError: there is no such campaign, or one of its lists doesn't exist.
        """
        campaign = self._campaigns.get(name)
        run = self._runs.latest([campaign.id]).get(campaign.id)
        if run is None or run.state in ENDED_RUN_STATES:
            recipients = self._contacts.audience_size(campaign.lists)
            max_rate, window, zone = campaign.max_rate, campaign.send_window, campaign.timezone
        else:
            recipients = run.pending + run.sending
            max_rate, window, zone = run.max_rate, run.send_window, run.timezone
        now = self._clock.now()
        rate = self._account.rate()
        allowance = Allowance(
            rate=rate if max_rate is None else min(rate, max_rate),
            quota=self._account.quota(),
            quota_frees_at=self._runs.quota_frees_at(now),
            window=parse_window(window) if window else None,
            window_zone=zone_named(zone or self._timezone) if window else None,
        )
        return forecast(recipients, allowance, now, zone_named(self._timezone))
