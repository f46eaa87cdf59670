"""Mails that wait for admission or for an answer, and the answers to their clients."""

import asyncio
from collections import deque
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol

from sestui.compose.relayed import relayed_mail
from sestui.core.clock import Clock
from sestui.core.delivery.handover import Answer, Claim
from sestui.core.delivery.states import DeliveryState
from sestui.errors import StorageError, unforeseen
from sestui.relay.results import SendResult, of_outcome
from sestui.sending.engine.call_queue import Job, Made
from sestui.ses_api.relay_admission import (
    Admission,
    Admissions,
    CallAnswer,
    Incoming,
    RelayedOutcome,
)
from sestui.ses_api.relayed import RelayedMail
from sestui.ses_api.wire import ServiceError, rate_exceeded

_POLL_SECONDS = 0.05


@dataclass(slots=True, eq=False)
class WaitingMail:
    """A mail whose client waits for an answer."""

    incoming: Incoming
    mail: RelayedMail
    deadline: float
    """Monotonic seconds."""
    future: "asyncio.Future[SendResult]"
    loop: asyncio.AbstractEventLoop

    def settle(self, settled: SendResult) -> None:
        """Answer the client, unless it is gone."""
        settle([(self, settled)])


def settle(told: Sequence[tuple[WaitingMail, SendResult]]) -> None:
    """Answer several clients of one event loop, waking it once."""
    if told:
        with suppress(RuntimeError):  # the loop is closed
            told[0][0].loop.call_soon_threadsafe(_set, told)


def _set(told: Sequence[tuple[WaitingMail, SendResult]]) -> None:
    for waiting, settled in told:
        if not waiting.future.done():
            waiting.future.set_result(settled)


@dataclass(slots=True, eq=False)
class FirstCall:
    """A mail's first call to SES, until all its recipients have answers."""

    waiting: WaitingMail
    admission: Admission
    admitted_at: float
    """By the ledger's clock."""
    answers: list[Answer] = field(default_factory=list)
    settled: SendResult = field(default_factory=SendResult)
    """The client's result, to be sent once it is in the ledger."""
    settled_at: float = 0.0
    """Monotonic seconds."""

    @property
    def answered(self) -> bool:
        """Whether all recipients have answers."""
        return len(self.answers) == len(self.admission.claims)

    def job(self, found: Admissions) -> Job:
        """The job for the dispatcher, with the rate and clock of ``found``."""
        slot = self.admission.slot + found.ahead
        return Job(self.admission.claims, self._mails, slot, found.rate)

    def _mails(self, claims: Sequence[Claim]) -> list[Made]:
        """The mail to all recipients, tagged with the first delivery."""
        first = claims[0]
        tags = (("sestui-run", str(first.run_id)), ("sestui-delivery", str(first.delivery_id)))
        return [(tuple(claims), relayed_mail(self.waiting.mail, self.admission.places, tags))]

    def as_answer(self) -> CallAnswer:
        """The answer for the ledger."""
        incoming = self.waiting.incoming
        return CallAnswer(
            self.admission.mail_id,
            tuple(self.answers),
            incoming.terms,
            len(incoming.recipients),
            self.admitted_at,
        )


