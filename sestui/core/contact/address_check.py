"""Is this an email address, and when are two of them the same?

The verdict is email-validator's, word for word, with two settings: no DNS, and ASCII local parts
only, because SES takes no others. email-validator judges some ten thousand addresses a second,
and lists have millions, so the plain addresses that make up nearly every list are recognised here
by rules that are narrower than the library's; everything else is put to the library itself. A
property test holds both against each other.
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
    """As people read it: local part as typed, domain lower case and in its Unicode form."""
    key: str
    """For comparison: lower case, domain in punycode, hence always ASCII."""


class Refusal(NamedTuple):
    """Not an address that can be mailed."""

    reason: str
    """One sentence."""


class _Domain(NamedTuple):
    name: str
    ascii_name: str
    longest: int
    """Bytes of the longest of its spellings: typed, Unicode, punycode."""


def check_address(text: str) -> Address | Refusal:
    """Judge an address; white space around it is not part of it.

    ``Name <ada@example.com>`` is refused like everything else email-validator refuses.
    """
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
    """The comparison key of any text, valid address or not: what suppressions and finds use."""
    verdict = check_address(text)
    return verdict.key if isinstance(verdict, Address) else text.strip().lower()


def domain_key(text: str) -> str | None:
    """The key under which a whole domain is suppressed: ``@example.org``.

    The domain may be typed as ``example.org``, ``@example.org`` or ``*@example.org``; None: it is
    none. No address has such a key.
    """
    typed = text.strip().removeprefix("*").removeprefix("@")
    found = _domain(typed) if typed and "@" not in typed else None
    return f"@{found.ascii_name}" if found is not None else None


def suppression_key(text: str) -> str:
    """The key of an address or of a whole domain, as suppressions and finds use it."""
    return domain_key(text) or address_key(text)


def wire_address(email: str) -> str:
    """A valid address as SES takes it: the domain in punycode, the local part's case kept."""
    if email.isascii():
        return email
    local, _, typed_domain = email.rpartition("@")
    domain = _domain(typed_domain)
    return f"{local}@{domain.ascii_name}" if domain is not None else email


@lru_cache(maxsize=16_384)
def _domain(typed: str) -> _Domain | None:
    """The domain's normal forms, or None if no address can be at it."""
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
