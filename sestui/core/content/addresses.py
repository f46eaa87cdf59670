"""Addresses as SES wants them in a call: ASCII, names encoded, domains in punycode."""

import re
from email.utils import formataddr

from sestui.core import addresses
from sestui.core.text import printable
from sestui.errors import ContentError

_MAILBOX = re.compile(r"(?P<name>[^<>]*?)\s*<(?P<address>[^<>\s]+@[^<>\s]+)>")
_BARE = re.compile(r"[^<>\s,;]+@[^<>\s,;]+")
_ASCII_ADDRESS = re.compile(r"[!-~]+@[!-~]+")


def split_mailbox(mailbox: str) -> tuple[str, str]:
    """``Ada's Shop <news@example.com>`` as name (may be '') and address.

    Raises:
        ContentError: it isn't a mailbox, or it holds a line break.
    """
    tidy = mailbox.strip()
    named = _MAILBOX.fullmatch(tidy)
    if named and tidy.isprintable():
        name = named["name"].strip()
        if len(name) > 1 and name[0] == name[-1] == '"':
            name = re.sub(r"\\(.)", r"\1", name[1:-1])
        return name, named["address"]
    if _BARE.fullmatch(tidy) and tidy.isprintable():
        return "", tidy
    raise ContentError(f"{mailbox!r} is not an address like 'Ada <ada@example.com>'.")


def wire_mailbox(mailbox: str) -> str:
    """The mailbox in ASCII: the name as an RFC 2047 word if need be, the domain in punycode.

    Raises:
        ContentError: as :func:`split_mailbox` and :func:`wire_address`.
    """
    name, address = split_mailbox(mailbox)
    return formataddr((name, wire_address(address)))


def wire_address(address: str) -> str:
    """The address in ASCII.

    Raises:
        ContentError: SES takes only ASCII before the @, and no blanks or controls anywhere.
    """
    wire = addresses.wire_address(address)
    if not _ASCII_ADDRESS.fullmatch(wire):
        raise ContentError(f"{printable(address)!r} is not an address SES can send to.")
    return wire