class WaitingQueue:
    """Mails that wait for admission, in order of arrival.

    :meth:`add` is thread-safe; all other methods are for one thread.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._arrived: deque[WaitingMail] = deque()
        self._waiting: deque[WaitingMail] = deque()
        self._blocked: dict[str, float] = {}
        """Monotonic seconds until which a key has no free slot, by key id."""

    def __len__(self) -> int:
        return len(self._arrived) + len(self._waiting)

    def add(self, waiting: WaitingMail) -> None:
        """Append a mail."""
        self._arrived.append(waiting)

    def put_back(self, later: Iterable[tuple[WaitingMail, float]]) -> None:
        """Return mails without a slot to the front, with the times when their keys may get one."""
        for waiting, free_at in reversed(list(later)):
            self._blocked[waiting.incoming.terms.id] = free_at
            self._waiting.appendleft(waiting)

    def pause(self, *, admits: bool) -> float:
        """Seconds until the next mail is due or expires; ``admits``: mails are admitted now."""
        now = self._clock.monotonic()
        seconds = float("inf")
        for each in self._waiting:
            if admits:
                seconds = min(seconds, self._blocked.get(each.incoming.terms.id, now) - now)
            seconds = min(seconds, each.deadline - now)
        return seconds

    def due(self, most: int, others: SendResult | None) -> list[WaitingMail]:
        """Take out up to ``most`` mails to admit; expired ones are answered.

        All others are answered with ``others``, or keep waiting if it is None.
        """
        while self._arrived:
            self._waiting.append(self._arrived.popleft())
        if not self._waiting:
            return []
        now = self._clock.monotonic()
        due: list[WaitingMail] = []
        kept: deque[WaitingMail] = deque()
        for each in self._waiting:
            blocked = self._blocked.get(each.incoming.terms.id, 0.0) > now
            if each.future.cancelled():
                continue
            if others is not None and len(due) >= most:
                each.settle(others)
            elif each.deadline <= now:
                each.settle(SendResult(error=rate_exceeded()))
            elif len(due) >= most or blocked:
                kept.append(each)
            else:
                due.append(each)
        self._waiting = kept
        return due


class RelayedOutcomes(Protocol):
    """Outcomes of admitted mails."""

    def outcome(self, mail_id: int) -> RelayedOutcome:
        """The state of the mail's first recipient."""


class RepeatedCalls:
    """Repeated calls, which get the outcome of the mail once it is known."""

    def __init__(self, outcomes: RelayedOutcomes, clock: Clock, *, patience: float) -> None:
        """After ``patience`` seconds a call gets the current state."""
        self._outcomes = outcomes
        self._clock = clock
        self._patience = patience
        self._waiting: deque[tuple[WaitingMail, int, float]] = deque()
        """With the mail's id, and the monotonic deadline."""
        self._looked_at = float("-inf")

    @property
    def pause(self) -> float:
        """Seconds until the next check; infinity if nobody waits."""
        if not self._waiting:
            return float("inf")
        return max(0.0, self._looked_at + _POLL_SECONDS - self._clock.monotonic())

    def add(self, waiting: WaitingMail, mail_id: int) -> None:
        """Let ``waiting`` wait for the outcome of that mail."""
        self._waiting.append((waiting, mail_id, self._clock.monotonic() + self._patience))
        self._looked_at = float("-inf")

    def answer_due(self) -> None:
        """Answer calls whose mails have outcomes, if it is time."""
        if self.pause > 0:
            return
        self._looked_at = self._clock.monotonic()
        for _ in range(len(self._waiting)):
            waiting, mail_id, give_up_at = self._waiting.popleft()
            if waiting.future.cancelled():
                continue
            try:
                outcome = self._outcomes.outcome(mail_id)
            except StorageError as error:
                waiting.settle(unavailable(str(error)))
                continue
            if outcome.state == DeliveryState.SENDING and self._looked_at < give_up_at:
                self._waiting.append((waiting, mail_id, give_up_at))
            else:
                waiting.settle(of_outcome(outcome, mail_id))

    def send_away(self, settled: SendResult) -> None:
        """Answer all clients with ``settled``."""
        while self._waiting:
            self._waiting.popleft()[0].settle(settled)


def unavailable(why: str) -> SendResult:
    """An error after which the client may retry."""
    return SendResult(error=ServiceError(503, "ServiceUnavailable", why))


def closing() -> SendResult:
    """The result while the relay is stopping."""
    return unavailable("The relay is stopping; try again.")


def failed(what: str, error: BaseException) -> str:
    """The sentence for an unexpected end of a thread."""
    way_out = "what was taken over is in the ledger: start the relay again to continue."
    return str(unforeseen(f"{what} failed", error, way_out))
