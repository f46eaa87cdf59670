"""One job at a time over SES's message insights, and what its answer says of what is in doubt."""

import json
import logging
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

from sestui.core.clock import Clock, iso
from sestui.core.contact.address_check import address_key
from sestui.core.content.addresses import wire_address
from sestui.errors import AccountError, ContentError, SestuiError
from sestui.feedback.puller import new_event
from sestui.ses.message_insights import (
    ExportedMail,
    ExportJob,
    JobResult,
    JobState,
    MessageInsights,
    SentMail,
)
from sestui.ses_api.events import PROBE_TAG, EventFormatError
from sestui.store.db.database import Database
from sestui.store.events.apply import EventRules, NewEvent, apply_events
from sestui.store.ledger.doubtful import DoubtfulDelivery, Unclear
from sestui.store.ledger.insight_questions import InsightQuestions, Question

_log = logging.getLogger(__name__)

_POLL_SECONDS = 2.0
_PATIENCE_SECONDS = 600.0
"""For so long a search waits for its job; the next one goes on waiting."""
_STARTING_SECONDS = 60.0
"""A question without a job for longer is a killed process's."""

Keys = Mapping[int, Collection[str]]
"""Deliveries' ids, and the keys under which SES may list their addresses."""


@dataclass(slots=True)
class Evidence:
    """What an answer says, beyond what it has settled."""

    unclear: dict[int, Unclear] = field(default_factory=dict)
    """For these the rest of it proves nothing, and why."""
    is_of_run: bool = False
    """Whether any mail named a delivery of the run."""


class InsightsAsking:
    """Opens questions, waits for their jobs, and applies the mails that name a delivery."""

    def __init__(
        self,
        database: Database,
        insights: MessageInsights,
        questions: InsightQuestions,
        clock: Clock,
        rules: EventRules,
    ) -> None:
        self._database = database
        self.insights = insights
        self.questions = questions
        self.clock = clock
        self._rules = rules

    def ask(self, question: Question, create: Callable[[], str]) -> Question | None:
        """Open the question and its job; None: another process was quicker, and is read first."""
        if not self.questions.open(question):
            return None
        try:
            job_id = create()
        except SestuiError:
            self.questions.drop(question)
            raise
        asked = replace(question, job_id=job_id)
        self.questions.started(asked)
        return asked

    def result(self, question: Question) -> JobResult | None:
        """Wait for its job; None: there is none, or none any more, and the question is closed
        unless somebody may be about to start it.

        Raises:
            AccountError: SES refuses, hasn't done it yet, or has failed to.
            StoppedError: it was stopped.
        """
        if not question.job_id:
            if self.clock.now() - question.at > _STARTING_SECONDS:
                self.questions.drop(question)
            else:
                self.insights.wait(_POLL_SECONDS)
            return None
        job = self._finished(question)
        if job.state is JobState.DONE:
            return self.insights.result(job)
        self.questions.drop(question)
        if job.state is JobState.FAILED:
            raise AccountError(f"SES's search of its records has failed: {job.failure}.")
        return None

    def _finished(self, question: Question) -> ExportJob:
        ends_at = self.clock.monotonic() + _PATIENCE_SECONDS
        while (job := self.insights.job(question.job_id)).state is JobState.OPEN:
            if self.clock.monotonic() >= ends_at:
                raise AccountError(
                    "SES is still searching its records; try again later, and it goes on there."
                )
            self.insights.wait(_POLL_SECONDS)
        return job

    def evidence(self, question: Question, mails: Iterable[ExportedMail], keys: Keys) -> Evidence:
        """Apply those of the mails that name a delivery.

        What SES lists and doesn't identify may be the mail of any delivery to that address.
        """
        mails = list(mails)
        found = Evidence()
        known = self.questions.known_mails(question, [each.message_id for each in mails])
        for listed in mails:
            if listed.message_id in known:
                continue
            mail = self.insights.mail(listed.message_id) if listed.message_id else None
            if mail is not None and PROBE_TAG in mail.tags:
                continue
            event = _send_event(mail) if mail is not None else None
            if event is not None and event.run_id and event.delivery_id:
                self._apply(event)
                if event.run_id == question.run_id:  # if it is settled, this no longer counts
                    found.unclear[event.delivery_id] = Unclear.NO_DETAILS
                    found.is_of_run = True
                continue
            to = {address_key(each) for each in listed.destinations}
            to |= set(event.recipients) if event is not None else set()
            why = Unclear.NO_DETAILS if event is None else Unclear.NO_TAGS
            found.unclear |= {each: why for each in keys if not to or not to.isdisjoint(keys[each])}
        return found

    def page(
        self, question: Question, result: JobResult, doubts: Collection[DoubtfulDelivery]
    ) -> Evidence:
        """As :meth:`evidence`, of those mails only that may be the doubts'."""
        keys = keys_of(doubts)
        wanted: dict[str, list[int]] = {}
        for delivery_id, spelled in keys.items():
            for key in spelled:
                wanted.setdefault(key, []).append(delivery_id)
        mails = {
            each: {address_key(to) for to in each.destinations} & wanted.keys()
            for each in result.mails
            if each.message_id
        }
        meant = {each for found in mails.values() for key in found for each in wanted[key]}
        return self.evidence(
            replace(question, delivery_ids=tuple(sorted(meant))),
            [mail for mail, found in mails.items() if found],
            {each: keys[each] for each in meant},
        )

    def _apply(self, event: NewEvent) -> None:
        applied = apply_events(self._database, [event], self.clock.now(), self._rules)
        if applied.settled:
            _log.info("A delivery in doubt was accepted, as SES's message insights know it.")


def keys_of(doubts: Iterable[DoubtfulDelivery]) -> dict[int, set[str]]:
    """The keys of their addresses, as we write them and as they are sent."""
    return {
        each.id: {address_key(each.email), address_key(wire_or_none(each.email) or each.email)}
        for each in doubts
    }


def wire_or_none(email: str) -> str:
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
