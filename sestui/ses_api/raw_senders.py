"""Everybody a raw mail could be from, whoever reads it: for keys that are bound to senders."""

from email.parser import BytesHeaderParser
from email.policy import SMTP

from sestui.ses_api.raw_mail import RawMail
from sestui.ses_api.wire import bad_request

_SENDERS = ("From", "Sender", "Resent-From", "Resent-Sender")
"""Headers of who sends it, which mail programs show."""
_LONGEST = 2_000
"""Characters of such a header: Python's reader takes seconds for long ones."""
_STUMBLES = (ValueError, LookupError, AttributeError, TypeError, RecursionError)
"""What Python's reader raises at headers that it can't read, instead of finding no address."""
_BOUNCES_TO = "Return-Path"
"""SES takes the address for bounces from it."""


def raw_senders(raw: RawMail) -> tuple[str, ...]:
    """The bare addresses that the mail says it is from, and where it wants its bounces.

    Raises:
        ServiceError: its headers can't be read to their end, or others than us read another sender
            in them.
    """
    if raw.fault:
        raise bad_request(raw.fault)
    for name in _SENDERS:
        values = raw.values(name)
        if not values:
            continue
        if sum(map(len, values)) > _LONGEST:
            raise bad_request(f"The mail's {name} is longer than {_LONGEST} characters.")
        ours = {each.address.lower() for each in raw.mailboxes(name)}
        if not _read_by_others(raw, name) <= ours:
            raise bad_request(f"The mail's {name} can be read as another address.")
    named = (each for name in (*_SENDERS, _BOUNCES_TO) for each in raw.mailboxes(name))
    return tuple(dict.fromkeys(each.address for each in named))


def _read_by_others(raw: RawMail, name: str) -> set[str]:
    """The addresses that Python's reader finds, which is as lenient as many mail programs; a name
    that it can't read (``[Staging] Shop``) makes it find none."""
    try:
        headers = BytesHeaderParser(policy=SMTP).parsebytes(raw.head).get_all(name, [])
        found = {each.addr_spec.lower() for header in headers for each in header.addresses}
    except _STUMBLES as error:
        raise bad_request(f"The mail's {name} can't be read.") from error
    return {address for address in found if "@" in address}
