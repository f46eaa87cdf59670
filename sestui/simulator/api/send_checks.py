"""Checks of SES beyond a request's shape: domains without a dot, raw mails' headers."""

import re

from sestui.core.contact.mailboxes import Mailbox
from sestui.ses_api.raw_mail import RawMail
from sestui.ses_api.wire import bad_request

_HEAD_END = re.compile(rb"\r?\n\r?\n")
_BCC = re.compile(rb"^bcc[ \t]*:[^\n]*(?:\n[ \t][^\n]*)*(?:\n|\Z)", re.IGNORECASE | re.MULTILINE)


def invalid_domain(addresses: tuple[str, ...]) -> str:
    """SES's error text for the first address whose domain has no dot; '' if there is none."""
    for address in addresses:
        domain = address[address.rindex("@") + 1 :]
        if "." not in domain:
            return f"Invalid domain name: '{domain}'."
    return ""


def checked_raw(data: bytes, sender: Mailbox) -> tuple[str, tuple[str, ...]]:
    """The sender's name that a raw mail's recipients see, and its From and Sender addresses.

    Raises:
        ServiceError: SES refuses such headers.
    """
    raw = RawMail(data)
    if raw.fault:
        raise bad_request(raw.fault)
    raw.check_single()
    writers = raw.mailboxes("From")
    if not writers:
        raise bad_request("Missing required header 'From'.")
    claimed = tuple(each.address for each in (*writers, *raw.mailboxes("Sender")))
    fault = invalid_domain(claimed)
    if fault:
        raise bad_request(fault)
    shown = next((each for each in writers if _same(each, sender)), sender)
    return shown.name, claimed


def _same(one: Mailbox, other: Mailbox) -> bool:
    return one.address.lower() == other.address.lower()


def without_bcc(data: bytes) -> bytes:
    """A raw mail as its recipients get it, without Bcc headers."""
    end = _HEAD_END.search(data)
    head_end = len(data) if end is None else end.end()
    return _BCC.sub(b"", data[:head_end]) + data[head_end:]
