"""Reports of the sender's progress, about ten a second."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sestui.core.clock import Clock, Instant
from sestui.core.delivery.handover import Answer, AnswerKind, Claim, HoldBack, Reply
from sestui.core.delivery.pacing import AllowedRate, Quota


@dataclass(frozen=True, slots=True)
class AnswerLine:
    """One answer for the live tail."""

    at: Instant
    run_id: int
    email: str
    kind: AnswerKind
    detail: str
    """The message id, or code and reason."""


@dataclass(frozen=True, slots=True)
class SenderReport:
    """The sender's progress since the last report."""

    at: Instant
    lines: tuple[AnswerLine, ...] = ()
    """The newest answers, at most :data:`MOST_LINES`."""
    answered: int = 0
    """Number of all answers since the last report."""
    rate: float = 0.0
    """Rate of the served run in recipients a second."""
    quota: Quota | None = None
    trouble: str = ""
    """Why nothing is sent, as a sentence; '' if all is well."""


MOST_LINES = 50

REPORT_SECONDS = 0.1
"""Minimum interval of reports."""


def line_of(reply: Reply, claim: Claim, at: Instant) -> AnswerLine:
    """The line for one answer."""
    detail = reply.message_id or f"{reply.code}: {reply.reason}"
    return AnswerLine(at, claim.run_id, claim.email, reply.kind, detail)


class Reporter:
    """Collects answers, and calls ``report`` (if not None) about ten times a second."""

    def __init__(self, report: Callable[[SenderReport], None] | None, clock: Clock) -> None:
        self._report = report
        self._clock = clock
        self._reported_at = 0.0
        self._lines: list[AnswerLine] = []
        self._answered = 0

    def note(self, answers: Sequence[tuple[Answer, Claim]]) -> None:
        """Count answers, and keep the newest for the next report."""
        now = self._clock.now()
        # Withdrawn mail has no answer.
        given = [each for each in answers if each[0].reply.hold_back is not HoldBack.WITHDRAWN]
        self._answered += len(given)
        self._lines += [line_of(answer.reply, claim, now) for answer, claim in given]
        del self._lines[:-MOST_LINES]

    def report(
        self, allowed: AllowedRate, quota: Quota | None, trouble: str, *, last: bool = False
    ) -> None:
        """Report if it is time, or if this is the ``last`` report."""
        now = self._clock.monotonic()
        if self._report is None or (now - self._reported_at < REPORT_SECONDS and not last):
            return
        self._reported_at = now
        lines, answered = tuple(self._lines), self._answered
        self._lines, self._answered = [], 0
        self._report(
            SenderReport(
                at=self._clock.now(),
                lines=lines,
                answered=answered,
                rate=allowed.rate,
                quota=quota,
                trouble=trouble,
            )
        )
