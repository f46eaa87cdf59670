"""The one object that hands mail to SES."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from botocore.exceptions import ClientError

from sestui.core.delivery import HoldBack
from sestui.core.mail import Mail
from sestui.ses.client import Clients
from sestui.ses.replies import (
    WITHDRAWN,
    Reply,
    replies_of_bulk,
    reply_of,
    reply_to,
)
from sestui.ses.requests import bulk_request, single_request

_TYPICAL_COST = 0.0012
"""Processor seconds of one botocore call, until calls of our own have been measured."""


class _WithdrawnError(Exception):
    """``leave`` said no: unwinds botocore before the first byte."""


class Gateway:
    """Hands mails to SES, one recipient each, one attempt each; used by many threads at once.

    ``leave`` is called in the sending thread when the request is serialised and signed and its
    first byte is about to go: it blocks until the mail's slot, and says whether it may leave. Until
    it has said yes, nothing can have reached SES.
    """

    def __init__(self, clients: Clients) -> None:
        self._client = clients.sesv2
        self.single_cost = _TYPICAL_COST
        """Processor seconds that a SendEmail call costs here, as measured."""
        for operation in ("SendEmail", "SendBulkEmail"):
            # One hook a client, however many gateways it serves one after the other.
            self._client.meta.events.register(
                f"before-send.sesv2.{operation}", _before_send, unique_id=f"sestui-{operation}"
            )

    def send(self, mail: Mail, leave: Callable[[], bool]) -> Reply:
        """Send ``mail`` and say what became of it; never raises for what SES or the net does."""
        began = time.thread_time()
        replies = self._answered(
            leave, 1, lambda: [reply_of(self._client.send_email(**single_request(mail)))]
        )
        self.single_cost += 0.05 * (time.thread_time() - began - self.single_cost)
        return replies[0]

    def send_bulk(self, mails: Sequence[Mail], leave: Callable[[], bool]) -> list[Reply]:
        """Send up to 50 mails of one sender in one call; what became of each, in their order.

        They may differ in recipient, subject, bodies, headers and tags, and carry no attachments.
        """
        request = bulk_request(mails)

        def call() -> list[Reply]:
            try:
                return replies_of_bulk(self._client.send_bulk_email(**request), len(mails))
            except ClientError as error:
                reply = reply_to(error, left=True)
                if reply.hold_back is HoldBack.RATE:
                    # Not the account's rate, which shows in the entries: SES limits the call.
                    reply = replace(reply, hold_back=HoldBack.BULK)
                return [reply] * len(mails)

        return self._answered(leave, len(mails), call)

    def _answered(
        self, leave: Callable[[], bool], count: int, call: Callable[[], list[Reply]]
    ) -> list[Reply]:
        _call.leave = leave
        _call.left = False
        try:
            return call()
        except _WithdrawnError:
            return [WITHDRAWN] * count
        except Exception as error:  # noqa: BLE001 - whatever it is, the ledger must know
            return [reply_to(error, left=_call.left)] * count


_call = threading.local()
"""``leave`` and ``left`` of the call that this thread makes."""


def _before_send(**_event: Any) -> None:
    if not _call.leave():
        raise _WithdrawnError
    _call.left = True
