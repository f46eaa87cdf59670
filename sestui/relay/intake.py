"""Where a mail is taken over: into the ledger, its first call to SES, the answer to the client.

One thread speaks to the ledger, a batch of mails a transaction; calls go out in a few others. A
client is answered once what SES said is written, so that the same call made again gets the same
answer.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from sestui.compose.relayed import relayed_mail
from sestui.core.clock import Clock
from sestui.core.delivery import Answer
from sestui.core.relay_intake import (
    Admission,
    Admissions,
    CallAnswer,
    Incoming,
    Outcome,
    Verdict,
    own_message_id,
)
from sestui.core.relayed import RelayedMail
from sestui.core.states import DeliveryState
from sestui.core.wire import ServiceError, rate_exceeded
from sestui.errors import StorageError
from sestui.relay.verdicts import Settled, Unsendable, of_outcome, of_reply
from sestui.sending.engine.ports import Gateway, Heartbeat, Reply
from sestui.sending.engine.rate_limiter import Gate
from sestui.sending.pool import Pool

_MOST_AT_ONCE = 200
"""Mails that one transaction looks at."""

_BEAT_SECONDS = 5.0
_AIR_SECONDS = 26.0
"""A call to SES has its answer, or is given up, within this."""

_WRITE_PATIENCE = 5.0
"""When the ledger can't be written, a client waits no longer than this for what SES has said."""

_POLL_SECONDS = 0.05


class Store(Protocol):
    """The ledger's side of taking mail over."""

    def exchange(self, answers: Sequence[CallAnswer], mails: Sequence[Incoming]) -> Admissions:
        """Write answers and admit what may leave now, in one transaction."""

    def take_back(self, held: frozenset[int]) -> None:
        """After a commit that may have failed: what is claimed and not held is pending again."""


class Outcomes(Protocol):
    """What became of mails that were taken over before."""

    def outcome(self, mail_id: int) -> Outcome:
        """Where the recipient stands that the mail was answered for."""


@dataclass(slots=True, eq=False)
class _Waiting:
    """A client's mail until it is admitted, refused or given up."""

    incoming: Incoming
    mail: RelayedMail
    deadline: float
    """Monotonic seconds."""
    future: "asyncio.Future[Settled]"
    loop: asyncio.AbstractEventLoop

    def settle(self, settled: Settled) -> None:
        """Answer the client, if it is still there."""
        with suppress(RuntimeError):  # the loop is closed: nobody is there
            self.loop.call_soon_threadsafe(self._set, settled)

    def _set(self, settled: Settled) -> None:
        if not self.future.done():
            self.future.set_result(settled)


@dataclass(frozen=True, slots=True)
class _Said:
    """What SES said to a first call, on its way into the ledger."""

    call: CallAnswer
    settled: Settled
    waiting: _Waiting
    at: float


