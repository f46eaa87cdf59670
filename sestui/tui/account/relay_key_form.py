"""A new key of the relay as it is typed."""

from dataclasses import dataclass

from sestui.core.relay.calls import named_calls
from sestui.core.relay.key import KeyFields
from sestui.errors import UsageError

_ALL = "100"
"""Percent."""


@dataclass(frozen=True, slots=True)
class KeyForm:
    """A new key as it is typed."""

    name: str = ""
    senders: str = ""
    """With commas between them."""
    rate_share: str = _ALL
    """Percent, with or without its sign; '' is all."""
    quota_share: str = _ALL
    send_only: bool = False
    allow: str = ""
    """Calls other than sends, with commas between them."""

    def fields(self) -> KeyFields:
        """What the texts mean.

        Raises:
            UsageError: such a key can't be.
        """
        fields = KeyFields(
            self.name.strip(),
            tuple(sender.strip() for sender in self.senders.split(",") if sender.strip()),
            _share(self.rate_share, "rate"),
            _share(self.quota_share, "quota"),
            self.send_only,
            self._calls(),
        )
        fields.check()
        return fields

    def _calls(self) -> tuple[str, ...]:
        if not self.allow.strip():
            return ()
        from sestui.ses.operations import Operations  # noqa: PLC0415 - botocore is slow to import

        return named_calls([self.allow], Operations().names)


def _share(text: str, of: str) -> float:
    number = text.strip().removesuffix("%").strip() or _ALL
    try:
        return float(number) / 100
    except ValueError:
        raise UsageError(f"The share of the {of} is a percentage, such as 50 or 12.5.") from None
