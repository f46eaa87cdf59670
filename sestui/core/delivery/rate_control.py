"""Adapt the rate to SES's throttling: AIMD by the share of throttled answers.

Either others use the account too (then sending slower helps), or SES refuses a share of the calls
at any rate (then it doesn't). Experiments find out which:

- Answers are counted in windows. If the throttled share is clearly above the tolerated one, a
  **trial** starts: the rate is cut to a little less than what was accepted.
- If the share falls as it would under a limit, the cut stays. If it doesn't change, the cut is
  reverted, and the share becomes the **background**, which is tolerated from then on. A changing
  limit may look the same, so a background is tested again from time to time.
- After every window within the tolerated share the rate is raised: slowly around the rate at which
  a limit was last found (the **ceiling**), faster and faster beyond it.

Only answers to calls claimed after a change of the rate count, by the instant of their claim on the
ledger's clock.

The state is one frozen value in the governor's row, which all processes share.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from sestui.core.clock import Instant
from sestui.core.delivery.throttled_share import OUTAGE, ShareWindow, Trial

_LONGEST_WINDOW_SECONDS = 15.0
_MOST_ANSWERS = 400
"""A window whose share may be chance is extended up to these limits."""

_TOLERATED = 0.02
"""Share above the background that is tolerated, as throttled mail only waits a second."""
_NOISE = 3.0
"""Standard deviations above the background at which a share is significant."""
_FEW = 40.0
"""Divided by the number of answers and added to it, as small samples are skewed."""
_DOUBT = 1.0
"""Standard deviations from which more answers are awaited."""

_HIGHEST_BACKGROUND = 0.7
"""The highest background; beyond it SES accepts almost nothing."""
_OVER = 0.1
"""An outage is over below this share (at a quarter of the rate or less)."""

_BIG = 0.1
"""A share that has risen by more than this needs two trials to count as background."""
_DECIDED = 4.5
"""Log odds at which a trial is decided."""
_TRIAL_SECONDS, _TRIAL_ANSWERS = 15.0, 600
"""The latest end of a trial; then the likelier cause wins."""

_CHECKED = 0.03
"""A background above this is tested again, by a cut of :data:`_CHECK_CUT`."""
_CHECK_CUT = 0.2
_CHECK_SECONDS, _CHECK_ANSWERS, _LONGEST_CHECK_SECONDS = 1.5, 100, 60.0
"""The first test comes after this (in answers at low rates), then intervals double."""
_MEMORY = 800
"""Number of answers that the background counts for, so that old values fade."""
_NO_BACKGROUND = 0.002
"""A smaller background counts as none."""

_SMALLEST_STEP, _LARGEST_STEP = 0.02, 0.5
"""Shares by which the rate is raised after a window: the first and the largest."""
_STEP_GROWS_NEAR, _STEP_GROWS = 1.4, 4.0
"""Growth of the steps, around the ceiling and beyond it."""
_CEILING_MAY_BE = 1.03
"""Margin of the ceiling, which is measured in only a second or two."""
_BUCKET_SECONDS = 1.0
"""Seconds' worth of the rate that SES allows to be saved up."""
_DEEPEST_CUT = 0.25
"""Smallest share of the rate that one cut leaves."""
_LEAST_MARGIN, _MOST_MARGIN = 0.02, 0.08
"""A cut goes below the accepted rate by the throttled share, within these limits."""
_FLOOR, _LOW_FLOOR, _LOW_RATE = 0.05, 0.1, 0.5
"""No cut goes below 5 % of the account's rate or, at low rates, half a mail a second or 10 %."""

_OPENS_AFTER = 3.0
"""Seconds after a change until a window opens even if nothing was accepted."""
_LONGEST_RAMP = 3.0
"""Seconds at most from the first answer after a change, which is the fastest, to the window."""
_IDLE_SECONDS = 10.0
"""Seconds (plus 5 slots) without an answer after which the counts are discarded."""
_RECOVERY_SECONDS = 300.0
"""Idle time in which a limit is gradually forgotten."""


