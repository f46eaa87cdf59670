"""Measure the processor time of a single call while sending."""

_TYPICAL_COST = 0.00015
"""Processor seconds before the first measurement."""
_COST_MAILS = 100

_WEIGHT, _OUTLIER = 0.2, 2.0
"""Weight of the latest hundred in the average, and the factor to which outliers are cut: after a
wrong change to bulk calls, single calls would not be measured again."""


class CallCost:
    """Average processor time of a single call, from rendering to reading the answer."""

    def __init__(self) -> None:
        self.seconds = _TYPICAL_COST
        """Processor seconds."""
        self._mails = 0
        self._bulk = False
        self._began = 0.0

    def count(self, mails: int) -> None:
        """Record a call with this many mails."""
        self._mails += mails
        self._bulk |= mails > 1

    def measure(self, cpu: float) -> None:
        """Update the average; ``cpu`` is the thread's processor time so far."""
        if self._mails < _COST_MAILS:
            return
        if not self._bulk and self._began:
            cost = min((cpu - self._began) / self._mails, _OUTLIER * self.seconds)
            self.seconds += _WEIGHT * (cost - self.seconds)
        self._began, self._mails, self._bulk = cpu, 0, False
