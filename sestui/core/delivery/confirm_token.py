"""Tokens of the links that confirm a subscription, sealed like those of unsubscribe links.

The keys of tag and keystream are others, so neither token opens as the other.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sestui.core.clock import Instant
from sestui.core.delivery.unsubscribe_token import LinkKey, key_of, seal, unseal

VALID_SECONDS = 48 * 3600.0
"""How long a link works after its mail was made."""

_NUMBER = 8
_DIGEST = 8
_HEAD = 2 * _NUMBER + _DIGEST


@dataclass(frozen=True, slots=True)
class ConfirmLink:
    """What a link confirms, and until when."""

    request_id: int
    expires_at: int
    """Seconds since the epoch."""
    lists: bytes
    """The digest (:func:`digest_of`) of the lists that were asked for."""
    address_key: str = field(repr=False)

    def has_expired(self, now: Instant) -> bool:
        """Whether it no longer confirms anything."""
        return now >= self.expires_at


def digest_of(lists: Sequence[str]) -> bytes:
    """A short digest of lists' names, in their order."""
    return hashlib.sha256("\0".join(lists).encode()).digest()[:_DIGEST]


def sealed_confirmation(key: LinkKey, link: ConfirmLink) -> str:
    """The token of a link; letters, digits, ``-`` and ``_`` only."""
    numbers = (link.request_id, link.expires_at)
    head = b"".join(each.to_bytes(_NUMBER, "big") for each in numbers) + link.lists
    return key.id + seal(key.for_confirmation, head + link.address_key.encode())


def opened_confirmation(token: str, keys: Mapping[str, LinkKey]) -> ConfirmLink | None:
    """What a token confirms; None if it is forged, altered, or a token of another kind.

    Raises:
        UnknownKeyError: its form is right, but none of ``keys`` has the id that it begins with.
    """
    found = key_of(token, keys)
    content = unseal(found[0].for_confirmation, found[1]) if found else None
    if content is None or len(content) <= _HEAD:
        return None
    return ConfirmLink(
        int.from_bytes(content[:_NUMBER], "big"),
        int.from_bytes(content[_NUMBER : 2 * _NUMBER], "big"),
        content[2 * _NUMBER : _HEAD],
        content[_HEAD:].decode("utf-8", "replace"),
    )