@dataclass(frozen=True, slots=True)
class RateControl:
    """What is known of the rate that SES allows."""

    limit: float | None = None
    """Recipients a second; None for the account's rate."""
    background: float = 0.0
    """The share of answers that is throttled at any rate, and tolerated."""
    known_from: int = _MEMORY
    """Number of answers behind the background, at most :data:`_MEMORY`."""
    proven: float = 0.0
    """The background that a trial has confirmed; its maximum while there is a limit."""
    since: Instant = 0.0
    """When the rate last changed; only answers to calls claimed since then count."""
    window: ShareWindow = field(default_factory=ShareWindow)
    trial: Trial | None = None
    ceiling: float = 0.0
    """Recipients a second that were accepted when a cut was last confirmed."""
    credit: float = 0.0
    """Recipients that may have been saved up below the ceiling, which would hide a limit above
    it."""
    step: float = _SMALLEST_STEP
    """The share by which the rate is raised next."""
    checked_at: Instant = 0.0
    check_after: float = _CHECK_SECONDS
    """Seconds after ``checked_at`` until the background is tested again."""

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "RateControl":
        """The inverse of :meth:`as_dict`."""
        if not values:
            return _FRESH
        trial = values["trial"]
        nested = {
            "window": ShareWindow(**values["window"]),
            "trial": Trial(**trial) if trial else None,
        }
        return cls(**{**values, **nested})

    def as_dict(self) -> dict[str, Any]:
        """The state for JSON; empty for the initial state."""
        return asdict(self) if self != _FRESH else {}

    @property
    def is_quiet(self) -> bool:
        """Whether it is in its initial state, which accepted mail doesn't change."""
        return self == _FRESH

    def allowed(self, rate: float, now: Instant) -> float:
        """Recipients a second that may leave at ``now``; ``rate`` is the account's."""
        if rate <= 0:
            return 0.0
        limit = _as_of(self, rate, now).limit
        return rate if limit is None else limit

    def observe(
        self,
        accepted: Sequence[Instant],
        throttled: Sequence[Instant],
        *,
        rate: float,
        now: Instant,
    ) -> "RateControl":
        """The state after some answers; itself if they don't change anything.

        ``accepted`` and ``throttled`` hold each mail's instant of claim; ``rate`` is the account's.
        """
        if rate <= 0 or not (accepted or throttled) or (self.is_quiet and not throttled):
            return self
        control = _count(_as_of(self, rate, now), accepted, throttled, rate, now)
        trial = control.trial
        if trial is not None and (control.window.is_full or trial.is_over(control.window)):
            return _judge_trial(control, trial, rate, now)
        return _judge(control, rate, now) if control.window.is_full else control


_FRESH = RateControl()


def _as_of(control: RateControl, rate: float, now: Instant) -> RateControl:
    """The state at ``now``: reset if it is from the future, and fading while idle."""
    at = control.window.at
    known_at = control.since if at is None else max(control.since, at)
    if known_at > now + _IDLE_SECONDS:
        return _FRESH  # the wall clock was set back
    limit = control.limit
    idle = now - known_at - _idle_after(rate if limit is None else limit)
    if idle > 0 and control != _FRESH:
        if limit is not None:
            limit = rate - (rate - limit) * max(0.0, 1 - idle / _RECOVERY_SECONDS)
        control = replace(control, limit=limit, since=now, window=ShareWindow(), trial=None)
    if limit is not None and limit >= rate:
        control = replace(control, limit=None, since=now, window=ShareWindow(), trial=None)
    trial = control.trial
    if trial is not None and trial.limit is not None and trial.limit >= rate:
        control = replace(control, trial=replace(trial, limit=None))
    return control


def _idle_after(rate: float) -> float:
    return _IDLE_SECONDS + 5 / rate


