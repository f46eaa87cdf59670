"""Results of checking an address."""

from dataclasses import dataclass
from enum import StrEnum


class AddressVerdict(StrEnum):
    """Whether mail to an address can arrive."""

    VALID = "valid"
    INVALID = "invalid"
    """It is not an address, or its domain takes no mail."""
    UNKNOWN = "unknown"
    """DNS gave no answer."""
    UNVERIFIED = "unverified"
    """It looks valid, but SES's sandbox delivers to verified addresses only."""


@dataclass(frozen=True, slots=True)
class Checked:
    """A verdict and its reason."""

    verdict: AddressVerdict
    reason: str = ""
    """A sentence; '' for a valid address."""
