"""Poll SES for the account's status in background threads."""

import logging
import threading
from dataclasses import dataclass
from queue import Empty, SimpleQueue

from sestui.core.clock import Clock
from sestui.core.delivery.account import AccountStatus
from sestui.errors import SestuiError
from sestui.sending.engine.ports import AccountView

POLL_SECONDS = 60.0
"""Interval while sending, as SES may raise the quota."""

_AT_MOST_EVERY_SECONDS = 1.0
"""SES limits GetAccount to about one a second (docs/ses.md#quota-and-rate)."""


_HANGS_SECONDS = 5.0
"""An urgent request is repeated after this even if the previous one hangs, so that the end of an
outage is noticed soon."""

_MOST_AT_ONCE = 5

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class AccountReading:
    """The result of asking for the account's status."""

    status: AccountStatus | None
    """The status; None if SES could not be asked."""
    trouble: str
    """Why SES could not be asked, as a sentence; '' if it could."""
    exact: bool
    """Whether nothing was in flight in any process meanwhile, so that the used quota is exact."""


class AccountPoller:
    """Asks in background threads; :meth:`poll` never blocks."""

    def __init__(self, account: AccountView, clock: Clock) -> None:
        self._account = account
        self._clock = clock
        self._asked_at = float("-inf")
        self._asking = 0
        self._readings: SimpleQueue[AccountReading] = SimpleQueue()

    def poll(self, *, wanted: bool) -> AccountReading | None:
        """An answer that has come in, if any; starts a request when it is due.

        ``wanted``: it is urgent, so don't wait for the regular interval.
        """
        try:
            reading = self._readings.get_nowait()
        except Empty:
            self._ask_if_due(wanted=wanted)
            return None
        self._asking -= 1
        return reading

    def _ask_if_due(self, *, wanted: bool) -> None:
        since = self._clock.monotonic() - self._asked_at
        pause = _AT_MOST_EVERY_SECONDS if wanted else POLL_SECONDS
        if self._asking:
            pause = _HANGS_SECONDS if wanted and self._asking < _MOST_AT_ONCE else float("inf")
        if since < pause:
            return
        self._asked_at = self._clock.monotonic()
        # A daemon, so that a hanging call doesn't keep the process from exiting.
        thread = threading.Thread(target=self._ask, name="sestui-account", daemon=True)
        try:
            thread.start()
        except RuntimeError as error:  # no thread available at the moment
            _log.warning("The account can't be asked about: %s", error)
            return
        self._asking += 1

    def _ask(self) -> None:
        try:
            status, exact = self._account.poll_exactly()
            reading = AccountReading(status, "", exact)
        except SestuiError as error:
            reading = AccountReading(None, str(error), exact=False)
        except BaseException as error:  # noqa: BLE001 - otherwise SES would never be asked again
            _log.exception("What SES said of the account can't be read.")
            why = f"What SES said of the account can't be read ({type(error).__name__})."
            reading = AccountReading(None, why, exact=False)
        self._readings.put(reading)
