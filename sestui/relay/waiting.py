"""Clients' mails between the door and the ledger, and what clients are told."""

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
    """A client's mail until it is admitted, refused or given up."""

    incoming: Incoming
    mail: RelayedMail
    deadline: float
    """Monotonic seconds."""
    future: "asyncio.Future[SendResult]"
    loop: asyncio.AbstractEventLoop

    def settle(self, settled: SendResult) -> None:
        """Answer the client, if it is still there."""
        settle([(self, settled)])


def settle(told: Sequence[tuple[WaitingMail, SendResult]]) -> None:
    """Answer these clients, of one loop, as far as they are still there; wakes the loop once."""
    if told:
        with suppress(RuntimeError):  # the loop is closed: nobody is there
            told[0][0].loop.call_soon_threadsafe(_set, told)


def _set(told: Sequence[tuple[WaitingMail, SendResult]]) -> None:
    for waiting, settled in told:
        if not waiting.future.done():
            waiting.future.set_result(settled)


@dataclass(slots=True, eq=False)
class FirstCall:
    """A mail's first call to SES, until every recipient of it is answered for."""

    waiting: WaitingMail
    admission: Admission
    admitted_at: float
    """By the ledger's clock."""
    answers: list[Answer] = field(default_factory=list)
    settled: SendResult = field(default_factory=SendResult)
    """What the client is told, once everybody is answered for and the ledger knows it."""
    settled_at: float = 0.0
    """Monotonic seconds."""

    @property
    def answered(self) -> bool:
        """Whether nobody's answer is missing."""
        return len(self.answers) == len(self.admission.claims)

    def job(self, found: Admissions) -> Job:
        """The call itself, for the dispatcher; ``found`` tells when it may leave, and how fast."""
        slot = self.admission.slot + found.ahead
        return Job(self.admission.claims, self._mails, slot, found.rate)

    def _mails(self, claims: Sequence[Claim]) -> list[Made]:
        """The one mail that all of its recipients get, tagged with its first delivery."""
        first = claims[0]
        tags = (("sestui-run", str(first.run_id)), ("sestui-delivery", str(first.delivery_id)))
        return [(tuple(claims), relayed_mail(self.waiting.mail, self.admission.places, tags))]

    def as_answer(self) -> CallAnswer:
        """What the ledger is told."""
        incoming = self.waiting.incoming
        return CallAnswer(
            self.admission.mail_id,
            tuple(self.answers),
            incoming.terms,
            len(incoming.recipients),
            self.admitted_at,
        )


class WaitingQueue:
    """Clients' mails that wait to be admitted, in the order in which they came.

    :meth:`add` is for any thread, everything else for one.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._arrived: deque[WaitingMail] = deque()
        self._waiting: deque[WaitingMail] = deque()
        self._blocked: dict[str, float] = {}
        """By key id: monotonic seconds before which no slot is free for it."""

    def __len__(self) -> int:
        return len(self._arrived) + len(self._waiting)

    def add(self, waiting: WaitingMail) -> None:
        """Put it at the end."""
        self._arrived.append(waiting)

    def put_back(self, later: Iterable[tuple[WaitingMail, float]]) -> None:
        """Put those back at the front that got no slot, each with when its key may have one."""
        for waiting, free_at in reversed(list(later)):
            self._blocked[waiting.incoming.terms.id] = free_at
            self._waiting.appendleft(waiting)

    def pause(self, *, admits: bool) -> float:
        """Seconds until it is worth looking again, if nobody comes; ``admits``: mails are taken."""
        now = self._clock.monotonic()
        seconds = float("inf")
        for each in self._waiting:
            if admits:
                seconds = min(seconds, self._blocked.get(each.incoming.terms.id, now) - now)
            seconds = min(seconds, each.deadline - now)
        return seconds

    def due(self, most: int, others: SendResult | None) -> list[WaitingMail]:
        """Take up to ``most`` out whose turn it is; those whose time is over are sent away.

        Everybody else is told ``others``, or waits if that is None.
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
    """What became of mails that were taken over before."""

    def outcome(self, mail_id: int) -> RelayedOutcome:
        """Where the recipient stands that the mail was answered for."""


class RepeatedCalls:
    """Calls that were made before: each is told what its mail comes to, once it has arrived."""

    def __init__(self, outcomes: RelayedOutcomes, clock: Clock, *, patience: float) -> None:
        """A mail that is on its way for longer than ``patience`` seconds is told as it stands."""
        self._outcomes = outcomes
        self._clock = clock
        self._patience = patience
        self._waiting: deque[tuple[WaitingMail, int, float]] = deque()
        """With the mail's id, and the monotonic seconds at which it is given up."""
        self._looked_at = float("-inf")

    @property
    def pause(self) -> float:
        """Seconds until it is worth looking again; infinity if nobody waits."""
        if not self._waiting:
            return float("inf")
        return max(0.0, self._looked_at + _POLL_SECONDS - self._clock.monotonic())

    def add(self, waiting: WaitingMail, mail_id: int) -> None:
        """Answer ``waiting`` with what became of that mail, as soon as :meth:`look` finds it."""
        self._waiting.append((waiting, mail_id, self._clock.monotonic() + self._patience))
        self._looked_at = float("-inf")

    def look(self) -> None:
        """Answer those whose mails have arrived, if it is time to look."""
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
        """Answer everybody with this."""
        while self._waiting:
            self._waiting.popleft()[0].settle(settled)


def unavailable(why: str) -> SendResult:
    """Nothing was taken, and trying again is worth it."""
    return SendResult(error=ServiceError(503, "ServiceUnavailable", why))


def closing() -> SendResult:
    """The relay is stopping."""
    return unavailable("The relay is stopping; try again.")


def failed(what: str, error: BaseException) -> str:
    """The sentence for the end of a thread that nobody foresaw; the log has its traceback."""
    way_out = "what was taken over is in the ledger: start the relay again to continue."
    return str(unforeseen(f"{what} failed", error, way_out))
