"""Tokens of unsubscribe links: which delivery, to which address, sealed so that nobody can read the
address in a link or make a link of their own.

Sealing is the SIV construction (Rogaway and Shrimpton, RFC 5297) with HMAC-SHA256 as its only
primitive: the tag is the authenticator of the content, and the keystream is derived from the tag.
Equal contents make equal tokens, so a link of a delivery is always the same.
"""

import base64
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from sestui.core.lazy import lazy

_TAG = 16
_NUMBER = 8
_BLOCK = 32
_ID_LETTERS = 4
_FORM = re.compile(r"[A-Za-z0-9_-]{38,600}")
"""At least the key's id, a tag, a number and a byte of the address."""
LONGEST_TOKEN = 600
"""Characters; an address may have 254 bytes, which makes 375."""


@dataclass(frozen=True)
class LinkKey:
    """A secret that links are sealed with, known in links by its id."""

    secret: bytes = field(repr=False)
    """32 random bytes."""

    @lazy
    def id(self) -> str:
        """Four characters that any link begins with, derived from the secret."""
        return _letters(hmac.digest(self.secret, b"sestui unsubscribe: id", "sha256")[:3])

    @lazy
    def _sealing(self) -> tuple[bytes, bytes]:
        """The keys of tag and keystream."""
        return (
            hmac.digest(self.secret, b"sestui unsubscribe: tag", "sha256"),
            hmac.digest(self.secret, b"sestui unsubscribe: stream", "sha256"),
        )

    @lazy
    def for_mail(self) -> tuple[bytes, bytes]:
        """The keys of tag and keystream of tokens in addresses (``core.delivery.mail_token``)."""
        return (
            hmac.digest(self.secret, b"sestui unsubscribe mail: tag", "sha256"),
            hmac.digest(self.secret, b"sestui unsubscribe mail: stream", "sha256"),
        )

    @lazy
    def for_confirmation(self) -> tuple[bytes, bytes]:
        """The keys of tag and keystream of ``core.delivery.confirm_token``."""
        return (
            hmac.digest(self.secret, b"sestui confirm: tag", "sha256"),
            hmac.digest(self.secret, b"sestui confirm: stream", "sha256"),
        )

    def sealed(self, delivery_id: int, address_key: str) -> str:
        """The token of a delivery to an address; letters, digits, ``-`` and ``_`` only."""
        content = delivery_id.to_bytes(_NUMBER, "big") + address_key.encode()
        return self.id + seal(self._sealing, content)

    def opened(self, sealed: bytes) -> "LinkSubject | None":
        """What was sealed; None if it wasn't by this key, or has been altered."""
        content = unseal(self._sealing, sealed)
        if content is None:
            return None
        return LinkSubject(
            int.from_bytes(content[:_NUMBER], "big"), content[_NUMBER:].decode("utf-8", "replace")
        )


@dataclass(frozen=True, slots=True)
class LinkSubject:
    """Whom a link is about."""

    delivery_id: int
    address_key: str = field(repr=False)
    """The address in lower case, as contacts and suppressions know it."""


class UnknownKeyError(LookupError):
    """A token names a key that isn't here."""

    def __init__(self, key_id: str) -> None:
        super().__init__(key_id)
        self.key_id = key_id


def opened(token: str, keys: Mapping[str, LinkKey]) -> LinkSubject | None:
    """What the token says; None if it is forged, altered, cut off or no token at all.

    Raises:
        UnknownKeyError: its form is right, but none of ``keys`` has the id that it begins with.
    """
    found = key_of(token, keys)
    if found is None:
        return None
    key, sealed = found
    return key.opened(sealed)


def key_of(token: str, keys: Mapping[str, LinkKey]) -> tuple[LinkKey, bytes] | None:
    """The key that a token of a link names, and what is sealed in it; None if it is no token.

    Raises:
        UnknownKeyError: its form is right, but none of ``keys`` has the id that it begins with.
    """
    if not _FORM.fullmatch(token):
        return None
    letters = token[_ID_LETTERS:]
    try:
        sealed = base64.urlsafe_b64decode(letters + "=" * (-len(letters) % 4))
    except ValueError:
        return None
    # The last letter has bits that decoding drops: a link has one spelling only.
    if _letters(sealed) != letters:
        return None
    key = keys.get(token[:_ID_LETTERS])
    if key is None:
        raise UnknownKeyError(token[:_ID_LETTERS])
    return key, sealed


def seal(keys: tuple[bytes, bytes], content: bytes) -> str:
    """The letters of ``content``, sealed with the keys of tag and keystream."""
    for_tag, for_stream = keys
    tag = hmac.digest(for_tag, content, "sha256")[:_TAG]
    return _letters(tag + _crossed(for_stream, tag, content))


def unseal(keys: tuple[bytes, bytes], sealed: bytes) -> bytes | None:
    """What was sealed with the keys; None if it wasn't, or has been altered."""
    for_tag, for_stream = keys
    tag = sealed[:_TAG]
    content = _crossed(for_stream, tag, sealed[_TAG:])
    expected = hmac.digest(for_tag, content, "sha256")[:_TAG]
    return content if hmac.compare_digest(tag, expected) else None


def _crossed(key: bytes, tag: bytes, content: bytes) -> bytes:
    """``content`` under the keystream that ``tag`` begins; crossing it twice gives it back."""
    size = len(content)
    stream = b"".join(
        hmac.digest(key, tag + block.to_bytes(2, "big"), "sha256")
        for block in range(-(-size // _BLOCK))
    )
    mixed = int.from_bytes(content, "big") ^ int.from_bytes(stream[:size], "big")
    return mixed.to_bytes(size, "big")


def _letters(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")