def _count(
    control: RateControl,
    accepted: Sequence[Instant],
    throttled: Sequence[Instant],
    rate: float,
    now: Instant,
) -> RateControl:
    """Add answers to calls that were claimed at the current rate."""
    taken = sum(at >= control.since for at in accepted)
    refused = sum(at >= control.since for at in throttled)
    if not (taken or refused):
        return control
    window = control.window
    if window.at is None:
        # Refusals may be faster than acceptances, so the window opens at the first acceptance.
        if taken or now - control.since > _OPENS_AFTER:
            ramp = min(now - control.since, _LONGEST_RAMP) if control.since else 0.0
            return replace(control, window=ShareWindow(at=now + ramp))
        return control
    if now < window.at:
        return control
    pause = max(1.0, 5 / (rate if control.limit is None else control.limit))
    return replace(
        control,
        window=ShareWindow(
            window.accepted + taken,
            window.throttled + refused,
            window.seconds + min(max(0.0, now - window.at), pause),
            now,
        ),
    )


def _next_window(control: RateControl, now: Instant, **changes: Any) -> RateControl:
    """Keep the rate; the next window begins where this one ends."""
    return replace(control, window=ShareWindow(at=now), **changes)


def _change(control: RateControl, limit: float | None, now: Instant, **changes: Any) -> RateControl:
    """Change the rate; the next window opens when answers to its calls come."""
    return replace(control, limit=limit, since=now, window=ShareWindow(), **changes)


def _judge(control: RateControl, rate: float, now: Instant) -> RateControl:
    """After a full window without a trial: cut the rate, test the background, or raise the rate."""
    window, tolerated = control.window, control.background + _TOLERATED / 2
    z_score = window.z_score(tolerated, control.known_from)
    if window.share > control.background + _TOLERATED:
        if z_score > _NOISE + _FEW / window.answers:
            return _cut(control, rate, now)
        more = window.answers < _MOST_ANSWERS and window.seconds < _LONGEST_WINDOW_SECONDS
        if z_score > _DOUBT and more:
            return control  # it may be chance: wait for more answers
    if control.background > _CHECKED and now - control.checked_at >= control.check_after:
        share = control.background
        goodput = window.offered * (1 - share)
        trial = Trial(control.limit, share, goodput, control.known_from)
        return _cut_for_check(control, trial, rate, now)
    control = _update_background(control)
    if control.limit is not None:
        return _raise(control, control.limit, rate, now)
    if not window.throttled and not control.background:
        return _FRESH
    return _next_window(control, now)


def _update_background(control: RateControl) -> RateControl:
    """Update the background after a window that was not above it.

    Under a limit it doesn't rise above the confirmed share, as the limit throttles too.
    """
    window, before, known_from = control.window, control.background, control.known_from
    if window.z_score(before, known_from) < -_NOISE:
        return _lower_background(control, window.share)
    seen_in = known_from + window.answers
    share = (before * known_from + window.throttled) / seen_in
    if control.limit is not None:
        share = min(share, max(before, control.proven))
    share = min(share, _HIGHEST_BACKGROUND)
    return replace(
        control,
        background=share if share >= _NO_BACKGROUND else 0.0,
        known_from=min(_MEMORY, seen_in),
    )


def _lower_background(control: RateControl, share: float) -> RateControl:
    """Lower the background to the share of the counted window."""
    return replace(
        control,
        background=share,
        proven=min(control.proven, share),
        known_from=min(_MEMORY, control.window.answers),
    )


def _raise(control: RateControl, limit: float, rate: float, now: Instant) -> RateControl:
    """Raise the rate: at once to the ceiling, slowly around it, faster and faster beyond it."""
    saved = control.credit + (control.ceiling * _CEILING_MAY_BE - limit) * (now - control.since)
    credit = min(max(saved, 0.0), control.ceiling * _BUCKET_SECONDS)
    raised, step = limit * (1 + control.step), control.step
    if limit < control.ceiling:
        raised = control.ceiling
    else:
        step = min(_LARGEST_STEP, step * (_STEP_GROWS_NEAR if credit > 0 else _STEP_GROWS))
    return _change(control, raised if raised < rate else None, now, step=step, credit=credit)


