"""The one object that hands mail to SES."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from sestui.core.delivery import HoldBack
from sestui.core.mail import Mail
from sestui.ses.calls import Calls, Operation, WithdrawnError
from sestui.ses.client import Clients
from sestui.ses.replies import (
    WITHDRAWN,
    Reply,
    replies_of_bulk,
    reply_of,
    reply_to,
)
from sestui.ses.requests import bulk_request, single_request

_TYPICAL_COST = 0.0007
"""Processor seconds of a SendEmail call, until calls of our own have been measured."""


class Gateway:
    """Hands mails to SES, one recipient each, one attempt each; used by many threads at once.

    ``leave`` is called in the sending thread when the request is serialised and signed and its
    first byte is about to go: it blocks until the mail's slot, and says whether it may leave. Until
    it has said yes, nothing can have reached SES.
    """

    def __init__(self, clients: Clients) -> None:
        self._calls = Calls(clients)
        self.single_cost = _TYPICAL_COST
        """Processor seconds that a SendEmail call costs here, as measured."""

    def send(self, mail: Mail, leave: Callable[[], bool]) -> Reply:
        """Send ``mail`` and say what became of it; never raises for what SES or the net does."""
        began = time.thread_time()
        door = _Door(leave)
        try:
            reply = reply_of(
                self._calls.call(Operation.SEND_EMAIL, single_request(mail), door.leave)
            )
        except WithdrawnError:
            reply = WITHDRAWN
        except Exception as error:  # noqa: BLE001 - whatever it is, the ledger must know
            reply = reply_to(error, left=door.left)
        self.single_cost += 0.05 * (time.thread_time() - began - self.single_cost)
        return reply

    def send_bulk(self, mails: Sequence[Mail], leave: Callable[[], bool]) -> list[Reply]:
        """Send up to 50 mails of one sender in one call; what became of each, in their order.

        They may differ in recipient, subject, bodies, headers and tags, and carry no attachments.
        """
        door = _Door(leave)
        try:
            said = self._calls.call(Operation.SEND_BULK_EMAIL, bulk_request(mails), door.leave)
            return replies_of_bulk(said, len(mails))
        except WithdrawnError:
            reply = WITHDRAWN
        except Exception as error:  # noqa: BLE001 - whatever it is, the ledger must know
            reply = reply_to(error, left=door.left)
            if reply.hold_back is HoldBack.RATE:
                # Not the account's rate, which shows in the entries: SES limits the call.
                reply = replace(reply, hold_back=HoldBack.BULK)
        return [reply] * len(mails)


class _Door:
    """``leave``, and whether it has let the call go."""

    def __init__(self, leave: Callable[[], bool]) -> None:
        self._leave = leave
        self.left = False

    def leave(self) -> bool:
        self.left = self._leave()
        return self.left
