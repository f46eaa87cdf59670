"""The service behind the account's screens."""

from collections.abc import Sequence
from dataclasses import dataclass

from sestui.core.delivery.account import AccountStatus
from sestui.errors import SestuiError
from sestui.reports.account import AccountReport
from sestui.runtime import Runtime
from sestui.settings_file import in_force

_FRESH_SECONDS = 60.0
"""How old what SES said may be before it is asked again by itself."""

SIMULATOR, SES = "simulator", "ses"


@dataclass(frozen=True, slots=True)
class Choice:
    """An account that mail can go to."""

    account: str
    """``simulator`` or ``ses``."""
    profile: str = ""
    """The AWS profile; '' is what AWS's own chain says."""
    region: str = ""
    """The profile's own region; '' where none is known."""
    chosen: bool = False
    """Whether the next start uses it."""

    def settings(self, region: str) -> dict[str, str]:
        """The settings that it is, by name."""
        if self.account == SIMULATOR:
            return {"account": SIMULATOR}
        return {"account": SES, "aws_profile": self.profile, "aws_region": region}

    @property
    def called(self) -> str:
        """In words: ``the simulator``, ``Amazon SES (profile shop)``."""
        if self.account == SIMULATOR:
            return "the simulator"
        return "Amazon SES" + (f" (profile {self.profile})" if self.profile else "")


class AccountService:
    """Queries and actions of the account's screens; all calls block."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    # reading

    def report(self, *, ask: bool = False) -> AccountReport | None:
        """The account; SES is asked if its last answer is old, or if ``ask``.

        Call it once the account is open.
        """
        report = self._runtime.account_report()
        now = self._runtime.clock.now()
        if ask or report is None or not 0 <= now - report.known.row.looked_at < _FRESH_SECONDS:
            self._runtime.account.poll()
            report = self._runtime.account_report()
        return report

    def credentials(self) -> str:
        """Where credentials come from, as words; never a secret. May take a second."""
        if self._runtime.ses.simulated:
            return "none: the simulator needs none"
        from sestui.ses.credentials import credential_source  # noqa: PLC0415 - boto3 is slow

        settings = self._runtime.settings
        try:
            return credential_source(settings.aws_profile, settings.aws_region).sentence
        except SestuiError as error:
            return str(error)

    # choosing

    def choices(self) -> Sequence[Choice]:
        """The simulator, SES by AWS's own chain, and SES by each profile of the AWS files."""
        from sestui.ses.credentials import profiles  # noqa: PLC0415 - boto3 is slow to import

        now = (self._coming("account"), self._coming("aws_profile"))
        found = [Choice(SIMULATOR), Choice(SES)]
        found += [Choice(SES, profile.name, profile.region) for profile in profiles()]
        return [
            Choice(each.account, each.profile, each.region, now == (each.account, each.profile))
            if each.account == SES
            else Choice(SIMULATOR, chosen=now[0] == SIMULATOR)
            for each in found
        ]

    def region(self) -> str:
        """The region that the settings name; '' for none."""
        return str(self._coming("aws_region"))

    def regions(self) -> Sequence[str]:
        """The regions that have SES."""
        from sestui.ses.credentials import regions  # noqa: PLC0415 - boto3 is slow to import

        return regions()

    def try_out(self, choice: Choice, region: str) -> AccountStatus:
        """Ask SES by that profile and region, without using it for anything.

        Raises:
            AccountError: it refuses, or nobody answers.
        """
        from sestui.ses.account import AccountReader  # noqa: PLC0415 - boto3 is slow to import
        from sestui.ses.client import Clients, Endpoint  # noqa: PLC0415 - as above

        endpoint = Endpoint(profile=choice.profile, region=region)
        return AccountReader(Clients(endpoint), simulated=False).poll()

    def _coming(self, name: str) -> object:
        """A setting as the next start will have it."""
        setting = {each.name: each for each in in_force(self._runtime.settings)}[name]
        return setting.value if setting.coming is None else setting.coming
