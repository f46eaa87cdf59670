"""Settle what is in doubt by what SES's message insights know.

A mail whose tags name the delivery proves that SES took it, and is applied as SES's own ``Send``
event would be. That SES knows no such mail proves nothing: it is noted when that was asked.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from sestui.core.clock import Clock, Instant
from sestui.core.delivery.account_key import account_words
from sestui.errors import StateError
from sestui.feedback.insights_asking import InsightsAsking, keys_of, wire_or_none
from sestui.feedback.insights_sweep import InsightsSweep
from sestui.ses.message_insights import MOST_ADDRESSES, JobResult, MessageInsights
from sestui.store.db.database import Database
from sestui.store.events.apply import EventRules, settle_by_events
from sestui.store.ledger.doubtful import KEPT_SECONDS, MARGIN_SECONDS, DoubtfulDelivery, Unclear
from sestui.store.ledger.insight_questions import InsightQuestions, Question

_JUST_ASKED_SECONDS = 300.0
"""Whoever was asked about so recently is not asked about again: a stopped search goes on."""


@dataclass(frozen=True, slots=True)
class SearchResult:
    """What a search has found out about a run."""

    asked: int
    """Deliveries that SES was asked about, now or a few minutes ago."""
    settled: int
    """Those of them that have turned out to be accepted."""
    unrecorded: int
    """Still in doubt, and SES knew nothing of them when it was asked."""
    unclear: int
    """Still in doubt, and SES's answer proves nothing."""
    too_old: int
    """Still in doubt, and sent longer ago than SES remembers."""


class InsightsSearch:
    """Asks SES about runs' deliveries in doubt, one job at a time."""

    def __init__(
        self,
        database: Database,
        insights: MessageInsights,
        questions: InsightQuestions,
        clock: Clock,
        rules: EventRules,
    ) -> None:
        self._database = database
        self._asking = InsightsAsking(database, insights, questions, clock, rules)
        self._insights = insights
        self._questions = questions
        self._clock = clock

    def run(
        self, run_id: int, wanted: Callable[[DoubtfulDelivery], bool] | None = None
    ) -> SearchResult:
        """Ask about all that is in doubt in the run, or those of it that are ``wanted``.

        What a killed process has asked is read first.

        Raises:
            AccountError: SES refuses, or doesn't answer; the next search goes on.
            StateError: the run belongs to another account, which alone knows of its mails.
            StoppedError: as above.
        """
        if other := self._questions.other_account(run_id):
            raise StateError(
                f"The run was sent through {account_words(other)}, and this account knows nothing "
                "of its mails: change the account to ask there."
            )
        settle_by_events(self._database)
        before = self._questions.in_doubt(run_id)
        now = self._clock.now()
        asked: set[int] = set()
        sweep: InsightsSweep | None = None
        while True:
            question = self._questions.open_question()
            if question is not None:
                self._read(question)
                continue
            if sweep is not None and sweep.step():
                continue
            found = self._next(run_id, now, wanted)
            if not found:
                break
            if sweep is None:
                sweep = InsightsSweep(self._asking, run_id, found)
                continue
            asked.update(each.id for each in self._ask(run_id, found[:MOST_ADDRESSES]))
        if sweep is not None:
            asked |= sweep.asked
        left = {each.id: each for each in self._questions.in_doubt(run_id)}
        answered = {each.id for each in left.values() if each.asked_at is not None}
        settled = sum(each.id not in left for each in before)
        return SearchResult(
            asked=len(asked | answered),
            settled=settled,
            unrecorded=sum(each.is_unrecorded for each in left.values()),
            unclear=sum(each.unclear is not None for each in left.values()),
            too_old=sum(each.is_forgotten(now) for each in left.values()),
        )

    def run_due(self, grace_seconds: float, keeps_insights: Callable[[], bool]) -> int:
        """Ask about what has been in doubt for ``grace_seconds``, once, in every run.

        Returns how many were settled. ``keeps_insights`` says whether SES can be asked at all, and
        is called only where there is something to ask. Raises as :meth:`run`.
        """
        now = self._clock.now()
        due = self._questions.due(now, grace_seconds)
        if not due or not keeps_insights():
            return 0
        results = [self.run(run_id, lambda each: each.is_due(now, grace_seconds)) for run_id in due]
        return sum(each.settled for each in results)

    def _next(
        self,
        run_id: int,
        began: Instant,
        wanted: Callable[[DoubtfulDelivery], bool] | None,
    ) -> list[DoubtfulDelivery]:
        return [
            each
            for each in self._questions.in_doubt(run_id)
            if (each.asked_at is None or each.asked_at < began - _JUST_ASKED_SECONDS)
            and not each.is_elsewhere
            and wire_or_none(each.email)
            and not each.is_forgotten(began)
            and each.sent_at <= began  # the database's clock may be ahead
            and (wanted is None or wanted(each))
        ]

    def _ask(self, run_id: int, batch: Sequence[DoubtfulDelivery]) -> list[DoubtfulDelivery]:
        """Ask about as many as one job can be narrowed to; returns them."""
        now = self._clock.now()
        oldest = now - KEPT_SECONDS
        control = self._questions.control(run_id, batch[0].id, oldest + MARGIN_SECONDS)
        wires = _spellings([control.email] if control is not None else [])
        asked: list[DoubtfulDelivery] = []
        for each in batch:
            more = wires | _spellings([each.email])
            if len(more) > MOST_ADDRESSES:
                break
            wires = more
            asked.append(each)
        sent = [each.sent_at for each in asked] + ([control.sent_at] if control else [])
        # To now: a process that was suspended sends long after it has claimed.
        since, until = max(min(sent) - MARGIN_SECONDS, oldest), now
        ids = tuple(each.id for each in asked)
        question = Question(run_id, ids, since, until, at=now)
        if control is not None:
            question = replace(question, control=control.message_id, control_id=control.id)
        if not self._asking.ask(
            question, lambda: self._insights.create(sorted(wires), since, until)
        ):
            return []
        return asked

    def _read(self, question: Question) -> None:
        """Wait for the open job, apply its result and close it."""
        result = self._asking.result(question)
        if result is None:
            return
        if question.delivery_ids:
            self._questions.answered(question, self._unclear(question, result))
            return
        # A killed process's sweep: what is proven counts, the rest is asked again.
        self._asking.page(question, result, self._questions.in_doubt(question.run_id))
        self._questions.drop(question)

    def _unclear(self, question: Question, result: JobResult) -> dict[int, Unclear]:
        """Apply the mails that name a delivery; returns those for which the rest proves nothing."""
        keys = keys_of(self._of(question))
        found = self._asking.evidence(question, result.mails, keys)
        is_covered = (
            any(each.message_id == question.control for each in result.mails)
            if question.control
            else found.is_of_run
        )
        if result.is_whole and is_covered:
            return found.unclear
        why = Unclear.NO_CONTROL if result.is_whole else Unclear.CUT_OFF
        return dict.fromkeys(keys, why) | found.unclear

    def _of(self, question: Question) -> list[DoubtfulDelivery]:
        asked = set(question.delivery_ids)
        return [each for each in self._questions.in_doubt(question.run_id) if each.id in asked]


def _spellings(emails: Iterable[str]) -> set[str]:
    """The addresses as sent and in lower case: SES's filter tells them apart."""
    wires = {wire for each in emails if (wire := wire_or_none(each))}
    return wires | {each.lower() for each in wires}