class Intake:
    """Takes mail over for one relay process."""

    def __init__(
        self,
        store: Store,
        outcomes: Outcomes,
        gateway: Gateway,
        heartbeat: Heartbeat,
        clock: Clock,
        *,
        senders: int,
        patience: float,
    ) -> None:
        """``senders`` is the most calls in the air, ``patience`` the seconds a mail waits for a
        slot."""
        self._store = store
        self._outcomes = outcomes
        self._gateway = gateway
        self._heartbeat = heartbeat
        self._clock = clock
        self._patience = patience
        self._gate = Gate(clock)
        self._pool = Pool(senders, "sestui-relay")
        self._changed = threading.Condition()
        self._waiting: deque[_Waiting] = deque()
        self._said: deque[_Said] = deque()
        self._in_the_air: dict[int, _Waiting] = {}
        """By delivery id."""
        self._calls = 0
        self._blocked: dict[str, float] = {}
        """By key id: monotonic seconds before which no slot is free for it."""
        self._uncertain = self._draining = self._stopped = False
        self._beat_at = float("-inf")
        self._thread = threading.Thread(target=self._work, name="sestui-intake", daemon=True)

    @property
    def waiting(self) -> int:
        """Mails that wait for a slot."""
        return len(self._waiting)

    def start(self) -> None:
        """Begin to take mail."""
        self._thread.start()

    async def take(self, incoming: Incoming, mail: RelayedMail) -> Settled:
        """Take ``mail`` over and say what SES said to its first call.

        Cancelling it gives a mail up that waits; one that is on its way goes on.
        """
        loop = asyncio.get_running_loop()
        waiting = _Waiting(
            incoming,
            mail,
            self._clock.monotonic() + self._patience,
            loop.create_future(),
            loop,
        )
        with self._changed:
            if self._draining:
                return _closing()
            self._waiting.append(waiting)
            self._changed.notify()
        return await waiting.future

    def drain(self) -> None:
        """Admit nothing more; who waits is sent away."""
        with self._changed:
            self._draining = True
            self._changed.notify()

    def close(self) -> None:
        """Drain, wait for the calls in the air, write their answers, end."""
        self.drain()
        if not self._thread.is_alive():
            return
        give_up_at = self._clock.monotonic() + _AIR_SECONDS
        with self._changed:
            while (self._calls or self._said) and self._clock.monotonic() < give_up_at:
                self._changed.wait(0.1)
            self._stopped = True
            self._changed.notify()
        self._gate.close()
        self._thread.join(_WRITE_PATIENCE)
        self._pool.close()

    # the thread that speaks to the ledger

    def _work(self) -> None:
        while True:
            with self._changed:
                now = self._clock.monotonic()
                pause = self._pause(now)
                if pause > 0 and not self._stopped:
                    self._changed.wait(pause)
                if self._stopped and not self._said:
                    return
                said = list(self._said)
                mails = self._due(self._clock.monotonic())
            self._beat_if_due()
            if said or mails:
                self._exchange(said, mails)

    def _pause(self, now: float) -> float:
        """Seconds until there is something to do, if nobody comes."""
        if self._said or (self._draining and self._waiting):
            return 0.0
        until = now + 1.0
        for each in self._waiting:
            blocked = self._blocked.get(each.incoming.terms.id, 0.0)
            until = min(until, blocked, each.deadline)
        return until - now

    def _due(self, now: float) -> list[_Waiting]:
        """Take those out of the queue whose turn it is; send those away whose time is over."""
        due: list[_Waiting] = []
        kept: list[_Waiting] = []
        for each in self._waiting:
            if each.future.cancelled():
                continue
            if self._draining:
                each.settle(_closing())
            elif each.deadline <= now:
                each.settle(Settled(error=rate_exceeded()))
            elif len(due) >= _MOST_AT_ONCE or self._is_blocked(each, now):
                kept.append(each)
            else:
                due.append(each)
        self._waiting = deque(kept)
        return due

    def _is_blocked(self, each: _Waiting, now: float) -> bool:
        return self._blocked.get(each.incoming.terms.id, 0.0) > now

    def _beat_if_due(self) -> None:
        now = self._clock.monotonic()
        if now - self._beat_at >= _BEAT_SECONDS:
            self._beat_at = now
            with suppress(StorageError):
                self._heartbeat.beat()

    def _exchange(self, said: list[_Said], mails: list[_Waiting]) -> None:
        try:
            if self._uncertain:
                self._store.take_back(frozenset(self._in_the_air))
                self._uncertain = False
            found = self._store.exchange(
                [each.call for each in said], [each.incoming for each in mails]
            )
        except StorageError as error:
            self._failed(error, said, mails)
            return
        with self._changed:
            for each in said:
                self._said.popleft()
                for answer in each.call.answers:
                    self._in_the_air.pop(answer.delivery_id, None)
            self._changed.notify_all()
        for each in said:
            each.waiting.settle(each.settled)
        later = []
        for waiting, admission in zip(mails, found.found, strict=True):
            if admission.verdict is Verdict.LATER:
                self._blocked[waiting.incoming.terms.id] = admission.next_at + found.ahead
                later.append(waiting)
            else:
                self._use(waiting, admission, found)
        with self._changed:
            self._waiting.extendleft(reversed(later))

    def _failed(self, error: StorageError, said: list[_Said], mails: list[_Waiting]) -> None:
        """Nothing was written: who came is told so, and what SES said is kept for later."""
        self._uncertain = True
        for waiting in mails:
            waiting.settle(Settled(error=ServiceError(503, "ServiceUnavailable", str(error))))
        now = self._clock.monotonic()
        for each in said:
            if now - each.at > _WRITE_PATIENCE:
                each.waiting.settle(each.settled)
        self._clock.wait(threading.Event(), 0.1)

    def _use(self, waiting: _Waiting, admission: Admission, said: Admissions) -> None:
        if admission.verdict is Verdict.REFUSED:
            waiting.settle(Settled(error=admission.error))
        elif admission.verdict is Verdict.NOBODY:
            waiting.settle(Settled(own_message_id(admission.mail_id)))
        elif admission.verdict is Verdict.KNOWN:
            self._pool.submit(partial(self._tell_again, waiting, admission.mail_id))
        else:
            with self._changed:
                self._calls += 1
                for claim in admission.claims:
                    self._in_the_air[claim.delivery_id] = waiting
            slot = admission.slot + said.ahead
            self._pool.submit(partial(self._call, waiting, admission, slot, said))

    # the threads that speak to SES

    def _call(self, waiting: _Waiting, admission: Admission, slot: float, said: Admissions) -> None:
        claims = admission.claims
        tags = (
            ("sestui-run", str(claims[0].run_id)),
            ("sestui-delivery", str(claims[0].delivery_id)),
        )
        reply: Reply
        try:
            mail = relayed_mail(waiting.mail, admission.places, tags)
            reply = self._gateway.send(
                mail, lambda: self._gate.pass_at(slot, said.rate, len(claims))
            )
        except Exception as error:  # noqa: BLE001 - whatever it is, ledger and client must know
            reply = Unsendable(f"It can't be sent as it is ({type(error).__name__}).")
        answers = tuple(
            Answer(
                claim.delivery_id,
                claim.attempt,
                reply.kind,
                message_id=reply.message_id,
                code=reply.code,
                reason=reply.reason,
                hold_back=reply.hold_back,
            )
            for claim in claims
        )
        incoming = waiting.incoming
        call = CallAnswer(
            admission.mail_id, answers, incoming.terms, len(incoming.recipients), said.now
        )
        settled = of_reply(reply, admission.mail_id)
        with self._changed:
            self._said.append(_Said(call, settled, waiting, self._clock.monotonic()))
            self._calls -= 1
            self._changed.notify_all()

    def _tell_again(self, waiting: _Waiting, mail_id: int) -> None:
        """Answer a call that was made before; if its mail is on its way, once it has arrived."""
        give_up_at = self._clock.monotonic() + self._patience + _AIR_SECONDS
        pause = threading.Event()
        while not waiting.future.cancelled():
            try:
                outcome = self._outcomes.outcome(mail_id)
            except StorageError as error:
                unavailable = ServiceError(503, "ServiceUnavailable", str(error))
                waiting.settle(Settled(error=unavailable))
                return
            now = self._clock.monotonic()
            if outcome.state != DeliveryState.SENDING or now > give_up_at:
                waiting.settle(of_outcome(outcome, mail_id))
                return
            self._clock.wait(pause, _POLL_SECONDS)


def _closing() -> Settled:
    return Settled(
        error=ServiceError(503, "ServiceUnavailable", "The relay is stopping; try again.")
    )
