"""The runs as the engine serves them, over the store."""

from collections.abc import Callable, Sequence

from sestui.core.clock import Clock, Instant
from sestui.core.delivery.pacing import DAY_SECONDS, Quota
from sestui.core.delivery.send_window import parse_window
from sestui.core.delivery.states import PauseReason, RunState, WaitReason
from sestui.core.schedule.zones import zone_named
from sestui.errors import StateError
from sestui.sending.engine.ports import MailComposer
from sestui.store.db.tables import Run
from sestui.store.runs.runs import Runs

_FIRST_TRY_SECONDS = 60.0
_BLIND_TRY_SECONDS = 900.0
"""Where the used quota is other services', nobody can tell when it frees: look this often."""

_SLACK_SECONDS = 60.0
"""By so much a wall clock may be corrected without anybody's notice."""


class RunQueue:
    """Runs that this process serves: all of them, or ``only`` one.

    ``compose`` makes the composer of a run, ``quota`` is the quota as last seen, ``local`` says an
    instant as the operator reads it, and ``timezone`` is the zone of windows that name none.
    ``announce`` puts the notices of runs that have finished among the runs.
    """

    def __init__(
        self,
        runs: Runs,
        *,
        compose: Callable[[Run], MailComposer],
        quota: Callable[[], Quota | None],
        local: Callable[[Instant], str],
        announce: Callable[[], object],
        clock: Clock,
        timezone: str = "",
        only: int | None = None,
    ) -> None:
        self._runs = runs
        self._compose = compose
        self._quota = quota
        self._local = local
        self._announce = announce
        self._clock = clock
        self._timezone = timezone
        self._only = only

    def refresh(self) -> None:
        """Let each run be in the state that this moment asks for; announce those that have ended.

        Those whose waiting is over wake up, those whose send window has closed wait for the next.
        """
        now = self._clock.now()
        self._announce()
        for run in self._served(RunState.SENDING, RunState.WAITING):
            opens_at = self._opens_at(run, now)
            if run.state == RunState.WAITING:
                if opens_at <= now and _waited_enough(run, now):
                    self._runs.wake(run.id)
            elif opens_at > now:
                closed = (
                    f"Its send window ({run.send_window}) is closed; it continues "
                    f"{self._local(opens_at)}."
                )
                self._runs.wait(run.id, WaitReason.WINDOW, closed, opens_at)

    def runnable(self) -> Sequence[Run]:
        """Runs that are sending and whose send windows are open, higher priority first."""
        now = self._clock.now()
        return [run for run in self._served(RunState.SENDING) if self._opens_at(run, now) <= now]

    def _served(self, *states: RunState) -> Sequence[Run]:
        return [run for run in self._runs.in_states(states) if self._serves(run)]

    def _opens_at(self, run: Run, now: Instant) -> Instant:
        if not run.send_window:
            return now
        zone = zone_named(run.timezone or self._timezone)
        return parse_window(run.send_window).opens_at(now, zone)

    def composer(self, run_id: int) -> MailComposer:
        """The run's message, compiled."""
        return self._compose(self._runs.get(run_id))

    def pause(self, run_id: int, reason: PauseReason, detail: str) -> None:
        """Hold the run for the operator, unless it has ended or was paused meanwhile."""
        try:
            self._runs.pause(run_id, reason, detail)
        except StateError:
            return

    def skip_unmade(self, run_id: int) -> None:
        """Leave out of the run those for whom no mail could be made."""
        self._runs.skip_unmade(run_id, self._clock.now())

    def wait_for_account(self, run_ids: Sequence[int], detail: str) -> None:
        """Let these runs wait until the account answers; whoever asks it next wakes them."""
        resume_at = self._clock.now() + _FIRST_TRY_SECONDS
        for run_id in run_ids:
            self._runs.wait(run_id, WaitReason.ACCOUNT, detail, resume_at)

    def account_answered(self) -> None:
        """Wake the runs that wait for the account."""
        for run in self._served(RunState.WAITING):
            if run.reason == WaitReason.ACCOUNT:
                self._runs.wake(run.id)

    def _serves(self, run: Run) -> bool:
        return self._only is None or self._only in {run.id, run.notice_of}

    def wait_for_quota(self, run_ids: Sequence[int], *, refused_by_ses: bool) -> None:
        """Let these runs wait until the rolling quota is expected to have room, if it has none.

        ``refused_by_ses``: SES refused a mail for it, whatever the account says of its quota.
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
            self._runs.wait(run_id, WaitReason.QUOTA, detail, resume_at)


def _waited_enough(run: Run, now: Instant) -> bool:
    """Whether it is worth asking again what the run waits for.

    A wait is as long as a day at most: what was told for later was told before the wall clock was
    set back. A window is asked itself, whatever was told.
    """
    if run.reason == WaitReason.WINDOW:
        return True
    if run.reason == WaitReason.ACCOUNT:
        return False  # asking the account is its own business, see account_answered
    return run.resume_at is not None and not (
        now < run.resume_at <= now + DAY_SECONDS + _SLACK_SECONDS
    )
