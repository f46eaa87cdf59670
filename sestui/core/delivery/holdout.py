"""Holdouts: the random share of a campaign's recipients who get none of its mail.

On which side a contact is follows from the campaign and the contact alone, so it is the same in all
runs, whatever lists they join and leave, and has nothing to do with their side in other campaigns.
"""

import re
from hashlib import blake2b

from sestui.errors import UsageError

_SHARE = re.compile(r"(\d{1,2})(?:\.(\d{1,3}))?\s*%")
_HASH_BYTES = 8


def holdout_text(text: str) -> str:
    """A share of recipients as campaigns have it: ``5%``, ``0.5%``.

    Raises:
        UsageError: it isn't one.
    """
    found = _SHARE.fullmatch(text.strip())
    if found is None or not holdout_share(text):
        raise UsageError(
            f"{text!r} is not a share of the recipients; write a percentage above 0% and below "
            "100%, as in 5% or 0.5%."
        )
    whole, part = int(found[1]), (found[2] or "").rstrip("0")
    return f"{whole}.{part}%" if part else f"{whole}%"


def holdout_share(text: str) -> float:
    """The share, from 0 to 1, of what :func:`holdout_text` takes; 0 for ''."""
    return float(text.strip().removesuffix("%") or 0) / 100


def holdout_sentence(text: str) -> str:
    """What a campaign's holdout means for a run; '' for none."""
    return f"{text} of the recipients, chosen at random, are held out." if text else ""


def is_held_out(campaign_id: int, contact_id: int, share: float) -> bool:
    """Whether the contact gets none of the campaign's mail.

    Whoever is held out at a share is so at every larger one.
    """
    named = f"sestui holdout {campaign_id} {contact_id}".encode()
    place = int.from_bytes(blake2b(named, digest_size=_HASH_BYTES).digest())
    return place < share * 2.0 ** (8 * _HASH_BYTES)
