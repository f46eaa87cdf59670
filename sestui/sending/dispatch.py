"""From a claim to an answer: a pacer that hands calls over at their slots, and a few threads."""

import threading
from collections import deque
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from functools import partial
from queue import SimpleQueue

from sestui.core.clock import Clock
from sestui.core.delivery import Answer, AnswerKind, Claim, HoldBack
from sestui.core.mail import Mail
from sestui.errors import ContentError
from sestui.sending.gate import Gate
from sestui.sending.pool import Pool
from sestui.sending.ports import Composer, Gateway, Reply

_LEAD_SECONDS = 0.012
_LEAD_PER_MAIL = 0.0004
"""A thread gets a call this long before its slot: time to render, serialise and sign."""

_BULK_BYTES = 800_000
"""SES takes 1 MB of inline content a call (SES.md); JSON's escapes need the rest."""

_TEMPLATE_BYTES = 400_000
"""SES takes a template of 500 KB (SES.md); mails that have more in common go singly."""

_ENTRY_BYTES = 200_000
"""SES takes 262,144 bytes of data an entry (SES.md); a larger mail goes singly."""


_FIRST_LATENCY = 0.15
_LATENCY_WEIGHT = 0.1
_WIDTH_SECONDS = 0.05
"""A width that was raised is noticed this soon, though no call ends."""

_UNRENDERED, _WITHDRAWN = "ContentError", "Withdrawn"
_STAYED = frozenset({_UNRENDERED, _WITHDRAWN})
"""Codes of answers to mails that never left."""


@dataclass(frozen=True, slots=True)
class Job:
    """The claims of one call with what it takes to send them."""

    claims: tuple[Claim, ...]
    composer: Composer
    slot: float
    """Monotonic seconds at which the call may leave."""
    rate: float
    """The rate for the gate, recipients a second."""
    bulk: bool = False
    shared: bool = False
    """Other processes use the same rate."""


