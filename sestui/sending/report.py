"""What the sender tells whoever watches: small, immutable, about ten a second."""

from dataclasses import dataclass

from sestui.core.clock import Instant
from sestui.core.delivery import Answer, AnswerKind, Claim
from sestui.core.pacing import Quota


@dataclass(frozen=True, slots=True)
class Line:
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
    lines: tuple[Line, ...] = ()
    """The newest answers, at most :data:`MOST_LINES`."""
    answered: int = 0
    """All answers since the last report, shown or not."""
    rate: float = 0.0
    """Recipients a second allowed to the run that is being served."""
    quota: Quota | None = None
    trouble: str = ""
    """Why nothing is leaving just now, as a sentence; '' when all is well."""


MOST_LINES = 50


def line_of(answer: Answer, claim: Claim, at: Instant) -> Line:
    """The line for one answer."""
    detail = answer.message_id or f"{answer.code}: {answer.reason}"
    return Line(at, claim.run_id, claim.email, answer.kind, detail)
