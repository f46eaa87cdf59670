"""Clients' mails between the door and the ledger, and what clients are told."""

import asyncio
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol

from sestui.core.clock import Clock
from sestui.core.delivery import Answer
from sestui.core.relay_intake import Admission, CallAnswer, Incoming, Outcome
from sestui.core.relayed import RelayedMail
from sestui.core.states import DeliveryState
from sestui.core.wire import ServiceError
from sestui.errors import StorageError
from sestui.relay.verdicts import Settled, of_outcome

_POLL_SECONDS = 0.05


@dataclass(slots=True, eq=False)
class Waiting:
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


@dataclass(slots=True, eq=False)
class FirstCall:
    """A mail's first call to SES, until every recipient of it is answered for."""

    waiting: Waiting
    admission: Admission
    admitted_at: float
    """By the ledger's clock."""
    answers: list[Answer] = field(default_factory=list)

    @property
    def answered(self) -> bool:
        """Whether nobody's answer is missing."""
        return len(self.answers) == len(self.admission.claims)

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


@dataclass(frozen=True, slots=True)
class Said:
    """What SES said to a first call, on its way into the ledger."""

    call: CallAnswer
    settled: Settled
    waiting: Waiting
    at: float
    """Monotonic seconds."""


class Outcomes(Protocol):
    """What became of mails that were taken over before."""

    def outcome(self, mail_id: int) -> Outcome:
        """Where the recipient stands that the mail was answered for."""


class Repeated:
    """Calls that were made before: each is told what its mail comes to, once it has arrived."""

    def __init__(self, outcomes: Outcomes, clock: Clock, *, patience: float) -> None:
        """A mail that is on its way for longer than ``patience`` seconds is told as it stands."""
        self._outcomes = outcomes
        self._clock = clock
        self._patience = patience
        self._waiting: deque[tuple[Waiting, int, float]] = deque()
        """With the mail's id, and the monotonic seconds at which it is given up."""
        self._looked_at = float("-inf")

    @property
    def pause(self) -> float | None:
        """Seconds until it is worth looking again; None: nobody waits."""
        if not self._waiting:
            return None
        return max(0.0, self._looked_at + _POLL_SECONDS - self._clock.monotonic())

    def add(self, waiting: Waiting, mail_id: int) -> None:
        """Answer ``waiting`` with what became of that mail, as soon as :meth:`look` finds it."""
        self._waiting.append((waiting, mail_id, self._clock.monotonic() + self._patience))
        self._looked_at = float("-inf")

    def look(self) -> None:
        """Answer those whose mails have arrived, if it is time to look."""
        if self.pause != 0.0:
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

    def send_away(self, settled: Settled) -> None:
        """Answer everybody with this."""
        while self._waiting:
            self._waiting.popleft()[0].settle(settled)


def unavailable(why: str) -> Settled:
    """Nothing was taken, and trying again is worth it."""
    return Settled(error=ServiceError(503, "ServiceUnavailable", why))


def closing() -> Settled:
    """The relay is stopping."""
    return unavailable("The relay is stopping; try again.")


def failed(what: str, error: BaseException) -> str:
    """The sentence for the end of a thread that nobody foresaw; the log has its traceback."""
    return (
        f"{what} failed for a reason nobody foresaw ({type(error).__name__}, see the log); what "
        "was taken over is in the ledger: start the relay again to go on."
    )
