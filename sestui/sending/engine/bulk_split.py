"""The mails of a bulk job in as many calls as SES's limits demand."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

from sestui.core.delivery.bulk_limits import CALL_BYTES, ENTRY_BYTES, shared_bytes, text_bytes
from sestui.core.delivery.mail import Mail

_HEADER_FRAME = 24
"""Bytes that JSON puts around a header's name and value."""

_Whose = TypeVar("_Whose")
"""What a mail is paired with: whoever its reply is for."""


def split_calls(ready: Sequence[tuple[_Whose, Mail]]) -> Iterator[list[tuple[_Whose, Mail]]]:
    """Groups of mails, one a call; a group of one is to be sent singly.

    The mails of a group share what a bulk call says once for all of them. What is too large for a
    bulk call, and what can't go in one at all, is a group of its own.
    """
    group: list[tuple[_Whose, Mail]] = []
    head: Mail | None = None
    shared: int | None = None
    total = 0
    for whose, mail in ready:
        if head is None or mail.pattern is not head.pattern or not mail.shares_call(head):
            if group:
                yield group
            group, head = [], mail
            shared = shared_bytes(mail.pattern, mail.attachments)
            total = shared or 0
        data = sum(map(text_bytes, mail.pieces or (mail.subject, mail.html, mail.text)))
        if shared is None or data > ENTRY_BYTES:
            yield [(whose, mail)]
            continue
        size = data + sum(len(name) + len(value) + _HEADER_FRAME for name, value in mail.headers)
        if group and total + size > CALL_BYTES:
            yield group
            group, total = [], shared
        group.append((whose, mail))
        total += size
    if group:
        yield group
