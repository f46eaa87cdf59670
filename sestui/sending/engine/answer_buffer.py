"""Answers that are not in the ledger yet: kept until the database takes them, however long."""

import threading
from collections.abc import Iterable, Set

from sestui.core.clock import Clock
from sestui.core.delivery.handover import Answer, ClaimRequest, ClaimResult
from sestui.errors import DatabaseLostError, StorageError
from sestui.sending.engine.ports import SendingLedger

PATIENCE_SECONDS = 120.0
"""A database that takes nothing for this long ends the sender, if nothing is lost by that."""

_RETRY_SECONDS = 0.1


class AnswerBuffer:
    """SES's answers that the ledger doesn't have yet; every call of the ledger goes through here.

    A database may be locked, full or read-only for a while. An answer that is dropped then would be
    a doubt that nobody had to have, so it stays here as long as the process lives.
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
        """Keep ``answers`` for the next exchange."""
        self._answers += answers

    def exchange(self, want: ClaimRequest | None, in_the_air: Set[int]) -> ClaimResult | None:
        """Write the kept answers and claim what is wanted; None: there was neither.

        ``in_the_air`` are the ids of deliveries whose answers are still to come.
        """
        if self._unsure:
            # The commit that failed may have been one whose success could not be told any more.
            self._ledger.take_back(in_the_air | {answer.delivery_id for answer in self._answers})
            self._unsure = False
        if not self._answers and want is None:
            return None
        taken = self._ledger.exchange(self._answers, want)
        self._answers = []
        return taken

    def succeeded(self) -> None:
        """Note that the database works."""
        self._failing_since = None

    def failed(self, error: StorageError, in_the_air: Set[int]) -> None:
        """The database took nothing; raises ``error`` when there is no point in waiting longer."""
        now = self._clock.monotonic()
        self._unsure = True
        if self._failing_since is None:
            self._failing_since = now
        if now - self._failing_since > PATIENCE_SECONDS and not self._answers and not in_the_air:
            raise error

    def write_last(self, give_up_at: float) -> None:
        """Write every answer, waiting while the database is locked.

        Raises:
            StorageError: it could not be written until ``give_up_at`` (monotonic seconds); the
                sentence tells how many recipients that leaves in doubt.
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
