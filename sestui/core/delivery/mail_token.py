"""Tokens in the address that mail to unsubscribe goes to: ``unsubscribe+TOKEN@in.example.com``.

An address is what mail programs are sure to keep; what is before its @ has 64 characters, and some
servers write them in lower case. So a token has 32 letters and digits of base32: the key's id, the
delivery's number, and an authenticator of that number and the recipient's address. The address has
no room in it, so whoever opens one has to know whom it could be about.
"""

import base64
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from sestui.core.delivery.unsubscribe_token import LinkKey, UnknownKeyError

_KEY_ID = 3
_NUMBER = 6
_TAG = 11
"""88 bits: it can only be guessed by sending mail."""
_FORM = re.compile(r"[a-z2-7]{32}")
LONGEST_LOCAL_PART = 64
"""RFC 5321, 4.5.3.1.1."""


def mail_token(key: LinkKey, delivery_id: int, address_key: str) -> str:
    """The token of a delivery to an address; always the same for the same."""
    for_tag, for_stream = key.for_mail
    tag = _tag(for_tag, delivery_id, address_key)
    number = _crossed(for_stream, tag, delivery_id.to_bytes(_NUMBER, "big"))
    whole = base64.urlsafe_b64decode(key.id) + number + tag
    return base64.b32encode(whole).decode("ascii").lower()


@dataclass(frozen=True, slots=True)
class ClaimedDelivery:
    """What a token says, which holds only for an address that it was made for."""

    delivery_id: int
    _tag: bytes = field(repr=False)
    _key: LinkKey

    def is_to(self, address_key: str) -> bool:
        """Whether it was made for this delivery to this address."""
        return hmac.compare_digest(
            _tag(self._key.for_mail[0], self.delivery_id, address_key), self._tag
        )


def claimed(token: str, keys: Mapping[str, LinkKey]) -> ClaimedDelivery | None:
    """What a token says; None if it is no token.

    Raises:
        UnknownKeyError: its form is right, but none of ``keys`` has the id that it begins with.
    """
    if not (token.isascii() and _FORM.fullmatch(token.lower())):
        return None
    whole = base64.b32decode(token.upper())
    key_id = base64.urlsafe_b64encode(whole[:_KEY_ID]).decode("ascii")
    key = keys.get(key_id)
    if key is None:
        raise UnknownKeyError(key_id)
    tag = whole[_KEY_ID + _NUMBER :]
    number = _crossed(key.for_mail[1], tag, whole[_KEY_ID : _KEY_ID + _NUMBER])
    return ClaimedDelivery(int.from_bytes(number, "big"), tag, key)


def _tag(key: bytes, delivery_id: int, address_key: str) -> bytes:
    content = delivery_id.to_bytes(8, "big") + address_key.encode()
    return hmac.digest(key, content, "sha256")[:_TAG]


def _crossed(key: bytes, tag: bytes, number: bytes) -> bytes:
    """``number`` under a keystream that ``tag`` begins; crossing it twice gives it back."""
    stream = hmac.digest(key, tag, "sha256")
    return bytes(one ^ other for one, other in zip(number, stream, strict=False))
