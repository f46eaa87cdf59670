"""Looking at the account again and again, without ever making the sender wait for SES."""

import threading
from dataclasses import dataclass
from queue import Empty, SimpleQueue

from sestui.core.account import AccountStatus
from sestui.core.clock import Clock
from sestui.errors import SestuiError
from sestui.sending.ports import AccountView

LOOK_SECONDS = 60.0
"""SES raises quotas of good senders: the account is read again this often while sending."""

_AT_MOST_EVERY_SECONDS = 1.0
"""SES limits GetAccount to about one a second (SES.md)."""


@dataclass(frozen=True, slots=True)
class Look:
    """One look at the account."""

    status: AccountStatus | None
    """What SES said; None if it could not be asked."""
    trouble: str
    """Why it could not be asked, as a sentence; '' if it could."""
    exact: bool
    """Nothing was in the air meanwhile, in any process: the used quota it tells is exact."""


class AccountWatch:
    """Asks in a thread of its own; :meth:`news` never blocks."""

    def __init__(self, account: AccountView, clock: Clock) -> None:
        self._account = account
        self._clock = clock
        self._looked_at = float("-inf")
        self._looking = False
        self._seen: SimpleQueue[Look] = SimpleQueue()

    def news(self, *, wanted: bool) -> Look | None:
        """The look that has just ended, if any; begins another one when it is time.

        ``wanted``: don't wait for the minute to pass, something hangs on it.
        """
        try:
            look = self._seen.get_nowait()
        except Empty:
            self._begin_if_due(wanted=wanted)
            return None
        self._looking = False
        return look

    def _begin_if_due(self, *, wanted: bool) -> None:
        now = self._clock.monotonic()
        pause = _AT_MOST_EVERY_SECONDS if wanted else LOOK_SECONDS
        if self._looking or now - self._looked_at < pause:
            return
        self._looking = True
        self._looked_at = now
        # A daemon: a hanging call must not hold the process at its end.
        threading.Thread(target=self._look, name="sestui-look", daemon=True).start()

    def _look(self) -> None:
        try:
            status, exact = self._account.look_closely()
            look = Look(status, "", exact)
        except SestuiError as error:
            look = Look(None, str(error), exact=False)
        except Exception as error:  # noqa: BLE001 - it would never look again
            why = f"What SES said of the account can't be read ({type(error).__name__})."
            look = Look(None, why, exact=False)
        self._seen.put(look)
