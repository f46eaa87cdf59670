"""Addresses in the form that SES calls take: ASCII, names encoded, domains in punycode."""

import re

from sestui.core.contact import address_check as addresses
from sestui.core.contact.mailboxes import AddressError, Mailbox, read_mailbox
from sestui.core.text import printable
from sestui.errors import ContentError

_PLAIN_NAME = re.compile(
    r'(?!=\?)(?P<name>[^<>@"=]*[^<>@"=\s])\s*<(?P<address>[^<>\s]+)>'
).fullmatch
_ASCII_ADDRESS = re.compile(r"[!-~]+@[!-~]+")


def mailbox(text: str) -> Mailbox:
    """Parse one mailbox, such as ``Ada's Shop <news@example.com>``; the name may be ''.

    Commas and colons in the name need no quotes, as there is only one mailbox.

    Raises:
        ContentError: it isn't one mailbox.
    """
    tidy = text.strip()
    try:
        plain = _PLAIN_NAME(tidy)
        if plain and tidy.isprintable():
            return Mailbox(plain["name"], read_mailbox(plain["address"]).address)
        return read_mailbox(tidy)
    except AddressError as error:
        raise ContentError(
            f"{printable(text)!r} is not an address like 'Ada <ada@example.com>' ({error})."
        ) from error


def wire_mailbox(text: str) -> str:
    """The mailbox in ASCII: name in encoded words (RFC 2047) if need be, domain in punycode.

    Raises:
        ContentError: as :func:`mailbox` and :func:`wire_address`.
    """
    found = mailbox(text)
    return Mailbox(found.name, wire_address(found.address)).written


def wire_address(address: str) -> str:
    """The address in ASCII.

    Raises:
        ContentError: the local part is not ASCII, or there are blanks or control characters.
    """
    wire = addresses.wire_address(address)
    if not _ASCII_ADDRESS.fullmatch(wire):
        raise ContentError(f"{printable(address)!r} is not an address SES can send to.")
    return wire
