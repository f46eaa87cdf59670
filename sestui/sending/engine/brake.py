"""A circuit breaker for missing answers: stops the sending after a few mails without one.

Each such answer is a recipient in doubt, so an outage must cost a handful of them, whatever the
audience (docs/decisions/0008-brake-on-silence.md). Pure bookkeeping: no clock of its own, no I/O.
"""

from enum import Enum

_FIRST_HOLD_SECONDS, _LONGEST_HOLD_SECONDS = 1.0, 60.0
_SHORT_HOLD_SECONDS = 8.0
_HOLD_SHARE = 0.25
"""Holds double from the first to the short one. Then they last a quarter of the outage so far: what
it costs after its end is in proportion to it, and so are the mails that are lost trying."""

SILENCES_UNTIL_ASKED = 3
"""After so many in a row the account is asked, and never again a mail that may be lost too."""

QUIET_SECONDS = 2.0
_QUIET_LATENCIES = 4.0
"""When nothing at all has come back for so long (or so many usual latencies), that is silence too,
long before the calls' own time is up."""


class May(Enum):
    """What may leave."""

    SEND = "send"
    """Everything, as far as other limits go."""
    PROBE = "probe"
    """One mail, to see whether SES answers again."""
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
        """When the first of the silences in a row was; None while all is well."""
        self.reason = ""
        """What the last of them was, as a sentence; '' while all is well."""

    def accepted(self, now: float) -> None:
        """SES took a mail: all is well."""
        self._last_answer = now
        self._release()

    def answered_late(self, now: float) -> None:
        """A call that left before the lost one was answered: no proof that the outage is over."""
        self._last_answer = now

    def answered(self, now: float) -> None:
        """SES gave another readable answer: it is reachable, but may still accept nothing."""
        self._last_answer = now
        self._probed_at = None
        if not self._silences:
            self._release()

    def no_answer(self, now: float, reason: str) -> None:
        """No answer came, or one that can't be read; ``reason`` says which, as a sentence."""
        self._silences += 1
        self._probed_at = None
        self._hold(now, reason)

    def check_quiet(self, now: float, *, oldest_left: float | None, latency: float) -> None:
        """Hold the sending back if no answer has come for too long.

        ``oldest_left`` is when the oldest call left that is in the air and that no later one has
        overtaken; None: there is none. ``latency`` is the usual one.
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
        """SES answered a question about the account."""
        self._account_answered_at = now

    @property
    def needs_account(self) -> bool:
        """Whether the account has to be asked before anything may leave."""
        must_ask = self._quiet or self._silences >= SILENCES_UNTIL_ASKED
        return must_ask and self._account_answered_at < self._held_at

    def may(self, now: float) -> May:
        """What may leave at ``now``."""
        if self.since is None:
            return May.SEND
        if self._probed_at is not None or now < self._hold_until or self.needs_account:
            return May.NOTHING
        return May.PROBE

    def probe(self, now: float) -> None:
        """The one mail leaves."""
        self._probed_at = now

    def _hold(self, now: float, reason: str) -> None:
        self.reason = reason
        if self.since is None:
            self.since = now
        self._held_at = now
        # Calls that were in the air together fail together: one step for all of them.
        if now >= self._hold_until:
            seconds = _FIRST_HOLD_SECONDS * 2 ** min(self._holds, 10)
            patience = max(_SHORT_HOLD_SECONDS, _HOLD_SHARE * (now - self.since))
            self._holds += 1
            self._hold_until = now + min(seconds, patience, _LONGEST_HOLD_SECONDS)
