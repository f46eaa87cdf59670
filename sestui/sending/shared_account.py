"""The account's status, shared by all processes on the database."""

from dataclasses import dataclass
from typing import Protocol

from sestui.core.clock import Clock
from sestui.core.delivery.account import AccountStatus, QuotaRule
from sestui.core.delivery.pacing import AllowedRate, Quota
from sestui.store.db.shared_tables import GovernorRow
from sestui.store.ledger.governor import Governor, row_allowed, row_quota


class AccountSource(Protocol):
    """The part of SES that reports on the account."""

    @property
    def key(self) -> str: ...  # noqa: D102 - key of the governor's row

    def poll(self) -> AccountStatus:
        """Ask SES."""


@dataclass(frozen=True, slots=True)
class KnownAccount:
    """The account as known at one moment."""

    row: GovernorRow
    quota: Quota
    """The last known quota, including mail handed over since."""
    allowed: AllowedRate
    """The allowed rate after throttling."""


class SharedAccount:
    """Asks for the account's status and keeps it in the governor's row."""

    def __init__(
        self, asked: AccountSource, governor: Governor, *, quota_rule: QuotaRule, clock: Clock
    ) -> None:
        self._asked = asked
        self._governor = governor
        self._quota_rule = quota_rule
        self._clock = clock

    def poll(self) -> AccountStatus:
        """Ask SES for the status and share it with all processes."""
        return self.poll_exactly()[0]

    def poll_exactly(self) -> tuple[AccountStatus, bool]:
        """The same, and whether nothing was in flight, so that the used quota is exact."""
        begun = self._governor.poll_begins(self._asked.key)
        status = self._asked.poll()
        exact = self._governor.poll_ends(self._asked.key, status, begun, now=self._clock.now())
        return status, exact

    def known(self) -> KnownAccount | None:
        """What is known without asking; None if SES was never asked."""
        row = self._governor.row(self._asked.key)
        if row is None:
            return None
        now = self._clock.now()
        return KnownAccount(row, row_quota(row, self._quota_rule, now), row_allowed(row, now))

    def quota(self) -> Quota | None:
        """The known quota."""
        known = self.known()
        return known.quota if known else None