class Dispatcher:
    """Owns every mail between claim and answer.

    ``most`` bounds the calls in the air for good, :attr:`width` for now. ``answered`` is set
    whenever an answer comes in.
    """

    def __init__(self, gateway: Gateway, clock: Clock, *, most: int) -> None:
        self._gateway = gateway
        self._clock = clock
        self._gate = Gate(clock)
        self._threads = Pool(most, "sestui-send")
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._answers: deque[Answer] = deque()
        self._outstanding: dict[int, Claim] = {}
        self._handed = self._stayed = self._active = 0
        self._free = threading.Condition()
        self.width = most
        """How many calls may be in the air now."""
        self._measured = False
        self.latency = _FIRST_LATENCY
        """Seconds from a call's leaving to its answer, a running average."""
        self._closed = threading.Event()
        self.answered = threading.Event()
        self._pacer = threading.Thread(target=self._pace, name="sestui-pacer", daemon=True)
        self._pacer.start()

    @property
    def in_the_air(self) -> Set[int]:
        """Ids of deliveries that were handed over and whose answers were not collected."""
        return self._outstanding.keys()

    @property
    def left(self) -> int:
        """How many mails have left so far."""
        return self._gate.passed

    @property
    def waiting(self) -> int:
        """How many claims have not left yet."""
        return max(0, self._handed - self._stayed - self._gate.passed)

    def hand_over(self, jobs: Sequence[Job]) -> None:
        """Take over claims, in the order of their slots."""
        for job in jobs:
            self._handed += len(job.claims)
            self._outstanding |= {claim.delivery_id: claim for claim in job.claims}
            self._jobs.put(job)

    def collect(self) -> list[tuple[Answer, Claim]]:
        """Every answer since the last call, with its claim."""
        self.answered.clear()
        answers = []
        while self._answers:
            answer = self._answers.popleft()
            claim = self._outstanding.pop(answer.delivery_id, None)
            if answer.code in _STAYED:
                self._stayed += 1
            if claim is not None:
                answers.append((answer, claim))
        return answers

    def withdraw(self) -> None:
        """Let nothing leave any more: what has not left comes back as not sent."""
        self._gate.close()
        self._closed.set()
        with self._free:
            self._free.notify()
        self._jobs.put(None)

    def give_up(self) -> list[Answer]:
        """Answers for everything still in the air when nobody will wait for it any more."""
        answers = [
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
        self._threads.close()

    def _pace(self) -> None:
        """Submit each job shortly before its slot, so that few threads carry many mails."""
        while (job := self._jobs.get()) is not None:
            lead = _LEAD_SECONDS + _LEAD_PER_MAIL * len(job.claims)
            wait = job.slot - lead - self._clock.monotonic()
            if wait > 0:
                self._clock.wait(self._closed, wait)
            with self._free:
                while self._active >= self.width and not self._closed.is_set():
                    self._free.wait(_WIDTH_SECONDS)
                self._active += 1
            if self._closed.is_set():
                for claim in job.claims:
                    self._answer(claim, _Withdrawn())
            else:
                self._threads.submit(partial(self._send, job))

    def _send(self, job: Job) -> None:
        try:
            self._send_all(job)
        finally:
            with self._free:
                self._active -= 1
                self._free.notify()

    def _send_all(self, job: Job) -> None:
        """Render and send one job; every claim of it gets its answer, whatever happens."""
        ready: list[tuple[Claim, Mail]] = []
        for claim in job.claims:
            tags = (("sestui-run", str(claim.run_id)), ("sestui-delivery", str(claim.delivery_id)))
            try:
                ready.append((claim, job.composer.mail(claim.email, claim.attributes, tags)))
            except ContentError as error:
                self._answer(claim, _Unrendered(str(error)))
            except Exception as error:  # noqa: BLE001 - a template may raise anything
                self._answer(claim, _Unrendered(f"It can't be rendered ({type(error).__name__})."))
        for group in _calls(ready) if job.bulk else ([each] for each in ready):
            call = _Departure(self._gate, self._clock, job, len(group))
            leave = call.leave
            if len(group) == 1:
                replies: Sequence[Reply] = [self._gateway.send(group[0][1], leave)]
            else:
                replies = self._gateway.send_bulk([mail for _, mail in group], leave)
            if call.left_at is not None:
                taken = self._clock.monotonic() - call.left_at
                self._took(taken)
            for (claim, _), reply in zip(group, replies, strict=True):
                self._answer(claim, reply)

    def _took(self, seconds: float) -> None:
        if not self._measured:
            self._measured, self.latency = True, seconds
        self.latency += _LATENCY_WEIGHT * (seconds - self.latency)

    def _answer(self, claim: Claim, reply: Reply) -> None:
        self._answers.append(
            Answer(
                claim.delivery_id,
                claim.attempt,
                reply.kind,
                message_id=reply.message_id,
                code=reply.code,
                reason=reply.reason,
                hold_back=reply.hold_back,
            )
        )
        self.answered.set()


class _Departure:
    """One call's way through the gate."""

    def __init__(self, gate: Gate, clock: Clock, job: Job, mails: int) -> None:
        self._gate = gate
        self._clock = clock
        self._job = job
        self._mails = mails
        self.left_at: float | None = None

    def leave(self) -> bool:
        """What the gateway calls before the first byte."""
        job = self._job
        if not self._gate.pass_at(job.slot, job.rate, self._mails, shared=job.shared):
            return False
        self.left_at = self._clock.monotonic()
        return True


@dataclass(frozen=True, slots=True)
class _Unrendered:
    """The reply to a mail that could not be rendered: it never left, and never will as it is."""

    reason: str
    kind: AnswerKind = AnswerKind.REFUSED
    message_id: str = ""
    code: str = _UNRENDERED
    hold_back: HoldBack | None = None


@dataclass(frozen=True, slots=True)
class _Withdrawn:
    """The reply to a mail that was taken back while it waited for its slot."""

    kind: AnswerKind = AnswerKind.NOT_SENT
    message_id: str = ""
    code: str = _WITHDRAWN
    reason: str = "Taken back before it left."
    hold_back: HoldBack | None = HoldBack.WITHDRAWN


def _calls(ready: Sequence[tuple[Claim, Mail]]) -> Iterator[list[tuple[Claim, Mail]]]:
    """Split the mails of a bulk job where SES's limits of size demand it."""
    group: list[tuple[Claim, Mail]] = []
    pattern = ready[0][1].pattern if ready else None
    shared = 0
    if pattern:
        shared = sum(map(_json_bytes, (*pattern.subject, *pattern.html, *pattern.text)))
    total = shared
    for claim, mail in ready:
        size = sum(map(_json_bytes, mail.pieces or (mail.subject, mail.html, mail.text)))
        if size > _ENTRY_BYTES or shared > _TEMPLATE_BYTES:
            yield [(claim, mail)]
            continue
        if group and total + size > _BULK_BYTES:
            yield group
            group, total = [], shared
        group.append((claim, mail))
        total += size
    if group:
        yield group


def _json_bytes(text: str) -> int:
    """About how long botocore's JSON makes it: it escapes what isn't ASCII, six bytes a letter."""
    return len(text) if text.isascii() else 6 * len(text)
