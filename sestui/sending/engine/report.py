"""Reports of the sender's progress: small, immutable, about ten a second."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sestui.core.clock import Clock, Instant
from sestui.core.delivery.handover import Answer, AnswerKind, Claim, HoldBack, Reply
from sestui.core.delivery.pacing import AllowedRate, Quota


@dataclass(frozen=True, slots=True)
class AnswerLine:
    """One answer, as the live tail shows it."""

    at: Instant
    run_id: int
    email: str
    kind: AnswerKind
    detail: str
    """The message id, or code and reason."""


@dataclass(frozen=True, slots=True)
class SenderReport:
    """What happened since the last report."""

    at: Instant
    lines: tuple[AnswerLine, ...] = ()
    """The newest answers, at most :data:`MOST_LINES`."""
    answered: int = 0
    """All answers since the last report, shown or not."""
    rate: float = 0.0
    """Recipients a second allowed to the run that is being served."""
    rate_factor: float = 1.0
    """What throttle answers have left of the account's rate, 0 to 1."""
    quota: Quota | None = None
    trouble: str = ""
    """Why nothing is leaving just now, as a sentence; '' when all is well."""


MOST_LINES = 50

REPORT_SECONDS = 0.1
"""The least time between two reports."""


def line_of(reply: Reply, claim: Claim, at: Instant) -> AnswerLine:
    """The line for one answer."""
    detail = reply.message_id or f"{reply.code}: {reply.reason}"
    return AnswerLine(at, claim.run_id, claim.email, reply.kind, detail)


class Reporter:
    """Gathers answers and passes them to ``report`` about ten times a second; None: to nobody."""

    def __init__(self, report: Callable[[SenderReport], None] | None, clock: Clock) -> None:
        self._report = report
        self._clock = clock
        self._reported_at = 0.0
        self._lines: list[AnswerLine] = []
        self._answered = 0

    def note(self, answers: Sequence[tuple[Answer, Claim]]) -> None:
        """Keep the newest answers for the next report, and count them all."""
        now = self._clock.now()
        # What we took back ourselves is nobody's answer.
        given = [each for each in answers if each[0].reply.hold_back is not HoldBack.WITHDRAWN]
        self._answered += len(given)
        self._lines += [line_of(answer.reply, claim, now) for answer, claim in given]
        del self._lines[:-MOST_LINES]

    def report(
        self, allowed: AllowedRate, quota: Quota | None, trouble: str, *, last: bool = False
    ) -> None:
        """Report what has come in if it is time, or if this is the ``last`` report."""
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
                rate_factor=allowed.factor,
                quota=quota,
                trouble=trouble,
            )
        )
