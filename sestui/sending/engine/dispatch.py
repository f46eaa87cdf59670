"""The dispatcher: a thread that renders mails, sends calls at their slots and reads answers.

It is a single thread, as a thread for each call would cost more than the call, and threads that
wait for the GIL miss their slots. Blocking work (name resolution, handshakes, credentials, the
database) is done elsewhere. The thread is a loop around :meth:`Dispatcher.step`, which simulations
can drive.
"""

import logging
import math
import threading
import time
from collections import deque
from collections.abc import Sequence, Set
from dataclasses import dataclass

from sestui.core import threads
from sestui.core.clock import Clock
from sestui.core.delivery.handover import WITHDRAWN, Answer, AnswerKind, Claim, Reply
from sestui.core.delivery.pacing import line_seconds
from sestui.sending.engine.brake import Brake, May
from sestui.sending.engine.call_cost import CallCost
from sestui.sending.engine.call_queue import CallQueue, Job, PreparedCall
from sestui.sending.engine.concurrency import ConcurrencyLimiter
from sestui.sending.engine.ports import SendingGateway
from sestui.sending.engine.rate_limiter import RateLimiter

_LONGEST_POLL_SECONDS = 0.05
_TURN_SECONDS = 0.003
"""Rendering is interrupted for answers and slots after this."""

_KEEP_SECONDS = 10.0
"""Connections that would be used less often are not kept open."""

_UNCONNECTED_SECONDS = 0.25
"""Calls that are due go back to the ledger after this time without a connection."""

_STOPPED = Reply(
    AnswerKind.UNKNOWN, code="Stopped", reason="sestui was stopped before SES's answer came."
)

_log = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class _CallInFlight:
    """A call in flight; without its bytes, which may be many."""

    claims: tuple[tuple[Claim, ...], ...]
    left_at: float
    """Monotonic seconds."""
    line_seconds: float
    """Additional time for its answer because of its size."""
    number: int = 0
    """Its number in the concurrency limiter."""


