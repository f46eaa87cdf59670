"""Settle what is in doubt by what SES's message insights know.

A mail whose tags name the delivery proves that SES took it, and is applied as SES's own ``Send``
event would be. That SES knows no such mail proves nothing: it is noted when that was asked.
"""

import json
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from sestui.core.clock import Clock, Instant, iso
from sestui.core.contact.address_check import address_key
from sestui.core.content.addresses import wire_address
from sestui.core.delivery.account_key import account_words
from sestui.errors import AccountError, ContentError, SestuiError, StateError
from sestui.feedback.puller import new_event
from sestui.ses.message_insights import (
    MOST_ADDRESSES,
    ExportJob,
    JobResult,
    JobState,
    MessageInsights,
    SentMail,
)
from sestui.ses_api.events import PROBE_TAG, EventFormatError
from sestui.store.db.database import Database
from sestui.store.events.apply import EventRules, NewEvent, apply_events, settle_by_events
from sestui.store.ledger.doubtful import KEPT_SECONDS, MARGIN_SECONDS, DoubtfulDelivery, Unclear
from sestui.store.ledger.insight_questions import InsightQuestions, Question

_log = logging.getLogger(__name__)

_JUST_ASKED_SECONDS = 300.0
"""Whoever was asked about so recently is not asked about again: a stopped search goes on."""
_POLL_SECONDS = 2.0
_PATIENCE_SECONDS = 600.0
"""For so long a search waits for its job; the next one goes on waiting."""
_STARTING_SECONDS = 60.0
"""A question without a job for longer is a killed process's."""


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
        self._insights = insights
        self._questions = questions
        self._clock = clock
        self._rules = rules

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
        while True:
            question = self._questions.open_question()
            if question is not None:
                self._read(question)
                continue
            batch = self._next(run_id, now, wanted)
            if not batch:
                break
            asked.update(each.id for each in self._ask(run_id, batch))
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
        found = [
            each
            for each in self._questions.in_doubt(run_id)
            if (each.asked_at is None or each.asked_at < began - _JUST_ASKED_SECONDS)
            and not each.is_elsewhere
            and _wire(each.email)
            and not each.is_forgotten(began)
            and (wanted is None or wanted(each))
        ]
        return found[:MOST_ADDRESSES]

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
        if not self._questions.open(question):
            return []  # another process was quicker: its job is read first
        try:
            job_id = self._insights.create(sorted(wires), since, until)
        except SestuiError:
            self._questions.drop(question)
            raise
        self._questions.started(replace(question, job_id=job_id))
        return asked

    def _read(self, question: Question) -> None:
        """Wait for the open job, apply its result and close it."""
        if not question.job_id:
            if self._clock.now() - question.at > _STARTING_SECONDS:
                self._questions.drop(question)
            else:
                self._insights.wait(_POLL_SECONDS)
            return
        job = self._finished(question)
        if job.state is JobState.DONE:
            self._questions.answered(question, self._unclear(question, self._insights.result(job)))
            return
        self._questions.drop(question)
        if job.state is JobState.FAILED:
            raise AccountError(f"SES's search of its records has failed: {job.failure}.")

    def _finished(self, question: Question) -> ExportJob:
        ends_at = self._clock.monotonic() + _PATIENCE_SECONDS
        while (job := self._insights.job(question.job_id)).state is JobState.OPEN:
            if self._clock.monotonic() >= ends_at:
                raise AccountError(
                    "SES is still searching its records; try again later, and it goes on there."
                )
            self._insights.wait(_POLL_SECONDS)
        return job

    def _unclear(self, question: Question, result: JobResult) -> dict[int, Unclear]:
        """Apply the mails that name a delivery; returns those for which the rest proves nothing.

        What SES lists and doesn't identify may be the mail of any delivery to that address.
        """
        keys = {each.id: address_key(each.email) for each in self._of(question)}
        listed_ids = [each.message_id for each in result.mails]
        found: dict[int, Unclear] = {}
        known = self._questions.known_mails(question, listed_ids)
        is_covered = question.control in listed_ids if question.control else False
        for listed in result.mails:
            if listed.message_id in known:
                continue
            mail = self._insights.mail(listed.message_id) if listed.message_id else None
            if mail is not None and PROBE_TAG in mail.tags:
                continue
            event = _send_event(mail) if mail is not None else None
            if event is not None and event.run_id and event.delivery_id:
                self._apply(event)
                if event.run_id == question.run_id:  # if it is settled, this no longer counts
                    found[event.delivery_id] = Unclear.NO_DETAILS
                    is_covered = is_covered or not question.control
                continue
            to = {address_key(each) for each in listed.destinations}
            to |= set(event.recipients) if event is not None else set()
            why = Unclear.NO_DETAILS if event is None else Unclear.NO_TAGS
            found |= {each: why for each, key in keys.items() if not to or key in to}
        if not result.is_whole or not is_covered:
            why = Unclear.CUT_OFF if not result.is_whole else Unclear.NO_CONTROL
            found = dict.fromkeys(keys, why) | found
        return found

    def _of(self, question: Question) -> list[DoubtfulDelivery]:
        asked = set(question.delivery_ids)
        return [each for each in self._questions.in_doubt(question.run_id) if each.id in asked]

    def _apply(self, event: NewEvent) -> None:
        applied = apply_events(self._database, [event], self._clock.now(), self._rules)
        if applied.settled:
            _log.info("A delivery in doubt was accepted, as SES's message insights know it.")


def _spellings(emails: Iterable[str]) -> set[str]:
    """The addresses as sent and in lower case: SES's filter tells them apart."""
    wires = {wire for each in emails if (wire := _wire(each))}
    return wires | {each.lower() for each in wires}


def _wire(email: str) -> str:
    """The address as it is sent; '' if it is none, as of an erased contact."""
    try:
        return wire_address(email)
    except ContentError:
        return ""


def _send_event(mail: SentMail) -> NewEvent | None:
    """The ``Send`` event of the mail, as SES publishes it; None if it can't be made of that."""
    body = {
        "eventType": "Send",
        "mail": {
            "timestamp": iso(mail.sent_at),
            "messageId": mail.message_id,
            "source": mail.sender,
            "destination": list(mail.destinations),
            "tags": {name: [value] for name, value in mail.tags.items()},
        },
        "send": {},
    }
    try:
        return new_event(json.dumps(body))
    except EventFormatError:
        return None
