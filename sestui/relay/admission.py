"""Admit mails: into the ledger, the first call to SES, and the answer to the client.

One thread writes to the ledger, a batch of mails in each transaction; the dispatcher's thread makes
the calls. A client is answered once SES's answer is written, so that a repeated call gets the same
answer. Mail that could not be sent at the moment is not admitted but left to the client to retry.
"""

import asyncio
import logging
import threading
from collections.abc import Sequence, Set
from contextlib import suppress
from typing import Protocol

from sestui.core import threads
from sestui.core.clock import Clock
from sestui.core.delivery.handover import Answer, HoldBack
from sestui.errors import StorageError
from sestui.relay.results import SendResult, of_reply, of_trouble
from sestui.relay.waiting import (
    FirstCall,
    RelayedOutcomes,
    RepeatedCalls,
    WaitingMail,
    WaitingQueue,
    closing,
    failed,
    settle,
    unavailable,
)
from sestui.sending.engine.account_poller import AccountPoller
from sestui.sending.engine.answer_policy import not_now
from sestui.sending.engine.brake import May
from sestui.sending.engine.dispatch import Dispatcher
from sestui.sending.engine.ports import AccountView, Heartbeat, SendingGateway
from sestui.ses_api.relay_admission import (
    Admissions,
    AdmissionVerdict,
    CallAnswer,
    Incoming,
    own_message_id,
)
from sestui.ses_api.relayed import RelayedMail
from sestui.ses_api.wire import rate_exceeded

_MOST_AT_ONCE = 200
"""Mails in one transaction."""

_BEAT_SECONDS = 5.0
_AIR_SECONDS = 26.0
"""A call to SES is answered or given up within this."""

_WRITE_PATIENCE = 5.0
"""How long a client waits for its answer when the ledger can't be written."""

_WRITE_AGAIN_SECONDS = 0.1
_IDLE_SECONDS = 1.0
_OUTAGE_SECONDS = 0.1
"""Interval to check for the end of an outage, which doesn't wake the thread."""

_CONNECTING_SECONDS = 0.01
_CLOSING_SECONDS = 0.05
_MOMENT_SECONDS = 2.0
"""Shorter holds, after a single lost answer, are not reported as trouble."""

_GATHER_SECONDS = 0.001

_LEAST_RATE = 1.0
"""Before the first call shows the rate, so that a connection is open in time."""

_log = logging.getLogger(__name__)


class AdmissionStorePort(Protocol):
    """The ledger's side of admission."""

    def exchange(self, answers: Sequence[CallAnswer], mails: Sequence[Incoming]) -> Admissions:
        """Write answers and admit what may leave now, in one transaction."""

    def take_back(self, held: Set[int]) -> None:
        """After a failed commit, make claims that are not ``held`` pending again."""


