"""The account on Home: rate, quota with other services' use, and what is wrong with it."""

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from sestui.tui.home.service import AccountSnapshot
from sestui.tui.widgets.gauges import labelled, quota_line, rate_line
from sestui.tui.widgets.rate_meter import RateMeter


class AccountFigure(Widget):
    """Draws one picture of the account; what differs is how."""

    account: reactive[AccountSnapshot | None] = reactive(None)


class AccountRate(AccountFigure):
    """What leaves now, of all runs together, beside what the account allows."""

    def __init__(self) -> None:
        super().__init__()
        self._meter = RateMeter()

    def watch_account(self, account: AccountSnapshot | None) -> None:
        """Every look is a sample."""
        if account is not None:
            self._meter.add(account.at, account.taken)

    def render(self) -> Content:
        """One line."""
        if self.account is None:
            return labelled("rate", "asking the account…")
        return rate_line(self._meter, self.account.allowed, self.size.width)


class AccountQuota(AccountFigure):
    """The 24-hour quota, and how much of its use is other services'."""

    def render(self) -> Content:
        """One line."""
        if self.account is None:
            return Content("")
        others = int(self.account.quota.used) - self.account.ours
        note = f", {others:,} by others" if others > 0 else ""
        return quota_line(self.account.quota, self.size.width, note=note)


class AccountHealth(AccountFigure):
    """What is not as it should be; nothing while all is well."""

    def watch_account(self, account: AccountSnapshot | None) -> None:
        """No empty line."""
        self.display = account is not None and bool(self._said(account))

    def render(self) -> Content:
        """One line."""
        if self.account is None:
            return Content("")
        return Content.assemble(
            ("account  ", "$text-muted"), (self._said(self.account), "$text-warning")
        )

    @staticmethod
    def _said(account: AccountSnapshot) -> str:
        words = list(account.health)
        if account.allowed < account.rate:
            words.append(f"SES throttled: {account.allowed:,.1f} of {account.rate:,.1f}/s for now")
        return ", ".join(words)
