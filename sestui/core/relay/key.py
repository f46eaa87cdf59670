"""Fields of a relay key, and their rules."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sestui.core.percent import set_percent
from sestui.core.relay.calls import check_allowed
from sestui.errors import UsageError

LEAST_SHARE = 0.0001
"""The smallest share of the account's rate and of its 24-hour quota; the largest is 1."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,93}")
_SENDER = re.compile(r"([^@\s]+@)?([a-z0-9-]+\.)*[a-z0-9-]+", re.IGNORECASE)
_LONGEST_SENDER = 320
"""Characters: 64 for the local part, the @, and 255 for the domain."""
_MOST_QUOTED = 60


@dataclass(frozen=True, slots=True)
class KeyFields:
    """A relay key's properties."""

    name: str
    senders: Sequence[str] = ()
    """Addresses and domains that it may send as; empty for any."""
    rate_share: float = 1.0
    """Share of the account's rate, :data:`LEAST_SHARE` to 1."""
    quota_share: float = 1.0
    """Share of the 24-hour quota that sestui uses, likewise."""
    send_only: bool = False
    """Refuse all calls but sends."""
    allow: Sequence[str] = ()
    """SES's names of the calls that it may make besides sends. Empty: all calls, or with senders
    only :data:`~sestui.core.relay.calls.HARMLESS`."""

    def check(self) -> None:
        """Check all fields.

        Raises:
            UsageError: a field is invalid.
        """
        if not _NAME.fullmatch(self.name):
            raise UsageError(
                f"{_quoted(self.name)} can't be a key's name; use letters, digits, '.', '_' and "
                "'-', at most 94, a letter or digit first."
            )
        for sender in self.senders:
            if not _can_send(sender):
                raise UsageError(f"{_quoted(sender)} is neither an address nor a domain.")
        for share, of in ((self.rate_share, "rate"), (self.quota_share, "quota")):
            if not LEAST_SHARE <= share <= 1:  # also true for NaN
                raise UsageError(
                    f"The share of the {of} can't be {set_percent(share)} ({share:.6g}): it "
                    f"goes from {set_percent(LEAST_SHARE)} ({LEAST_SHARE}) to 100 % (1)."
                )
        check_allowed(self.allow, senders=self.senders, send_only=self.send_only)


def _can_send(sender: str) -> bool:
    if len(sender) > _LONGEST_SENDER or not sender.isprintable():
        return False
    return _SENDER.fullmatch(sender) is not None


def _quoted(text: str) -> str:
    return repr(text if len(text) <= _MOST_QUOTED else f"{text[:_MOST_QUOTED]}…")
