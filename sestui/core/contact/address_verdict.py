"""What checking an address came to."""

from dataclasses import dataclass
from enum import StrEnum


class AddressVerdict(StrEnum):
    """Whether mail to an address can arrive."""

    VALID = "valid"
    INVALID = "invalid"
    """It is no address, or its domain takes no mail."""
    UNKNOWN = "unknown"
    """The DNS did not tell; nothing follows from that."""
    UNVERIFIED = "unverified"
    """It would be valid, but SES's sandbox delivers to verified addresses only."""


@dataclass(frozen=True, slots=True)
class Checked:
    """A verdict with its reason."""

    verdict: AddressVerdict
    reason: str = ""
    """A sentence; '' if all is well."""
