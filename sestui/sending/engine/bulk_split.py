"""Split a bulk job into calls within SES's limits."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

from sestui.core.delivery.bulk_limits import CALL_BYTES, ENTRY_BYTES, shared_bytes, text_bytes
from sestui.core.delivery.mail import Mail

_HEADER_FRAME = 24
"""Bytes of JSON around a header's name and value."""

_Whose = TypeVar("_Whose")
"""The value paired with a mail, for its reply."""


def split_calls(ready: Sequence[tuple[_Whose, Mail]]) -> Iterator[list[tuple[_Whose, Mail]]]:
    """Group mails into calls; a group of one is sent singly.

    Mails of a group share everything that a bulk call holds only once. Mails that are too large for
    a bulk call are groups of their own.
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
