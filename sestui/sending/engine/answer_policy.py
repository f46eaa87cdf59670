"""What answers mean for the mail that follows: holds, backoff and pauses."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from sestui.core.delivery.handover import Answer, AnswerKind, Claim, HoldBack, Reply
from sestui.core.delivery.pacing import backoff
from sestui.core.delivery.states import PauseReason

REFUSALS_IN_A_ROW = 20
"""A run is paused after this many consecutive refusals with the same code."""

_LONGEST_HOLD_SECONDS = 30.0
_FEW_FAILURES = 2

_THROTTLED_RETRY_SECONDS = 1.0

_CONTENT_RETRY_SECONDS = 60.0
"""Mail that can't be rendered is retried, as the contact may have been corrected."""


@dataclass(frozen=True, slots=True)
class Pause:
    """A run that must stop until a person acts."""

    run_id: int
    reason: PauseReason
    detail: str


@dataclass(slots=True)
class _Streak:
    code: str = ""
    count: int = 0


class AnswerPolicy:
    """Decides by the latest answers when to hold back, and which runs to pause."""

    def __init__(self) -> None:
        self._refusals: dict[int, _Streak] = {}
        self._unmade: dict[int, dict[int, str]] = {}
        """Reasons why mail can't be rendered, by run and delivery."""
        self._failures = 0
        self.hold_until = 0.0
        """Monotonic seconds until which nothing should be claimed."""
        self.trouble = ""
        """The reason, as a sentence; '' if all is well."""
        self.quota_refused = False
        """Whether SES refused a mail because the daily quota is used up."""
        self.bulk_throttled = False
        """Whether SES throttled bulk calls."""

    def read(
        self, answers: Iterable[tuple[Answer, Claim]], now: float
    ) -> tuple[list[Answer], list[Pause]]:
        """The answers for the ledger (with their backoff), and the runs to pause.

        ``now`` is in monotonic seconds.
        """
        written: list[Answer] = []
        pauses: dict[int, Pause] = {}
        for answer, claim in answers:
            written.append(_with_backoff(answer, claim))
            reply = answer.reply
            if reply.kind is AnswerKind.ACCEPTED:
                self._failures, self.trouble = 0, ""
                self._refusals.pop(claim.run_id, None)
            elif reply.kind is AnswerKind.REFUSED:
                self._refused(reply, claim, pauses)
            elif reply.kind is AnswerKind.NOT_SENT:
                self._not_sent(reply, claim, now, pauses)
        return written, list(pauses.values())

    @property
    def outage(self) -> str:
        """Why calls keep failing; '' if they don't, or if there were only one or two failures."""
        return self.trouble if self._failures > _FEW_FAILURES else ""

    def unmade(self, run_id: int) -> Pause | None:
        """The run's pause if mail can't be rendered for any of its remaining recipients.

        To be called when there is nothing else to claim. The pause is returned once, as resuming
        the run tries those recipients again.
        """
        found = self._unmade.pop(run_id, None)
        if not found:
            return None
        count, why = len(found), next(iter(found.values()))
        whom = "1 recipient" if count == 1 else f"{count:,} recipients"
        return Pause(
            run_id,
            PauseReason.ERRORS,
            f"The mail can't be rendered for {whom}: {why} Fix the message or the contacts and "
            "resume; everyone else has been dealt with.",
        )

    def _refused(self, reply: Reply, claim: Claim, pauses: dict[int, Pause]) -> None:
        streak = self._refusals.setdefault(claim.run_id, _Streak())
        if streak.code != reply.code:
            streak.code, streak.count = reply.code, 0
        streak.count += 1
        if streak.count >= REFUSALS_IN_A_ROW:
            streak.count = 0
            pauses[claim.run_id] = Pause(
                claim.run_id,
                PauseReason.ERRORS,
                f"{REFUSALS_IN_A_ROW} mails in a row were refused with {reply.code}: "
                f"{reply.reason}",
            )

    def _not_sent(self, reply: Reply, claim: Claim, now: float, pauses: dict[int, Pause]) -> None:
        if reply.hold_back is HoldBack.PAUSED:
            pauses[claim.run_id] = Pause(
                claim.run_id, PauseReason.ACCOUNT, f"{reply.code}: {reply.reason}"
            )
        elif reply.hold_back is HoldBack.QUOTA:
            self.quota_refused = True
        elif reply.hold_back is HoldBack.BULK:
            self.bulk_throttled = True
        elif reply.hold_back is HoldBack.CONTENT:
            self._unmade.setdefault(claim.run_id, {})[claim.delivery_id] = reply.reason
        elif reply.hold_back in {HoldBack.UNREACHABLE, HoldBack.FAULT}:
            # Concurrent calls fail together: one step of backoff for all of them.
            if now >= self.hold_until:
                self._failures += 1
                if reply.hold_back is HoldBack.UNREACHABLE or self._failures > _FEW_FAILURES:
                    self.hold_until = now + min(_LONGEST_HOLD_SECONDS, backoff(self._failures) / 2)
            self.trouble = not_now(reply.reason, reply.code)


def not_now(reason: str, code: str = "") -> str:
    """The sentence that describes an outage."""
    return f"SES can't accept mail at the moment{f' ({code})' if code else ''}: {reason}"


def _with_backoff(answer: Answer, claim: Claim) -> Answer:
    """The answer with its retry delay; it grows only with the delivery's own faults."""
    if answer.reply.kind is not AnswerKind.NOT_SENT:
        return answer
    if answer.reply.hold_back is HoldBack.FAULT:
        return replace(answer, retry_after=backoff(claim.faults + 1))
    if answer.reply.hold_back is HoldBack.CONTENT:
        return replace(answer, retry_after=_CONTENT_RETRY_SECONDS)
    if answer.reply.hold_back is HoldBack.RATE:
        return replace(answer, retry_after=_THROTTLED_RETRY_SECONDS)
    return answer
