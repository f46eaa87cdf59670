"""SES as the dispatcher sees it, under a clock that tests own: no socket, no thread, no waiting."""

import heapq
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sestui.core.delivery.handover import AnswerKind, HoldBack, Reply
from sestui.core.delivery.mail import Mail
from tests.support.clocks import FakeClock

ACCEPTED = Reply(AnswerKind.ACCEPTED, message_id="m")
LOST = Reply(AnswerKind.UNKNOWN, code="ConnectionClosedError", reason="No answer came.")
THROTTLED = Reply(AnswerKind.NOT_SENT, code="TooMany", reason="Slow.", hold_back=HoldBack.RATE)
REFUSED = Reply(AnswerKind.REFUSED, code="MessageRejected", reason="No.")

HANG_SECONDS = 20.0


@dataclass(frozen=True)
class Call:
    """What the dispatcher carries for the gateway."""

    mails: tuple[Mail, ...]
    body: bytes = b"x" * 8_000


@dataclass
class SimulatedGateway:
    """Answers each call after ``latency`` seconds with what ``answer`` gives for it.

    ``answer`` is called as the call leaves, with its mails; a reply, or None to hang until the
    call's time is up.
    """

    clock: FakeClock
    latency: Callable[[], float] = lambda: 0.08
    answer: Callable[[Sequence[Mail]], Reply | None] = lambda _: ACCEPTED
    connected: bool = True
    trouble: Reply | None = None
    sent: list[tuple[float, tuple[Mail, ...]]] = field(default_factory=list)
    """When each call left, and with what."""
    wanted: int = 0
    unsendable: Callable[[Mail], bool] = lambda _: False
    in_flight: int = 0
    size: int = 8_000
    """Bytes of a call."""
    _due: list[Any] = field(default_factory=list)
    _numbers: Any = field(default_factory=itertools.count)

    @property
    def ready(self) -> int:
        return max(0, self.wanted - self.in_flight) if self.connected else 0

    def want(self, calls: int) -> None:
        self.wanted = calls

    def wake(self) -> None:
        """Nobody sleeps here."""

    def close(self) -> None:
        """Nothing is open."""

    def call(self, mails: Sequence[Mail]) -> Call:
        if any(self.unsendable(mail) for mail in mails):
            raise ValueError("surrogates not allowed")
        return Call(tuple(mails), b"x" * self.size)

    def send(self, call: Call, done: Callable[[Sequence[Reply]], None]) -> bool:
        if not self.ready:
            return False
        now = self.clock.monotonic()
        self.sent.append((now, call.mails))
        self.in_flight += 1
        reply = self.answer(call.mails)
        takes = HANG_SECONDS if reply is None else self.latency()
        replies = [reply or LOST] * len(call.mails)
        heapq.heappush(self._due, (now + takes, next(self._numbers), done, replies))
        return True

    def poll(self, seconds: float) -> None:
        now = self.clock.monotonic()
        until = now + max(seconds, 0.0001)  # a turn takes its time
        if self._due:
            until = min(until, max(now, self._due[0][0]))
        self.clock.advance(until - now)
        while self._due and self._due[0][0] <= until:
            _, _, done, replies = heapq.heappop(self._due)
            self.in_flight -= 1
            done(replies)

    @property
    def recipients(self) -> list[str]:
        return [mail.to for _, mails in self.sent for mail in mails]
