"""Rules of single settings: they return the value, or raise ValueError with what is wrong."""

import re
from urllib.parse import urlsplit
from zoneinfo import available_timezones

_PLAIN_ADDRESS = re.compile(r"https?://[A-Za-z0-9.:\[\]-]+(?:/[A-Za-z0-9._~/-]*)?")


def known_zone(value: str) -> str:
    """An IANA time zone, or ''."""
    if value and value not in available_timezones():
        raise ValueError("it is not an IANA time zone such as Europe/Paris")
    return value


def mailbox(value: str) -> str:
    """An address, alone or as ``Name <address>``; or ''."""
    if not value:
        return value
    from sestui.core.campaign import values as campaign_values  # noqa: PLC0415 - it brings email-validator

    try:
        return campaign_values.mailbox(value)
    except campaign_values.BadValue as bad:
        raise ValueError(bad.problem) from bad


_RECEIVING = re.compile(r"[a-z0-9._-]{1,31}@[a-z0-9.-]{1,160}", re.IGNORECASE)
"""With a plus sign and a token of 32 characters, 64 are before the @: more are not allowed."""


def receiving_address(value: str) -> str:
    """An address alone that has room for a token and nothing to escape in a mailto:; or ''."""
    if value and (not _RECEIVING.fullmatch(value) or mailbox(value) != value):
        raise ValueError(
            "it must be an address such as unsubscribe@in.example.com, with up to 31 letters, "
            "digits, dots, - and _ before the @"
        )
    return value


def names_in(value: str) -> tuple[str, ...]:
    """The names in a text with commas between them, without doubles."""
    return tuple(dict.fromkeys(name for each in value.split(",") if (name := each.strip())))


_ORIGIN = re.compile(r"https://[a-z0-9.-]+(?::[0-9]{1,5})?")


def origins(value: str) -> str:
    """Origins of sites, with commas between them; or ''."""
    for each in names_in(value):
        if not _ORIGIN.fullmatch(each):
            raise ValueError(
                "it must be the beginnings of sites' addresses, such as https://www.example.com, "
                "without a path and in small letters"
            )
    return value


_SES_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


def ses_name(value: str) -> str:
    """A name as SES gives to contact lists and topics; or ''."""
    if value and not _SES_NAME.fullmatch(value):
        raise ValueError("it must be up to 64 letters, digits, - and _")
    return value


_LOOPBACK = {"127.0.0.1", "localhost", "::1"}


_LONGEST_PAGE_ADDRESS = 500
"""Characters; with a link's token and a mailto: it must fit into a header."""


def page_address(value: str) -> str:
    """The unsubscribe page's address, without a slash at its end; or ''."""
    if not value:
        return value
    try:
        parts = urlsplit(value)
        sound = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        sound = False
    if not sound or not _PLAIN_ADDRESS.fullmatch(value) or len(value) > _LONGEST_PAGE_ADDRESS:
        raise ValueError("it must be an address such as https://news.example.com, without ? and #")
    if parts.scheme != "https" and (parts.scheme != "http" or parts.hostname not in _LOOPBACK):
        raise ValueError(
            "it must begin with https://: mail programs unsubscribe by no other links, and others "
            "on the way could read and change them (http is for trying it on this machine only)"
        )
    return value.rstrip("/")
