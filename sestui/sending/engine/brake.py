"""A circuit breaker for missing answers: stops sending after a few mails without one.

Each missing answer leaves a recipient in doubt, so an outage must cost only a handful of them
(docs/decisions/0008-brake-on-silence.md).
"""

from enum import Enum

_FIRST_HOLD_SECONDS, _LONGEST_HOLD_SECONDS = 1.0, 60.0
_SHORT_HOLD_SECONDS = 8.0
_HOLD_SHARE = 0.25
"""Holds double from the first to the short one, and then last a quarter of the outage so far. So
the delay after its end, and the mails lost in probing, are in proportion to it."""

SILENCES_UNTIL_ASKED = 3
"""After this many silences in a row the account is asked instead of probing with mails."""

QUIET_SECONDS = 2.0
_QUIET_LATENCIES = 4.0
"""No answer at all for this long (or for so many latencies) counts as silence before the calls'
timeout."""


class May(Enum):
    """What may be sent."""

    SEND = "send"
    """Everything within other limits."""
    PROBE = "probe"
    """One mail, to test whether SES answers again."""
    NOTHING = "nothing"


class Brake:
    """Stops one process's sending while SES doesn't answer; instants are monotonic seconds."""

    def __init__(self) -> None:
        self._last_answer = float("-inf")
        self._account_answered_at = float("-inf")
        self._release()

    def _release(self) -> None:
        self._silences = self._holds = 0
        self._quiet = False
        self._probed_at: float | None = None
        self._held_at = self._hold_until = float("-inf")
        self.since: float | None = None
        """When the silence began; None if there is none."""
        self.reason = ""
        """The latest reason, as a sentence; '' if there is none."""

    def accepted(self, now: float) -> None:
        """Record that SES accepted a mail, which ends the silence."""
        self._last_answer = now
        self._release()

    def answered_late(self, now: float) -> None:
        """Record an answer to a call that left before a lost one, which doesn't prove the end."""
        self._last_answer = now

    def answered(self, now: float) -> None:
        """Record another readable answer: SES is reachable, but may not accept mail."""
        self._last_answer = now
        self._probed_at = None
        if not self._silences:
            self._release()

    def no_answer(self, now: float, reason: str) -> None:
        """Record that no readable answer came; ``reason`` is a sentence."""
        self._silences += 1
        self._probed_at = None
        self._hold(now, reason)

    def check_quiet(self, now: float, *, oldest_left: float | None, latency: float) -> None:
        """Hold sending back if no answer has come for too long.

        ``oldest_left`` is when the oldest call in flight left that no later call has overtaken;
        None if there is none. ``latency`` is the average.
        """
        if oldest_left is None or now < self._hold_until:
            return
        patience = max(QUIET_SECONDS, _QUIET_LATENCIES * latency)
        since = max(oldest_left, self._last_answer)
        if self._quiet:
            if self._probed_at is None:
                return
            since = max(since, self._probed_at)
        if now - since > patience:
            self._quiet = True
            self._probed_at = None
            self._hold(now, f"SES has not answered for {patience:.0f} seconds.")

    def account_answered(self, now: float) -> None:
        """Record that SES answered a request for the account's status."""
        self._account_answered_at = now

    @property
    def needs_account(self) -> bool:
        """Whether the account must be asked before anything may be sent."""
        must_ask = self._quiet or self._silences >= SILENCES_UNTIL_ASKED
        return must_ask and self._account_answered_at < self._held_at

    def may(self, now: float) -> May:
        """What may be sent at ``now``."""
        if self.since is None:
            return May.SEND
        if self._probed_at is not None or now < self._hold_until or self.needs_account:
            return May.NOTHING
        return May.PROBE

    def probe(self, now: float) -> None:
        """Record that the probe was sent."""
        self._probed_at = now

    def _hold(self, now: float, reason: str) -> None:
        self.reason = reason
        if self.since is None:
            self.since = now
        self._held_at = now
        # Concurrent calls fail together: one step for all of them.
        if now >= self._hold_until:
            seconds = _FIRST_HOLD_SECONDS * 2 ** min(self._holds, 10)
            patience = max(_SHORT_HOLD_SECONDS, _HOLD_SHARE * (now - self.since))
            self._holds += 1
            self._hold_until = now + min(seconds, patience, _LONGEST_HOLD_SECONDS)
