"""Check the mails of large runs beside the sending, always ahead of it."""

import logging
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Protocol

from sestui.core import threads
from sestui.core.clock import Clock
from sestui.core.delivery.states import PauseReason
from sestui.errors import (
    ContentError,
    SestuiError,
    StateError,
    StoppedError,
    StorageError,
    unforeseen,
)
from sestui.store.contacts.audiences import Audiences
from sestui.store.db.tables import Run
from sestui.store.runs.check_queue import CheckQueue
from sestui.store.runs.new_runs import sent_fields
from sestui.store.runs.runs import Runs

if TYPE_CHECKING:
    from sestui.compose.render_check import CheckReport
    from sestui.compose.run_check import RunCheck

_LOOK_SECONDS = 0.5
"""Between two looks for runs with something to check."""
_TROUBLE_SECONDS = 5.0
_JOIN_SECONDS = 5.0
_AHEAD_SECONDS = 5.0
"""So many seconds of sending are checked in a hurry; beyond, what the machine has room for."""
_TRIES = 3
"""A part that fails so often in succession pauses its run; of other runs, nothing is held up."""
_RESTS = 4.0
"""As many times as long as it works it rests there: the sender needs the processor, too."""

_log = logging.getLogger(__name__)


class Pressed(Protocol):
    """The engine beside the checks."""

    @property
    def behind(self) -> bool:
        """Whether the machine rather than the rate limits sending."""

    @property
    def rate(self) -> float:
        """Recipients a second that may be sent; 0: not known yet."""


class AheadChecker:
    """Makes deliveries of the recipients of large runs, after rendering their mails.

    It renders what the sender is going to render, outside of any transaction.
    """

    def __init__(
        self,
        queue: CheckQueue,
        audiences: Audiences,
        runs: Runs,
        *,
        check: Callable[[Run], "RunCheck"],
        serves: Callable[[Run], bool],
        engine: Pressed,
        clock: Clock,
        stop: threading.Event,
    ) -> None:
        """``check`` compiles what a run sends, ``serves`` tells whether this process sends it."""
        self._queue = queue
        self._audiences = audiences
        self._runs = runs
        self._check = check
        self._serves = serves
        self._engine = engine
        self._clock = clock
        self._stop = stop
        self._checks: dict[int, tuple[object, RunCheck]] = {}
        """By run: what it sends, and its check."""
        self._worked_since = 0.0
        self._last = 0
        """The run checked last."""
        self._failures: Counter[int] = Counter()
        """By run: how often in succession its next part has failed."""

    def step(self) -> bool:
        """Check the next of the first run that needs it; False: there is nothing to do now.

        Raises:
            StoppedError: it was asked to stop; SestuiError: it can't.
        """
        found = self._queue.runs()
        for run, hurries in self._in_turn(list(filter(self._serves, found))):
            if self._queue.take(run):
                self._last = run.id
                self._try_step(run, hurries=hurries)
                return True
        if not found:
            self._checks.clear()
        return False

    def _in_turn(self, runs: Sequence[Run]) -> Iterator[tuple[Run, bool]]:
        """Those to be checked in a hurry by turns, then the others if there is room for them."""
        ahead = _AHEAD_SECONDS * self._engine.rate
        hurried = [run for run in runs if run.pending - run.unchecked <= ahead]
        for run in sorted(hurried, key=lambda run: (run.id <= self._last, run.id)):
            yield run, True
        if not self._engine.behind:
            for run in runs:
                if run not in hurried:
                    yield run, False

    def _try_step(self, run: Run, *, hurries: bool) -> None:
        try:
            self._step(run, hurries=hurries)
        except (StoppedError, StorageError):
            raise
        except Exception as error:  # logged by the caller; other runs go on
            self._failures[run.id] += 1
            if self._failures[run.id] >= _TRIES:
                del self._failures[run.id]
                if not isinstance(error, SestuiError):
                    after = "fix that and resume, which tries again."
                    error = unforeseen("Its mails can't be checked", error, after)
                self._pause(run, str(error))
            raise
        self._failures.pop(run.id, None)

    def _step(self, run: Run, *, hurries: bool) -> None:
        self._worked_since = self._clock.monotonic()
        unchecked = self._queue.next(run.id)
        members = self._audiences.members(unchecked.contact_ids)
        try:
            report = self._check_of(run).report(members, lambda: self._rest(hurries=hurries))
        except ContentError as error:  # not of one recipient, but of the message
            self._pause(run, str(error))
            return
        entered = self._queue.enter(run, unchecked, report.unrenderable)
        if entered and not report.ok and not run.skip_unrenderable:
            self._pause(run, _sentence(run, report, len(unchecked.contact_ids)))
        self._rest(hurries=hurries)

    def _check_of(self, run: Run) -> "RunCheck":
        sent = sent_fields(run)
        known = self._checks.get(run.id)
        if known is None or known[0] != sent:
            known = self._checks[run.id] = sent, self._check(run)
        return known[1]

    def _rest(self, *, hurries: bool) -> None:
        now = self._clock.monotonic()
        if not hurries:
            self._clock.wait(self._stop, _RESTS * (now - self._worked_since))
        if self._stop.is_set():
            raise StoppedError("The check of mails has been stopped.")
        self._worked_since = self._clock.monotonic()

    def _pause(self, run: Run, sentence: str) -> None:
        with suppress(StateError):  # it has ended, or is paused for another reason
            self._runs.pause(run.id, PauseReason.ERRORS, sentence, at=self._clock.now())


def _sentence(run: Run, report: "CheckReport", looked_at: int) -> str:
    left = run.unchecked - looked_at
    rest = f" The mails of {left:,} more are checked then." if left > 0 else ""
    return (
        f"{report.sentence()} Fix the message or the contacts and resume, or resume and skip them."
        f"{rest}"
    )


@contextmanager
def checking_ahead(
    checker: Callable[[threading.Event], AheadChecker], clock: Clock
) -> Iterator[None]:
    """Check in a thread while the block lasts."""
    stop = threading.Event()
    thread = threading.Thread(
        target=_work, args=(checker(stop), clock, stop), name="sestui-checks", daemon=True
    )
    threads.start(thread, clock)
    try:
        yield
    finally:
        stop.set()
        thread.join(_JOIN_SECONDS)


def _work(checker: AheadChecker, clock: Clock, stop: threading.Event) -> None:
    while not stop.is_set():
        try:
            if not checker.step():
                clock.wait(stop, _LOOK_SECONDS)
        except StoppedError:
            return
        except SestuiError as error:
            _log.warning("Mails can't be checked ahead of the sending: %s", error)
            clock.wait(stop, _TROUBLE_SECONDS)
        except Exception:  # noqa: BLE001 - what has been checked is sent without
            _log.exception("Mails can't be checked ahead of the sending.")
            clock.wait(stop, _TROUBLE_SECONDS)
