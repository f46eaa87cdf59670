"""What a single call costs this machine, measured while sending."""

_TYPICAL_COST = 0.00015
"""Processor seconds, until it has been measured."""
_COST_MAILS = 100

_WEIGHT, _OUTLIER = 0.2, 2.0
"""Of the newest hundred in the average; one that cost so many times as much counts as that: after a
change to bulk calls, made in a busy moment, single ones would not be measured again."""


class CallCost:
    """Processor seconds of a single call, from rendering to reading, on average."""

    def __init__(self) -> None:
        self.seconds = _TYPICAL_COST
        """For one mail that goes singly."""
        self._mails = 0
        self._bulk = False
        self._began = 0.0

    def count(self, mails: int) -> None:
        """A call of so many has left."""
        self._mails += mails
        self._bulk |= mails > 1

    def measure(self, cpu: float) -> None:
        """``cpu`` is the processor time that the thread has used so far."""
        if self._mails < _COST_MAILS:
            return
        if not self._bulk and self._began:
            cost = min((cpu - self._began) / self._mails, _OUTLIER * self.seconds)
            self.seconds += _WEIGHT * (cost - self.seconds)
        self._began, self._mails, self._bulk = cpu, 0, False
