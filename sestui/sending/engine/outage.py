"""How long SES has been out of reach or silent, and what is said of it."""

from sestui.core.clock import Clock
from sestui.sending.engine.answer_policy import AnswerPolicy
from sestui.sending.engine.dispatch import Dispatcher

LASTING_SECONDS = 30.0
"""How long that usually is before the runs wait."""


class Outage:
    """What brake, connections and answers say of the account, seen over time."""

    def __init__(
        self,
        dispatcher: Dispatcher,
        policy: AnswerPolicy,
        clock: Clock,
        lasting_seconds: float,
    ) -> None:
        self._policy = policy
        self._lasting_seconds = lasting_seconds
        self._dispatcher = dispatcher
        self._clock = clock
        self._began: float | None = None
        self.runs_wait = False
        """The runs are waiting for the account."""
        self.account_failed = ""
        """Why it could not be asked about itself, the last time; '' if it could."""

    @property
    def trouble(self) -> str:
        """Why nothing leaves, as a sentence; '' when there is no outage."""
        unreachable = self._dispatcher.unreachable
        if unreachable is not None:
            return f"SES can't take mail just now ({unreachable.code}): {unreachable.reason}"
        brake = self._dispatcher.brake
        if brake.since is None:
            return self._policy.outage
        return f"SES can't take mail just now: {brake.reason}"

    @property
    def asks(self) -> bool:
        """Whether something hangs on the account's answer."""
        return self.runs_wait or self._dispatcher.brake.asks

    def lasts(self) -> bool:
        """Whether it has gone on for so long that the runs should wait."""
        now = self._clock.monotonic()
        if not self.trouble:
            self._began = None
        elif self._began is None:
            self._began = now
        return self._began is not None and now - self._began > self._lasting_seconds

    def over(self) -> None:
        """The account has answered: what is sent next shows whether that is the end of it."""
        self.runs_wait = False
        self._began = None

    def sentence(self) -> str:
        """Why the runs wait."""
        return f"{self.trouble} sestui keeps asking SES, and goes on by itself when it answers."
