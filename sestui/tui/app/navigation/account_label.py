"""Which account mail goes to, as every screen's top bar says it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AccountLabel:
    """Which account mail goes to, in a few words."""

    text: str
    simulated: bool

    @classmethod
    def of_settings(cls, account: str) -> "AccountLabel":
        """As much as the setting ``account`` says, before anything was opened."""
        return cls("SIMULATOR" if account == "simulator" else "SES", account == "simulator")
