"""Parse addresses in SES's calls and in raw mail strictly, with SES's own errors."""

from collections.abc import Callable, Iterable
from typing import TypeVar

from sestui.core.contact.mailboxes import AddressError, Mailbox, read_mailbox, read_mailboxes
from sestui.ses_api.wire import bad_request

_Read = TypeVar("_Read", Mailbox, tuple[Mailbox, ...])


def mailbox_of(text: str) -> Mailbox:
    """Parse a single mailbox, such as ``FromEmailAddress``.

    Raises:
        ServiceError: SES would not accept it.
    """
    found = _read(read_mailbox, text)
    _check_ascii((found,))
    return found


def mailboxes_of(header: str) -> tuple[Mailbox, ...]:
    """Parse an address header of a raw mail, in order; groups may be empty.

    Raises:
        ServiceError: SES would not accept it.
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
    # Only the domain can have other characters, and SES wants punycode.
    if not all(each.address.isascii() for each in found):
        raise bad_request("Domain contains illegal character")