def _cut(control: RateControl, rate: float, now: Instant) -> RateControl:
    """Start a trial at a little less than the accepted rate."""
    window = control.window
    before = control.trial.limit if control.trial else control.limit
    left = (1 - window.share) / (1 - control.background)
    margin = min(max(1 - left, _LEAST_MARGIN), _MOST_MARGIN)
    limit = _offered(control, rate) * max(left * (1 - margin), _DEEPEST_CUT)
    return _change(
        control,
        min(max(limit, _floor(rate)), rate),
        now,
        trial=Trial(before, window.share, window.goodput, window.answers),
        step=_SMALLEST_STEP,
        credit=0.0,
    )


def _offered(control: RateControl, rate: float) -> float:
    """The rate at which mail left, without bursts after a delay."""
    return min(control.window.offered, rate if control.limit is None else control.limit)


def _cut_for_check(control: RateControl, trial: Trial, rate: float, now: Instant) -> RateControl:
    limit = max(_offered(control, rate) * (1 - _CHECK_CUT), _floor(rate))
    return _change(control, limit, now, trial=trial)


def _judge_trial(control: RateControl, trial: Trial, rate: float, now: Instant) -> RateControl:
    """After a full window of a trial: revert the cut, keep it, cut deeper, or continue."""
    window = control.window
    if (
        window.share > _HIGHEST_BACKGROUND
        or window.z_score(trial.share + _TOLERATED, _MEMORY) > _NOISE
    ):
        return _cut(control, rate, now)  # it got worse: the limit fell, or is far lower
    if trial.share >= OUTAGE:
        return _judge_outage(control, trial, rate, now)
    log_odds = trial.log_odds(window)
    fell = window.z_score(trial.share, trial.answers) < -_NOISE
    undecided = window.seconds < _TRIAL_SECONDS and window.answers < _TRIAL_ANSWERS
    if not fell and abs(log_odds) < _DECIDED and undecided:
        return control
    if fell or log_odds <= 0:
        proved = replace(control, trial=None, ceiling=trial.goodput)
        if window.share < control.background:
            proved = _lower_background(proved, window.share)
        return _judge(proved, rate, now)
    if trial.share > control.background + _BIG and not trial.second:
        # A limit that fell during the first window would look the same.
        share, answers = trial.pooled_share(window), trial.answers + window.answers
        again = Trial(trial.limit, share, window.goodput, min(_MEMORY, answers), second=True)
        return _cut_for_check(control, again, rate, now)
    return _tolerate(control, trial, rate, now)


def _tolerate(control: RateControl, trial: Trial, rate: float, now: Instant) -> RateControl:
    """Revert the cut: the share is background."""
    first = max(_CHECK_SECONDS, _CHECK_ANSWERS / rate)
    share, wait = trial.pooled_share(control.window), first
    if trial.share <= control.background:
        wait = min(max(_LONGEST_CHECK_SECONDS, first), control.check_after * 2)
    found = replace(
        control,
        trial=None,
        background=share,
        known_from=min(_MEMORY, trial.answers + control.window.answers),
        proven=share,
        checked_at=now,
        check_after=wait,
    )
    if trial.second and control.limit:
        # In two steps, in case a limit just fell as fast as the rate was cut.
        half = max(math.sqrt((trial.limit or rate) / control.limit), 1 + _SMALLEST_STEP)
        up = control.limit * half
        return _change(found, up, now, ceiling=0.0, credit=0.0, step=half - 1)
    return _change(found, trial.limit, now)


def _judge_outage(control: RateControl, trial: Trial, rate: float, now: Instant) -> RateControl:
    """During an outage: return to the previous rate as soon as SES accepts mail again.

    A limit so low that it looked like an outage still throttles most calls at a quarter of the
    rate.
    """
    if control.window.share <= _OVER:
        return _change(control, trial.limit, now, trial=None)
    if not trial.second:
        return _next_window(
            control, now, trial=replace(trial, second=True)
        )  # it ended during this window
    return _cut(control, rate, now)


def _floor(rate: float) -> float:
    return max(rate * _FLOOR, min(rate * _LOW_FLOOR, _LOW_RATE))
