"""All senders that any mail program could see in a raw mail, for keys bound to senders."""

from email.parser import BytesHeaderParser
from email.policy import SMTP

from sestui.ses_api.raw_mail import RawMail
from sestui.ses_api.wire import bad_request

_SENDERS = ("From", "Sender", "Resent-From", "Resent-Sender")
"""Headers with a sender that mail programs show."""
_LONGEST = 2_000
"""Characters of such a header; Python's parser takes seconds for long ones."""
_STUMBLES = (ValueError, LookupError, AttributeError, TypeError, RecursionError)
"""Exceptions that Python's parser raises for some invalid headers."""
_BOUNCES_TO = "Return-Path"
"""SES sends bounces there."""


def raw_senders(raw: RawMail) -> tuple[str, ...]:
    """The bare addresses of all senders, and of bounces.

    Raises:
        ServiceError: the headers are invalid, or can be read as other senders.
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
    """The addresses that Python's parser finds, which is as lenient as many mail programs.

    It finds none if it can't parse the name (``[Staging] Shop``).
    """
    try:
        headers = BytesHeaderParser(policy=SMTP).parsebytes(raw.head).get_all(name, [])
        found = {each.addr_spec.lower() for header in headers for each in header.addresses}
    except _STUMBLES as error:
        raise bad_request(f"The mail's {name} can't be read.") from error
    return {address for address in found if "@" in address}
