"""Read the account's report from the database."""

from collections.abc import Callable
from contextlib import suppress

from sestui.core.clock import Clock
from sestui.errors import SestuiError
from sestui.reports.account import AccountReport, account_rates
from sestui.reports.dashboard import own_share
from sestui.sending.ses_access import SesAccess
from sestui.sending.shared_account import SharedAccount
from sestui.settings import Settings
from sestui.store.db.database import Database
from sestui.store.runs.run_lists import RecentRuns


def report_account(
    settings: Settings, ses: SesAccess, database: Database, clock: Clock
) -> AccountReport | None:
    """The account's report without asking SES; None before the first answer."""
    with database.snapshot():
        known = ses.shared.known()
        if known is None or not known.row.looked_at:
            return None
        ours = own_share(RecentRuns(database), clock.now())
        rates = account_rates(database, settings.breaker_rule)
    return AccountReport(
        settings.account, ses.reader.region, settings.max_quota_usage, known, ours, rates
    )


def unexplained(account: SharedAccount, report: Callable[[], AccountReport | None]) -> str:
    """A sentence if SES counts more than a restored database; '' if not, or unknown."""
    with suppress(SestuiError):  # only additional evidence
        account.poll()
    found = report()
    return found.unexplained() if found else ""