class Dispatcher:
    """Owns each mail between claim and answer.

    The engine's thread hands over, collects and sets the rate; :meth:`step` and the methods below
    it run in the dispatcher's own thread. ``answered`` is set when an answer comes in.
    """

    def __init__(self, gateway: SendingGateway, clock: Clock, *, most: int) -> None:
        """``most`` calls may be in flight, not counting those that hang."""
        self._gateway = gateway
        self._clock = clock
        self._limiter = RateLimiter()
        self._concurrency = ConcurrencyLimiter(most)
        self._brake = Brake()
        self._queue = CallQueue(gateway, self._reply)
        self._calls: dict[int, _CallInFlight] = {}
        """Calls in flight by their numbers, in the order of sending."""
        self._answers: deque[Answer] = deque()
        self._outstanding: dict[int, Claim] = {}
        self._handed = self._returned = self._newest_lost = 0
        self._left_ids: set[int] = set()
        self._account_answered = False
        self._unconnected_since: float | None = None
        self._cost = CallCost()
        self._closing = self._stopped = False
        self.answered = threading.Event()
        self.failure: BaseException | None = None
        """The exception that ended the thread, if any."""
        self._thread = threading.Thread(target=self._run, name="sestui-dispatch", daemon=True)

    # the engine's thread

    def start(self) -> None:
        """Start the thread.

        Raises:
            SestuiError: it can't be started.
        """
        threads.start(self._thread, self._clock)

    @property
    def in_flight(self) -> Set[int]:
        """Ids of deliveries that were handed over and whose answers are not collected yet."""
        return self._outstanding.keys()

    @property
    def left(self) -> int:
        """Number of mails sent so far."""
        return self._limiter.passed

    @property
    def waiting(self) -> int:
        """Number of claims that have not been sent yet."""
        return max(0, self._handed - self._returned - self._limiter.passed)

    @property
    def latency(self) -> float:
        """Seconds from a call's leaving to its answer, a running average."""
        return self._concurrency.latency

    @property
    def connected(self) -> bool:
        """Whether there are ready connections, or busy ones that will be."""
        return self._gateway.ready > 0 or bool(self._calls)

    @property
    def unreachable(self) -> Reply | None:
        """Why there is no connection; None if there is one, or it is being opened."""
        return None if self.connected else self._gateway.trouble

    @property
    def single_cost(self) -> float:
        """Measured processor seconds of this thread for a single call."""
        return self._cost.seconds

    def may(self) -> May:
        """What the brake allows to be sent now."""
        return self._brake.may(self._clock.monotonic())

    @property
    def brake(self) -> Brake:
        """The brake, for reading only."""
        return self._brake

    def account_answered(self) -> None:
        """Record that SES answered a request for the account's status."""
        self._account_answered = True
        self._gateway.wake()

    def serve(self, rate: float, *, burst: int = 0) -> None:
        """Prepare for ``rate`` recipients a second from this process; 0 for none.

        ``burst`` is the number sent together in this process's turn among others.
        """
        self._concurrency.rate = rate
        self._concurrency.burst = burst

    def hand_over(self, jobs: Sequence[Job]) -> None:
        """Take over claims in the order of their slots."""
        for job in jobs:
            self._handed += len(job.claims)
            self._limiter.grant(job.slot, len(job.claims))
            self._outstanding |= {claim.delivery_id: claim for claim in job.claims}
            self._queue.add(job)
        self._gateway.wake()

    def collect(self) -> list[tuple[Answer, Claim]]:
        """All answers since the last call, with their claims."""
        self.answered.clear()
        answers = []
        while self._answers:
            answer = self._answers.popleft()
            claim = self._outstanding.pop(answer.delivery_id, None)
            if answer.delivery_id in self._left_ids:
                self._left_ids.discard(answer.delivery_id)
            else:
                self._returned += 1
            if claim is not None:
                answers.append((answer, claim))
        return answers

    def withdraw(self) -> None:
        """Stop sending: what has not been sent comes back as not sent."""
        self._closing = True
        self._gateway.wake()

    def give_up(self) -> list[Answer]:
        """Answers for everything that is still without one."""
        answers = [
            Answer.of(claim, _STOPPED if claim.delivery_id in self._left_ids else WITHDRAWN)
            for claim in self._outstanding.values()
        ]
        self._outstanding.clear()
        return answers

    def close(self) -> None:
        """End the thread without waiting for calls in flight."""
        self.withdraw()
        if self._thread.ident is not None:
            self._stopped = True
            self._gateway.wake()
            self._thread.join()

    # the dispatcher's thread

    def _run(self) -> None:
        try:
            while not self._stopped:
                self._gateway.poll(self.step())
                self._cost.measure(time.thread_time())
        except BaseException as error:  # noqa: BLE001 - the engine has to notice
            _log.exception("The dispatcher has failed.")
            self.failure = error
            self.answered.set()
        finally:
            self._gateway.close()

    def step(self) -> float:
        """Do what is due for a few milliseconds; returns the seconds until there is more to do."""
        now = began = self._clock.monotonic()
        self._update(now)
        while now - began < _TURN_SECONDS:
            prepared = self._queue.first
            wait = self._depart(prepared, now) if prepared else _LONGEST_POLL_SECONDS
            if wait > 0 and not self._queue.prepare():
                return wait
            now = self._clock.monotonic()
        return 0.0

    def _update(self, now: float) -> None:
        if self._account_answered:
            self._account_answered = False
            self._brake.account_answered(now)
        oldest = self._oldest_unanswered()
        self._brake.check_quiet(now, oldest_left=oldest, latency=self._concurrency.latency)
        if self._closing or (self._brake.may(now) is May.NOTHING and self._brake.needs_account):
            self._take_all_back(WITHDRAWN)
        self._gateway.want(self._connections_wanted())
        self._check_connection(now)

    def _oldest_unanswered(self) -> float | None:
        """When the oldest unanswered call was sent completely."""
        oldest = self._calls.get(self._concurrency.oldest)
        return None if oldest is None else oldest.left_at + oldest.line_seconds

    def _connections_wanted(self) -> int:
        """Enough for the window, and one more for each call in flight."""
        rate = self._concurrency.rate
        if rate <= 0 and not self._queue:
            return 0
        seldom = 1 + math.ceil(rate * _KEEP_SECONDS)
        return min(self._concurrency.calls, seldom) + len(self._calls)

    def _check_connection(self, now: float) -> None:
        """Return calls to the ledger that are due and have no connection."""
        first = self._queue.first
        due = first is not None and first.job.slot <= now
        if not due or self._gateway.ready or self._calls:
            self._unconnected_since = None
        elif self._unconnected_since is None:
            self._unconnected_since = now
        elif now - self._unconnected_since > _UNCONNECTED_SECONDS:
            self._take_all_back(self._gateway.trouble or WITHDRAWN)

    def _depart(self, prepared: PreparedCall, now: float) -> float:
        """Send the first call if allowed; returns the seconds until it may be, 0 if done."""
        job = prepared.job
        wait = self._limiter.wait(now, job.slot, job.rate, prepared.recipients, shared=job.shared)
        if wait is None:
            for claims in self._queue.pop().claims:
                self._reply(claims, WITHDRAWN)
            return 0.0
        if wait > 0:
            return min(wait, _LONGEST_POLL_SECONDS)
        may = self._brake.may(now)
        if may is May.NOTHING or (may is May.SEND and not self._concurrency.room()):
            return _LONGEST_POLL_SECONDS  # an answer wakes the poll
        # In flight from here on, as its first byte may have arrived.
        at = self._clock.monotonic()
        left = _CallInFlight(prepared.claims, at, line_seconds(len(prepared.call.body)))
        if not self._gateway.send(
            prepared.call, lambda replies: self._answered_call(left, replies)
        ):
            return _LONGEST_POLL_SECONDS
        self._queue.pop()
        self._limiter.leave(at, job.rate, prepared.recipients)
        self._cost.count(prepared.recipients)
        self._left_ids.update(claim.delivery_id for group in prepared.claims for claim in group)
        left.number = self._concurrency.left(prepared.recipients)
        self._calls[left.number] = left
        if may is May.PROBE:
            self._brake.probe(at + left.line_seconds)
        return 0.0

    def _take_all_back(self, reply: Reply) -> None:
        for claims in self._queue.take_all():
            self._reply(claims, reply)

    def _answered_call(self, call: _CallInFlight, replies: Sequence[Reply]) -> None:
        self._calls.pop(call.number, None)
        now = self._clock.monotonic()
        self._observe(call, replies, now)
        for claims, reply in zip(call.claims, replies, strict=True):
            seconds = None if reply.kind is AnswerKind.UNKNOWN else now - call.left_at
            self._reply(claims, reply, seconds)

    def _observe(self, call: _CallInFlight, replies: Sequence[Reply], now: float) -> None:
        """Update brake and limiter; an answer to a later call outweighs one to an earlier."""
        kinds = {reply.kind for reply in replies}
        if kinds == {AnswerKind.UNKNOWN}:
            # Unless a later call has been answered, SES may be unreachable since this one left.
            if self._concurrency.lost(call.number):
                self._newest_lost = max(self._newest_lost, call.number)
                self._brake.no_answer(now, replies[0].reason)
            if self._brake.needs_account:
                self._concurrency.reset()
            return
        self._concurrency.answered(call.number, now - call.left_at)
        if call.number < self._newest_lost:
            self._brake.answered_late(now)
        elif AnswerKind.ACCEPTED in kinds:
            self._brake.accepted(now)
        else:
            self._brake.answered(now)

    def _reply(self, claims: Sequence[Claim], reply: Reply, seconds: float | None = None) -> None:
        self._answers.extend(Answer.of(claim, reply, seconds) for claim in claims)
        threads.ring(self.answered)
