"""Search all of a run's mail in SES's records for what is in doubt, a time after another.

A job that is narrowed to addresses takes five; one over a time takes 10,000 mails. So many in doubt
are looked for among all mails of the run's sender: first where they are likely, then, if any are
left, from a day before the first to now. Only when each of these times was answered whole, and the
mails that SES is known to have taken were among them, does SES count as asked about the rest.
Whenever asking for addresses would take fewer jobs, the sweep ends, and leaves them to it.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from math import ceil, floor

from sestui.core.clock import Instant
from sestui.core.contact.address_check import address_key
from sestui.core.content.addresses import mailbox, wire_address
from sestui.errors import ContentError
from sestui.feedback.insights_asking import InsightsAsking
from sestui.feedback.insights_pages import TICK_MAILS, TimePage, gaps, pages_around
from sestui.ses.message_insights import MOST_ADDRESSES, JobResult
from sestui.store.ledger.doubtful import KEPT_SECONDS, MARGIN_SECONDS, DoubtfulDelivery, Unclear
from sestui.store.ledger.insight_questions import ControlMail, Question

_FEW_JOBS = 3
"""So many jobs for addresses are never worth a sweep."""


class InsightsSweep:
    """One sweep; what a killed process has settled by it stays settled, and the next plans anew."""

    def __init__(
        self, asking: InsightsAsking, run_id: int, doubts: Sequence[DoubtfulDelivery]
    ) -> None:
        """Plan it for the run's ``doubts``."""
        self._asking = asking
        self._run_id = run_id
        self._began = asking.clock.now()
        doubts = [each for each in doubts if each.sent_at < self._began]
        self._ids = frozenset(each.id for each in doubts)
        self.asked: frozenset[int] = frozenset()
        """Those that it has asked about, as far as it has come."""
        self._is_over = False
        self._sender = _address_in(asking.questions.sender(run_id))
        self._unclear: dict[int, Unclear] = {}
        self._is_of_run = False
        self._budget = jobs_for(len(doubts))
        self._rest: Sequence[TimePage] = ()
        self._pages: deque[TimePage] = deque()
        self._controls: dict[str, ControlMail] = {}
        if self._sender and self._budget > _FEW_JOBS:
            self._plan(doubts)

    def _plan(self, doubts: Sequence[DoubtfulDelivery]) -> None:
        questions, oldest = self._asking.questions, self._began - KEPT_SECONDS
        times = [each.sent_at for each in doubts]
        ticks = questions.claim_times(self._run_id, TICK_MAILS)
        pages = pages_around(times, ticks, oldest, self._began)
        if len(pages) >= self._budget:
            return
        self._controls = self._controls_of(pages, doubts, oldest)
        if not self._controls:
            return
        first = min(times + [each.sent_at for each in self._controls.values()])
        since = max(float(floor(first - MARGIN_SECONDS)), float(ceil(oldest)))
        self._pages.extend(pages)
        self._rest = gaps(pages, since, self._began)

    def _controls_of(
        self, pages: Sequence[TimePage], doubts: Sequence[DoubtfulDelivery], oldest: Instant
    ) -> dict[str, ControlMail]:
        """A mail before the first in doubt of each page, by message id; none if any page has none.

        An older one, as the sender may have been changed since: then it isn't found under the
        sender that is searched for.
        """
        found: dict[str, ControlMail] = {}
        for page in pages:
            first = next((each for each in doubts if page.since <= each.sent_at), doubts[0])
            control = self._asking.questions.earlier_control(
                self._run_id, first, oldest + MARGIN_SECONDS
            )
            if control is None:
                return {}
            found[control.message_id] = control
        return found

    def step(self) -> bool:
        """Ask about one time, if that is worth it; False: the sweep is over.

        Raises:
            AccountError, StoppedError: as ``InsightsAsking.result``.
        """
        self._is_over = self._is_over or not self._step()
        return not self._is_over

    def _step(self) -> bool:
        left = self._left()
        if not left:
            return False
        if not self._pages:
            self._pages, self._rest = deque(self._rest), ()
        if not self._pages:
            self._conclude(left)
            return False
        if len(self._pages) >= min(self._budget, jobs_for(len(left))):
            return False
        page = self._pages.popleft()
        question = Question(self._run_id, (), page.since, page.until, self._asking.clock.now())
        asked = self._asking.ask(
            question,
            lambda: self._asking.insights.create_for_sender(self._sender, page.since, page.until),
        )
        result = None if asked is None else self._asking.result(asked)
        if asked is None or result is None:
            self._pages.appendleft(page)
            return True
        self._budget -= 1
        self.asked = self._ids
        is_usable = self._take(asked, result, left)
        self._asking.questions.drop(asked)
        if not is_usable or result.is_whole:
            return is_usable
        halves = page.halves() or ()
        self._pages.extendleft(reversed(halves))
        return bool(halves)

    def _take(
        self, question: Question, result: JobResult, left: Sequence[DoubtfulDelivery]
    ) -> bool:
        """Apply what the answer proves; False: it doesn't say whom its mails went to."""
        found = self._asking.page(question, result, left)
        self._unclear |= found.unclear
        self._is_of_run = self._is_of_run or found.is_of_run
        for each in result.mails:
            control = self._controls.get(each.message_id)
            if control is not None and address_key(control.email) in map(
                address_key, each.destinations
            ):
                del self._controls[each.message_id]
                self._is_of_run = True
        return all(each.message_id and each.destinations for each in result.mails)

    def _conclude(self, left: Sequence[DoubtfulDelivery]) -> None:
        """Note that SES was asked about what is left, if its records are complete."""
        if self._controls or not self._is_of_run:
            return
        question = Question(self._run_id, (), self._began, self._began, at=self._began)
        ids = tuple(each.id for each in left)
        self._asking.questions.answered(replace(question, delivery_ids=ids), self._unclear)

    def _left(self) -> list[DoubtfulDelivery]:
        found = self._asking.questions.in_doubt(self._run_id)
        return [each for each in found if each.id in self._ids]


def _address_in(sender: str) -> str:
    """The address as it is sent; '' if there is none."""
    try:
        return wire_address(mailbox(sender).address)
    except ContentError:
        return ""


def jobs_for(doubts: int) -> int:
    """How many jobs it takes to ask for so many addresses, and a known one in each."""
    return ceil(doubts / (MOST_ADDRESSES - 1))
