"""What a key of the relay may be called and be bound to: the same for every door."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sestui.core.relay.calls import check_allowed
from sestui.errors import UsageError

LEAST_SHARE = 0.0001
"""Of the account's rate and of the 24-hour quota; the most is 1, all of it."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,93}")
_SENDER = re.compile(r"([^@\s]+@)?([a-z0-9-]+\.)*[a-z0-9-]+", re.IGNORECASE)
_LONGEST_SENDER = 320
"""Characters: 64 before the @, and 255 of the domain after it."""
_MOST_QUOTED = 60


@dataclass(frozen=True, slots=True)
class KeyFields:
    """A key as somebody wants it."""

    name: str
    senders: Sequence[str] = ()
    """Addresses and domains it may send as; none: any."""
    rate_share: float = 1.0
    """Of the account's rate, :data:`LEAST_SHARE` to 1."""
    quota_share: float = 1.0
    """Of the 24-hour quota that sestui allows itself, likewise."""
    send_only: bool = False
    """Calls other than sends are refused."""
    allow: Sequence[str] = ()
    """Names of the calls that it may make beside sends, as SES has them; none: with senders a few
    harmless reads, without them every call."""

    def check(self) -> None:
        """See that such a key can be.

        Raises:
            UsageError: it can't; the text says which of the fields is wrong, and how.
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
            if not LEAST_SHARE <= share <= 1:  # so written, it is true of what is not a number
                raise UsageError(
                    f"The share of the {of} can't be {100 * share:.6g}% ({share:.6g}): it goes "
                    f"from {LEAST_SHARE:.2%} ({LEAST_SHARE}) to 100% (1)."
                )
        check_allowed(self.allow, senders=self.senders, send_only=self.send_only)


def _can_send(sender: str) -> bool:
    if len(sender) > _LONGEST_SENDER or not sender.isprintable():
        return False
    return _SENDER.fullmatch(sender) is not None


def _quoted(text: str) -> str:
    return repr(text if len(text) <= _MOST_QUOTED else f"{text[:_MOST_QUOTED]}…")
