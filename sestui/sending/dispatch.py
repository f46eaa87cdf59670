"""From a claim to an answer: a pacer that hands claims over at their slots, and a few threads."""

import threading
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from queue import SimpleQueue

from sestui.core.clock import Clock
from sestui.core.delivery import Answer, AnswerKind, Claim, HoldBack
from sestui.errors import ContentError
from sestui.sending.gate import Gate
from sestui.sending.ports import Composer, Gateway

LEAD_SECONDS = 0.012
"""A thread gets its mail this long before its slot: time to render, serialise and sign."""


@dataclass(frozen=True, slots=True)
class Job:
    """A claim with what it takes to send it."""

    claim: Claim
    composer: Composer
    slot: float
    """Monotonic seconds at which the mail may leave."""
    rate: float
    """The account's rate for the gate, recipients a second."""


class Dispatcher:
    """Owns every mail between claim and answer; ``outstanding`` is how many those are.

    ``most`` bounds the calls in the air, ``answered`` is set whenever an answer comes in.
    """

    def __init__(self, gateway: Gateway, clock: Clock, *, most: int) -> None:
        self._gateway = gateway
        self._clock = clock
        self._gate = Gate(clock)
        self._threads = ThreadPoolExecutor(most, thread_name_prefix="sestui-send")
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._answers: deque[Answer] = deque()
        self._outstanding: dict[int, Claim] = {}
        self._closed = threading.Event()
        self.answered = threading.Event()
        self._pacer = threading.Thread(target=self._pace, name="sestui-pacer", daemon=True)
        self._pacer.start()

    @property
    def outstanding(self) -> int:
        """Claims that were handed over and whose answers were not collected."""
        return len(self._outstanding)

    def hand_over(self, jobs: Sequence[Job]) -> None:
        """Take over claims, in the order of their slots."""
        for job in jobs:
            self._outstanding[job.claim.delivery_id] = job.claim
            self._jobs.put(job)

    def collect(self) -> list[Answer]:
        """Every answer since the last call."""
        self.answered.clear()
        answers = []
        while self._answers:
            answer = self._answers.popleft()
            if self._outstanding.pop(answer.delivery_id, None) is not None:
                answers.append(answer)
        return answers

    def withdraw(self) -> None:
        """Let nothing leave any more: what has not left comes back as not sent."""
        self._gate.close()
        self._closed.set()
        self._jobs.put(None)

    def give_up(self) -> list[Answer]:
        """Answers for everything still in the air when nobody will wait for it any more."""
        answers = self.collect()
        answers += [
            Answer(
                claim.delivery_id,
                claim.attempt,
                AnswerKind.UNKNOWN,
                code="Stopped",
                reason="sestui was stopped before SES's answer came.",
            )
            for claim in self._outstanding.values()
        ]
        self._outstanding.clear()
        return answers

    def close(self) -> None:
        """End the threads without waiting for calls in the air."""
        self.withdraw()
        self._pacer.join()
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _pace(self) -> None:
        """Submit each job shortly before its slot, so that few threads carry many mails."""
        while (job := self._jobs.get()) is not None:
            wait = job.slot - LEAD_SECONDS - self._clock.monotonic()
            if wait > 0:
                self._clock.wait(self._closed, wait)
            if self._closed.is_set():
                self._answer(_withdrawn(job.claim))
            else:
                self._threads.submit(self._send, job)

    def _send(self, job: Job) -> None:
        self._answer(self._answer_to(job))

    def _answer_to(self, job: Job) -> Answer:
        claim = job.claim
        tags = (("sestui-run", str(claim.run_id)), ("sestui-delivery", str(claim.delivery_id)))
        try:
            mail = job.composer.mail(claim.email, claim.attributes, tags)
        except ContentError as error:
            return Answer(
                claim.delivery_id,
                claim.attempt,
                AnswerKind.REFUSED,
                code="ContentError",
                reason=str(error),
            )
        reply = self._gateway.send(mail, lambda: self._gate.pass_at(job.slot, job.rate))
        return Answer(
            claim.delivery_id,
            claim.attempt,
            reply.kind,
            message_id=reply.message_id,
            code=reply.code,
            reason=reply.reason,
            hold_back=reply.hold_back,
        )

    def _answer(self, answer: Answer) -> None:
        self._answers.append(answer)
        self.answered.set()


def _withdrawn(claim: Claim) -> Answer:
    return Answer(
        claim.delivery_id,
        claim.attempt,
        AnswerKind.NOT_SENT,
        code="Withdrawn",
        reason="Taken back before it left.",
        hold_back=HoldBack.WITHDRAWN,
    )
