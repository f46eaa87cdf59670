"""Sending one call at a time by a gateway that is made to be polled by a dispatcher."""

from collections.abc import Callable, Sequence

from sestui.core.clock import SystemClock
from sestui.core.delivery.handover import Reply
from sestui.core.delivery.mail import Mail
from sestui.ses.client import Clients
from sestui.ses.gateway import Gateway

PATIENCE_SECONDS = 60.0


class OneByOne:
    """A gateway with one connection (or ``wanted``), polled until what is asked of it is done."""

    def __init__(self, clients: Clients, *, wanted: int = 1) -> None:
        self.gateway = Gateway(clients, SystemClock(), most=64)
        self._wanted = wanted

    def send(self, mail: Mail) -> Reply:
        """What comes of ``mail``."""
        return self.send_bulk([mail])[0]

    def send_bulk(self, mails: Sequence[Mail]) -> Sequence[Reply]:
        """What comes of ``mails`` in one call."""
        replies: list[Reply] = []
        call = self.gateway.call(mails)
        self.gateway.want(self._wanted)
        while not self.gateway.send(call, replies.extend):
            self.until(lambda: self.gateway.ready > 0 or self.gateway.trouble is not None)
            if self.gateway.ready == 0 and self.gateway.trouble is not None:
                return [self.gateway.trouble] * len(mails)
        self.until(lambda: bool(replies))
        return replies

    def until(self, happened: Callable[[], bool]) -> None:
        """Poll until that is so."""
        clock = SystemClock()
        give_up_at = clock.monotonic() + PATIENCE_SECONDS
        while not happened():
            assert clock.monotonic() < give_up_at, "it did not happen in time"
            self.gateway.poll(0.05)

    def close(self) -> None:
        """Hang up."""
        self.gateway.close()
