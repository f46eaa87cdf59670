"""The account as every process on the database shares it."""

from typing import Protocol

from sestui.core.clock import Clock
from sestui.core.delivery.account import AccountStatus, QuotaRule
from sestui.core.delivery.pacing import NO_RATE, AllowedRate, Quota
from sestui.store.db.tables import GovernorRow
from sestui.store.ledger.governor import Governor, row_allowed, row_quota


class AccountSource(Protocol):
    """SES, as far as it tells about the account."""

    @property
    def key(self) -> str: ...  # noqa: D102 - names the governor's row

    def look(self) -> AccountStatus:
        """Ask SES."""


class SharedAccount:
    """Looks at the account and keeps what SES said in the governor's row."""

    def __init__(
        self, asked: AccountSource, governor: Governor, *, quota_rule: QuotaRule, clock: Clock
    ) -> None:
        self._asked = asked
        self._governor = governor
        self._quota_rule = quota_rule
        self._clock = clock

    def look(self) -> AccountStatus:
        """Ask SES now and share the answer with every process."""
        return self.look_closely()[0]

    def look_closely(self) -> tuple[AccountStatus, bool]:
        """The same, and whether nothing was in the air: then the used quota is exact."""
        begun = self._governor.look_begins(self._asked.key)
        status = self._asked.look()
        exact = self._governor.look_ends(self._asked.key, status, begun, now=self._clock.now())
        return status, exact

    def row(self) -> GovernorRow | None:
        """What is known without asking; None before the first look."""
        return self._governor.row(self._asked.key)

    def quota(self) -> Quota | None:
        """The quota as last seen, with what was handed over since; None before the first look."""
        row = self.row()
        return row_quota(row, self._quota_rule, self._clock.now()) if row else None

    def allowed(self) -> AllowedRate:
        """How fast mail may leave now, throttle cuts included; 0 before the first look."""
        row = self.row()
        return row_allowed(row, self._clock.now()) if row else NO_RATE

    def rate(self) -> float:
        """Recipients a second allowed now."""
        return self.allowed().rate
