"""Buffer of answers until they are in the ledger."""

import threading
from collections.abc import Iterable, Set

from sestui.core.clock import Clock
from sestui.core.delivery.handover import Answer, ClaimRequest, ClaimResult
from sestui.errors import DatabaseLostError, StorageError
from sestui.sending.engine.ports import SendingLedger

PATIENCE_SECONDS = 120.0
"""The sender gives up on a failing database after this, if no answer is lost by it."""

_RETRY_SECONDS = 0.1


class AnswerBuffer:
    """SES's answers that are not in the ledger yet; all exchanges with the ledger go through it.

    A database may be locked, full or read-only for a while. Dropping an answer would leave its
    recipient in doubt, so answers are kept as long as the process lives.
    """

    def __init__(self, ledger: SendingLedger, clock: Clock) -> None:
        self._ledger = ledger
        self._clock = clock
        self._answers: list[Answer] = []
        self._failing_since: float | None = None
        self._unsure = False

    def __len__(self) -> int:
        return len(self._answers)

    def add(self, answers: Iterable[Answer]) -> None:
        """Buffer ``answers`` for the next exchange."""
        self._answers += answers

    def exchange(self, want: ClaimRequest | None, in_flight: Set[int]) -> ClaimResult | None:
        """Write the buffered answers and claim; None if there is nothing to do.

        ``in_flight`` are the ids of deliveries without an answer yet.
        """
        if self._unsure:
            # The failed commit may in fact have succeeded.
            self._ledger.take_back(in_flight | {answer.delivery_id for answer in self._answers})
            self._unsure = False
        if not self._answers and want is None:
            return None
        taken = self._ledger.exchange(self._answers, want)
        self._answers = []
        return taken

    def succeeded(self) -> None:
        """Record that the database works."""
        self._failing_since = None

    def failed(self, error: StorageError, in_flight: Set[int]) -> None:
        """Record that the exchange failed; raises ``error`` after :data:`PATIENCE_SECONDS`."""
        now = self._clock.monotonic()
        self._unsure = True
        if self._failing_since is None:
            self._failing_since = now
        if now - self._failing_since > PATIENCE_SECONDS and not self._answers and not in_flight:
            raise error

    def write_last(self, give_up_at: float) -> None:
        """Write all answers, retrying while the database is locked.

        Raises:
            StorageError: they could not be written by ``give_up_at`` (monotonic seconds); tells how
                many recipients that leaves in doubt.
        """
        while True:
            try:
                self.exchange(None, frozenset())
            except StorageError as error:
                lost = isinstance(error, DatabaseLostError)
                if lost or self._clock.monotonic() >= give_up_at:
                    raise self._with_loss(error) from error
                self._clock.wait(threading.Event(), _RETRY_SECONDS)
            else:
                return

    def _with_loss(self, error: StorageError) -> StorageError:
        if not self._answers:
            return error
        return type(error)(
            f"{error} (The answers to {len(self._answers):,} mails could not be saved: "
            "those recipients are in doubt.)"
        )