class RelayAdmission:
    """Admits mail for one relay process.

    All methods but ``take``, ``drain`` and ``close`` run in its own thread, which
    ``dispatcher.answered`` wakes.
    """

    def __init__(
        self,
        store: AdmissionStorePort,
        outcomes: RelayedOutcomes,
        gateway: SendingGateway,
        account: AccountView,
        *,
        heartbeat: Heartbeat,
        clock: Clock,
        senders: int,
        patience: float,
    ) -> None:
        """``senders`` limits calls in flight; ``patience`` is how long mail waits for a slot."""
        self._store = store
        self._heartbeat = heartbeat
        self._clock = clock
        self._patience = patience
        self._dispatcher = Dispatcher(gateway, clock, most=senders)
        self._dispatcher.serve(_LEAST_RATE)
        self._account = AccountPoller(account, clock)
        self._repeated = RepeatedCalls(outcomes, clock, patience=patience + _AIR_SECONDS)
        self._queue = WaitingQueue(clock)
        self._calls: dict[int, FirstCall] = {}
        """Calls whose answers are not in the ledger yet, by delivery id."""
        self._admitting: list[WaitingMail] = []
        """Mails in the current transaction."""
        self._said: list[FirstCall] = []
        self._uncertain = self._draining = False
        self._closing = threading.Event()
        self._beat_at = float("-inf")
        self._thread = threading.Thread(target=self._work, name="sestui-intake", daemon=True)
        self._failure = ""

    @property
    def failure(self) -> str:
        """Why admission has ended, as a sentence; '' while its threads are running."""
        if not self._failure and self._dispatcher.failure is not None:
            return failed("The relay's way to SES", self._dispatcher.failure)
        ended = self._thread.ident is not None and not self._thread.is_alive()
        if not self._failure and ended and not self._closing.is_set():
            return "The relay's intake has ended; start the relay again to continue."
        return self._failure

    @property
    def waiting(self) -> int:
        """Number of mails that wait for a slot."""
        return len(self._queue)

    @property
    def trouble(self) -> str:
        """Why no mail is admitted at the moment, as a sentence; '' if it is."""
        if self.failure or self._draining:
            return self.failure or "The relay is stopping."
        refused = self._dispatcher.unreachable
        if refused is not None:
            return not_now(refused.reason, refused.code)
        brake = self._dispatcher.brake
        since, now = brake.since, self._clock.monotonic()
        # Probing needs a client's mail, so the relay must not be taken out of service.
        if since is None or now - since < _MOMENT_SECONDS or brake.may(now) is not May.NOTHING:
            return ""
        return not_now(brake.reason)

    def start(self) -> None:
        """Start the threads.

        Raises:
            SestuiError: they can't be started.
        """
        self._dispatcher.start()
        threads.start(self._thread, self._clock)

    async def take(self, incoming: Incoming, mail: RelayedMail) -> SendResult:
        """Admit ``mail``; returns SES's answer to its first call.

        Cancelling gives up mail that still waits for a slot.
        """
        if self._draining:
            return closing()
        loop = asyncio.get_running_loop()
        deadline = self._clock.monotonic() + self._patience
        waiting = WaitingMail(incoming, mail, deadline, loop.create_future(), loop)
        self._queue.add(waiting)
        threads.ring(self._dispatcher.answered)
        if self._failure:  # failed meanwhile: nobody handles new mail
            return unavailable(self._failure)
        return await waiting.future

    def drain(self) -> None:
        """Admit nothing more; waiting clients are answered."""
        self._draining = True
        self._dispatcher.answered.set()

    def close(self) -> None:
        """Drain, wait for calls in flight, write their answers, and end."""
        self.drain()
        self._closing.set()
        self._dispatcher.answered.set()
        if self._thread.ident is None:
            self._dispatcher.close()
        else:
            self._thread.join(_AIR_SECONDS + 2 * _WRITE_PATIENCE)

    # its thread

    def _work(self) -> None:
        try:
            while not self._closing.is_set():
                self._turn()
                self._check_dispatcher()
        except BaseException as error:  # noqa: BLE001 - reported to clients and the process
            _log.exception("The relay's intake has failed.")
            self._uncertain = True
            self._fail(error)
        try:
            self._finish()
        except BaseException as error:  # noqa: BLE001 - as above
            _log.exception("What SES said last could not be written.")
            self._fail(error)
        finally:
            self._send_away()
            self._dispatcher.close()

    def _fail(self, error: BaseException) -> None:
        self._failure = self.failure or failed("The relay's intake", error)
        self._draining = True
        for waiting in self._admitting:
            waiting.settle(unavailable(self._failure))

    def _finish(self) -> None:
        """Withdraw what has not been sent, wait for calls in flight, and write all answers."""
        self._dispatcher.withdraw()
        give_up_at = self._clock.monotonic() + _AIR_SECONDS
        while self._dispatcher.in_flight and self._dispatcher.failure is None:
            if self._clock.monotonic() >= give_up_at:
                break
            self._clock.wait(self._dispatcher.answered, _CLOSING_SECONDS)
            self._read_answers()
            self._beat_if_due()
            if self._said and not self._failure:
                self._exchange([])
        for answer in self._dispatcher.give_up():
            self._record(answer)
        give_up_at = self._clock.monotonic() + _WRITE_PATIENCE
        while (self._said or self._uncertain) and self._clock.monotonic() < give_up_at:
            self._exchange([])

    def _send_away(self) -> None:
        """Answer all clients that still wait."""
        for said in self._said:
            said.waiting.settle(said.settled)
        last = unavailable(self._failure) if self._failure else closing()
        self._queue.due(0, last)
        for call in self._calls.values():
            # The mail may have been sent, so a failure would make the client repeat it.
            call.waiting.settle(SendResult(own_message_id(call.admission.mail_id)))
        self._repeated.send_away(last)

    def _turn(self) -> None:
        pause = self._pause()
        if pause > 0:
            self._clock.wait(self._dispatcher.answered, pause)
        self._read_answers()
        if self._dispatcher.in_flight:
            # Wait for more, as a transaction costs about the same for one mail and for ten.
            self._clock.wait(self._closing, _GATHER_SECONDS)
            self._read_answers()
        if self._account_answers():
            self._dispatcher.account_answered()
        self._beat_if_due()
        mails = self._due()
        if self._said or mails:
            self._exchange(mails)
        self._repeated.answer_due()

    def _check_dispatcher(self) -> None:
        if self._dispatcher.failure is not None:
            raise self._dispatcher.failure

    def _read_answers(self) -> None:
        # collect() clears `answered` first; later answers set it again.
        for answer, _ in self._dispatcher.collect():
            self._record(answer)

    def _pause(self) -> float:
        """Seconds until there is something to do, unless mail comes."""
        if self._said:
            return 0.0
        connected = self._dispatcher.connected
        seconds = min(_IDLE_SECONDS, self._queue.pause(admits=connected), self._repeated.pause)
        if self._dispatcher.brake.since is not None:
            seconds = min(seconds, _OUTAGE_SECONDS)
        if self._queue and not connected:
            seconds = min(seconds, _CONNECTING_SECONDS)
        return seconds

    def _account_answers(self) -> bool:
        """Whether SES has just answered about the account, which is asked if the brake needs it."""
        reading = self._account.poll(wanted=self._dispatcher.brake.needs_account)
        return reading is not None and reading.status is not None

    def _beat_if_due(self) -> None:
        now = self._clock.monotonic()
        if now - self._beat_at >= _BEAT_SECONDS:
            self._beat_at = now
            with suppress(StorageError):
                self._heartbeat.beat()

    # admitting

    def _due(self) -> list[WaitingMail]:
        """The mails to admit now; others are answered if there is no point in waiting."""
        if self._draining:
            return self._queue.due(0, closing())
        refused = self._dispatcher.unreachable
        if refused is not None:
            return self._queue.due(0, of_trouble(refused))
        connected = self._dispatcher.connected
        may = self._dispatcher.may()
        if may is May.SEND:
            return self._queue.due(_MOST_AT_ONCE if connected else 0, None)
        probes = may is May.PROBE and connected and not self._calls
        return self._queue.due(int(probes), SendResult(error=rate_exceeded()))

    def _exchange(self, mails: list[WaitingMail]) -> None:
        """Write SES's answers, and admit those ``mails`` that may leave."""
        said = self._said
        self._admitting = mails
        try:
            if self._uncertain:
                self._store.take_back(self._calls.keys())
                self._uncertain = False
            found = self._store.exchange(
                [each.as_answer() for each in said], [each.incoming for each in mails]
            )
        except StorageError as error:
            self._not_written(error, mails)
            return
        self._said = []
        for each in said:
            for answer in each.answers:
                self._calls.pop(answer.delivery_id, None)
        settle([(each.waiting, each.settled) for each in said])
        if mails:
            self._admit(mails, found)
            self._admitting = []

    def _not_written(self, error: StorageError, mails: list[WaitingMail]) -> None:
        """After a failed write: answer ``mails`` with the error, and keep SES's answers."""
        self._uncertain = True
        for waiting in mails:
            waiting.settle(unavailable(str(error)))
        now = self._clock.monotonic()
        for each in self._said:
            if now - each.settled_at > _WRITE_PATIENCE:
                each.waiting.settle(each.settled)
        self._clock.wait(threading.Event(), _WRITE_AGAIN_SECONDS)

    def _admit(self, mails: list[WaitingMail], found: Admissions) -> None:
        later = []
        jobs = []
        for waiting, admission in zip(mails, found.found, strict=True):
            if admission.verdict is AdmissionVerdict.LATER:
                later.append((waiting, admission.next_at + found.ahead))
            elif admission.verdict is AdmissionVerdict.REFUSED:
                waiting.settle(SendResult(error=admission.error))
            elif admission.verdict is AdmissionVerdict.NOBODY:
                waiting.settle(SendResult(own_message_id(admission.mail_id)))
            elif admission.verdict is AdmissionVerdict.KNOWN:
                self._repeated.add(waiting, admission.mail_id)
            else:
                call = FirstCall(waiting, admission, found.now)
                self._calls |= {claim.delivery_id: call for claim in admission.claims}
                jobs.append(call.job(found))
        self._queue.put_back(later)
        self._dispatcher.serve(max(_LEAST_RATE, found.rate))
        self._dispatcher.hand_over(sorted(jobs, key=lambda job: job.slot))

    def _record(self, answer: Answer) -> None:
        """Record an answer; the last one of a call determines the client's answer."""
        call = self._calls[answer.delivery_id]
        call.answers.append(answer)
        if not call.answered:
            return
        call.settled = of_reply(answer.reply, call.admission.mail_id)
        if self._draining and answer.reply.hold_back is HoldBack.WITHDRAWN:
            call.settled = closing()
        call.settled_at = self._clock.monotonic()
        self._said.append(call)
