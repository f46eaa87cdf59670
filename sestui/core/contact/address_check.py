"""Validate email addresses, and normalise them for comparison.

The verdict is email-validator's, word for word, with two settings: no DNS, and ASCII local parts
only, as SES takes no others. email-validator checks about ten thousand addresses a second, and
lists have millions, so plain addresses are recognised here by narrower rules; all others go to the
library. A property test compares the two.
"""

import re
from functools import lru_cache
from typing import NamedTuple

from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email
from email_validator.rfc_constants import CASE_INSENSITIVE_MAILBOX_NAMES

MAX_ADDRESS = 254
"""Characters (and bytes) an address may have, by RFC 5321."""

_ATOM = r"[a-zA-Z0-9_!#$%&'*+\-/=?^`{|}~]+"
_is_plain_local = re.compile(rf"{_ATOM}(?:\.{_ATOM})*").fullmatch
_is_plain_domain = re.compile(
    r"(?=.{1,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?:[a-z0-9][a-z0-9-]{0,61})?[a-z]"
).fullmatch
_SPECIAL_ENDINGS = tuple(f".{name}" for name in SPECIAL_USE_DOMAIN_NAMES)
_CASELESS = frozenset(CASE_INSENSITIVE_MAILBOX_NAMES)


class Address(NamedTuple):
    """A valid address."""

    email: str
    """For people: the local part as typed, the domain in lower case and Unicode."""
    key: str
    """For comparison: lower case, the domain in punycode; always ASCII."""


class Refusal(NamedTuple):
    """Why a text is not an address that can be mailed."""

    reason: str
    """One sentence."""


class _Domain(NamedTuple):
    name: str
    ascii_name: str
    longest: int
    """Bytes of its longest spelling: typed, Unicode or punycode."""


def check_address(text: str) -> Address | Refusal:
    """Validate a bare address, ignoring white space around it."""
    text = text.strip()
    if len(text) > MAX_ADDRESS:
        return Refusal(
            f"The email address is too long ({len(text):,} characters; {MAX_ADDRESS} are allowed)."
        )
    local, _, typed_domain = text.partition("@")
    if _is_plain_local(local):
        domain = _domain(typed_domain)
        if domain is not None and len(local) + 1 + domain.longest <= MAX_ADDRESS:
            lowered = local.lower()
            key = f"{lowered}@{domain.ascii_name}"
            if domain.name is domain.ascii_name and (lowered == local or lowered in _CASELESS):
                return Address(key, key)
            written = lowered if lowered in _CASELESS else local
            return Address(f"{written}@{domain.name}", key)
    return _asked(text)


def address_key(text: str) -> str:
    """The comparison key of an address; an invalid one is stripped and in lower case."""
    verdict = check_address(text)
    return verdict.key if isinstance(verdict, Address) else text.strip().lower()


_DOTLESS = frozenset({"gmail.com", "googlemail.com"})
"""Domains of one provider, whose mailboxes have the same address with dots and without."""


def mailbox_key(key: str) -> str:
    """What the keys of addresses of one mailbox have in common, as far as one can tell.

    ``ada+news@example.com`` is Ada's too with most providers, and so are dots with some.
    """
    local, _, domain = key.rpartition("@")
    name = local.partition("+")[0] or local
    if domain in _DOTLESS:
        return f"{name.replace('.', '')}@{min(_DOTLESS)}"
    return f"{name}@{domain}"


def domain_key(text: str) -> str | None:
    """The key under which a whole domain is suppressed: ``@example.org``.

    ``text`` may be ``example.org``, ``@example.org`` or ``*@example.org``; None if it is no domain.
    No address has such a key.
    """
    typed = text.strip().removeprefix("*").removeprefix("@")
    found = _domain(typed) if typed and "@" not in typed else None
    return f"@{found.ascii_name}" if found is not None else None


def suppression_key(text: str) -> str:
    """The key of an address or of a whole domain."""
    return domain_key(text) or address_key(text)


def wire_address(email: str) -> str:
    """A valid address as SES takes it: domain in punycode, the local part's case kept."""
    if email.isascii():
        return email
    local, _, typed_domain = email.rpartition("@")
    domain = _domain(typed_domain)
    return f"{local}@{domain.ascii_name}" if domain is not None else email


@lru_cache(maxsize=16_384)
def _domain(typed: str) -> _Domain | None:
    """The domain's normal forms; None if no address can have it."""
    lowered = typed.lower()
    if (
        typed.isascii()
        and _is_plain_domain(lowered)
        and "--" not in lowered
        and not lowered.endswith(_SPECIAL_ENDINGS)
    ):
        return _Domain(lowered, lowered, len(lowered))
    try:
        found = validate_email(f"a@{typed}", check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError:
        return None
    spellings = (typed, found.domain, found.ascii_domain)
    return _Domain(
        found.domain, found.ascii_domain, max(len(spelling.encode()) for spelling in spellings)
    )


def _asked(text: str) -> Address | Refusal:
    try:
        found = validate_email(text, check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError as error:
        return Refusal(str(error))
    return Address(found.normalized, f"{found.local_part}@{found.ascii_domain}".lower())
