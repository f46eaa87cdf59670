"""The queue of runs that the engine serves, on top of the store."""

from collections.abc import Callable, Sequence

from sestui.core.clock import Clock, Instant
from sestui.core.delivery.pacing import DAY_SECONDS, Quota
from sestui.core.delivery.send_window import parse_window
from sestui.core.delivery.states import PauseReason, RunState, WaitReason
from sestui.core.delivery.waits import is_to_come
from sestui.core.schedule.zones import zone_named
from sestui.errors import StateError
from sestui.sending.engine.ports import MailComposer
from sestui.sending.runs.account_guard import AccountGuard
from sestui.sending.runs.split_tests import SplitTests
from sestui.sending.runs.waking import wake
from sestui.store.db.tables import Run
from sestui.store.ledger.local_times import LocalTimes
from sestui.store.runs.runs import Runs

_FIRST_TRY_SECONDS = 60.0
_BLIND_TRY_SECONDS = 900.0
"""Retry interval when other services used the quota, so that its release is unknown."""

_SOON_SECONDS = 60.0
"""For what comes sooner than this a run goes on, rather than wait."""


class RunQueue:
    """The runs that this process serves: all, or ``only`` one.

    ``compose`` makes a run's composer, ``quota`` returns the last known quota, ``local`` formats an
    instant for the operator, and ``timezone`` is the default zone of send windows. ``announce``
    adds notices of finished runs to the runs. ``guard`` keeps out runs of other accounts, and
    ``split_tests`` holds those that wait for a winner.
    """

    def __init__(
        self,
        runs: Runs,
        *,
        compose: Callable[[Run], MailComposer],
        quota: Callable[[], Quota | None],
        local: Callable[[Instant], str],
        announce: Callable[[], object],
        guard: AccountGuard,
        local_times: LocalTimes,
        split_tests: SplitTests,
        clock: Clock,
        timezone: str = "",
        only: int | None = None,
    ) -> None:
        self._runs = runs
        self._compose = compose
        self._quota = quota
        self._local = local
        self._announce = announce
        self._guard = guard
        self._local_times = local_times
        self._split_tests = split_tests
        self._clock = clock
        self._timezone = timezone
        self._only = only

    def refresh(self) -> None:
        """Wake runs that have waited long enough; let those wait whose window is closed, or whose
        recipients' local time is to come.

        Finished runs are announced, and runs of another account paused.
        """
        now = self._clock.now()
        self._announce()
        found = self._served(RunState.SENDING, RunState.WAITING)
        self._guard.hold(found)
        for run in filter(self._guard.may_send, found):
            if self._split_tests.holds(run):
                continue
            opens_at = self._opens_at(run, now)
            if run.state == RunState.WAITING:
                if opens_at <= now and self._waited_enough(run, now):
                    wake(self._runs, run.id)
            elif opens_at > now:
                closed = (
                    f"Its send window ({run.send_window}) is closed; it continues "
                    f"{self._local(opens_at)}."
                )
                self._runs.wait(run.id, WaitReason.WINDOW, closed, opens_at, at=now)
            elif run.due_time:
                self._wait_for_local_time(run, now)

    def runnable(self) -> Sequence[Run]:
        """Sending runs whose windows are open, highest priority first."""
        now = self._clock.now()
        return [
            run
            for run in self._served(RunState.SENDING)
            if self._opens_at(run, now) <= now and self._guard.may_send(run)
        ]

    def _served(self, *states: RunState) -> Sequence[Run]:
        return [run for run in self._runs.in_states(states) if self._serves(run)]

    def _opens_at(self, run: Run, now: Instant) -> Instant:
        if not run.send_window:
            return now
        zone = zone_named(run.timezone or self._timezone)
        return parse_window(run.send_window).opens_at(now, zone)

    def _waited_enough(self, run: Run, now: Instant) -> bool:
        """Whether to check again what the run waits for; a send window is checked in any case."""
        if run.reason == WaitReason.WINDOW:
            return True
        if run.reason == WaitReason.ACCOUNT:
            return False  # see account_answered
        if run.reason == WaitReason.LOCAL_TIME:
            due_at = self._local_times.first(run.id, now)
            return due_at is None or due_at <= now or not is_to_come(run.resume_at, now)
        return run.resume_at is not None and not is_to_come(run.resume_at, now)

    def _wait_for_local_time(self, run: Run, now: Instant) -> None:
        """Let the run wait if nobody's local time has come or is about to."""
        due_at = self._local_times.first(run.id, now)
        if run.sending or due_at is None or due_at <= now + _SOON_SECONDS:
            return
        early = (
            f"It is sent at {run.due_time.split()[0]} of each recipient's own time; that comes "
            f"next {self._local(due_at)}."
        )
        # A day at most, beyond which no wait is believed.
        resume_at = min(due_at, now + DAY_SECONDS)
        self._runs.wait(run.id, WaitReason.LOCAL_TIME, early, resume_at, at=now)

    def composer(self, run_id: int) -> MailComposer:
        """The run's composer."""
        return self._compose(self._runs.get(run_id))

    def pause(self, run_id: int, reason: PauseReason, detail: str) -> None:
        """Pause the run, unless it has ended or was paused meanwhile."""
        try:
            self._runs.pause(run_id, reason, detail, at=self._clock.now())
        except StateError:
            return

    def skip_unmade(self, run_id: int) -> None:
        """Skip the run's recipients whose mail can't be rendered."""
        self._runs.skip_unmade(run_id, self._clock.now())

    def wait_for_account(self, run_ids: Sequence[int], detail: str) -> None:
        """Let runs wait until the account answers."""
        now = self._clock.now()
        for run_id in run_ids:
            self._runs.wait(run_id, WaitReason.ACCOUNT, detail, now + _FIRST_TRY_SECONDS, at=now)

    def account_answered(self) -> None:
        """Wake runs that wait for the account."""
        for run in self._served(RunState.WAITING):
            if run.reason == WaitReason.ACCOUNT and self._guard.may_send(run):
                wake(self._runs, run.id)

    def _serves(self, run: Run) -> bool:
        return self._only is None or self._only in {run.id, run.notice_of}

    def wait_for_quota(self, run_ids: Sequence[int], *, refused_by_ses: bool) -> None:
        """If the rolling quota has no room, let runs wait until it is expected to.

        ``refused_by_ses``: SES refused a mail because of it, so they wait in any case.
        """
        quota = self._quota()
        has_room = quota is None or quota.left is None or quota.left > 0
        if has_room and not refused_by_ses:
            return
        now = self._clock.now()
        frees_at = None if has_room else self._runs.quota_frees_at(now)
        resume_at = max(frees_at or now + _BLIND_TRY_SECONDS, now + _FIRST_TRY_SECONDS)
        resume_at = min(resume_at, now + DAY_SECONDS)
        used = "SES says that its 24-hour quota is used up"
        if quota is not None and not has_room:
            used = (
                f"{quota.used:,.0f} of the {quota.limit:,.0f} mails that sestui allows itself in "
                "24 hours are used"
            )
        detail = f"{used}; it expects to continue {self._local(resume_at)}."
        for run_id in run_ids:
            self._runs.wait(run_id, WaitReason.QUOTA, detail, resume_at, at=now)
