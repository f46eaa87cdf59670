"""Addresses in SES's calls and in raw mail: read strictly, refused in SES's words."""

from collections.abc import Callable, Iterable
from typing import TypeVar

from sestui.core.contact.mailboxes import AddressError, Mailbox, read_mailbox, read_mailboxes
from sestui.ses_api.wire import bad_request

_Read = TypeVar("_Read", Mailbox, tuple[Mailbox, ...])


def mailbox_of(text: str) -> Mailbox:
    """The one mailbox of an address member (``FromEmailAddress``, one of ``ToAddresses``).

    Raises:
        ServiceError: SES would not take it.
    """
    found = _read(read_mailbox, text)
    _check_ascii((found,))
    return found


def mailboxes_of(header: str) -> tuple[Mailbox, ...]:
    """Everybody in an address header of a raw mail, in order; groups may have no members.

    Raises:
        ServiceError: SES would not take it.
    """
    found = _read(read_mailboxes, header)
    _check_ascii(found)
    return found


def _read(reader: Callable[[str], _Read], text: str) -> _Read:
    try:
        return reader(text)
    except AddressError as error:
        raise bad_request(str(error)) from error


def _check_ascii(found: Iterable[Mailbox]) -> None:
    # Only the domain can have other characters: SES wants it in punycode.
    if not all(each.address.isascii() for each in found):
        raise bad_request("Domain contains illegal character")
