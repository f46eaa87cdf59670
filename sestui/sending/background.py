"""The background sender: a process without a terminal that sends what is pending, then ends.

The screens start it for an operator who leaves them while mail is being sent. It shares the ledger
and the governor with every other process, so it neither sends anything twice nor too fast beside a
`run-due` or another screen; one of it is enough for a machine.
"""

import logging
import os
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from sestui.core.clock import Clock
from sestui.core.delivery.states import WorkerRole
from sestui.errors import EXIT_TRY_AGAIN, SestuiError, StorageBusyError
from sestui.sending.process_identity import host_name, is_alive, this_host
from sestui.sending.runs.campaign_scheduler import CampaignScheduler
from sestui.sending.sender import Sender
from sestui.sending.worker_registration import WorkerRegistration, registered_worker
from sestui.store.db.database import Database
from sestui.store.ledger.workers import Workers

_LOOK_SECONDS = 0.25
_BEAT_SECONDS = 5.0
_PATIENCE_SECONDS = 20.0
"""Runs that wait (for quota, for a window, for the account) are tried again this often."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class BackgroundSender:
    """A background sender that is at work."""

    pid: int
    host: str
    """The machine, as people call it."""
    here: bool
    """Whether that is this machine."""
    started_at: float

    @property
    def process(self) -> str:
        """Which process it is: ``process 4711``, on another machine ``process 4711 on mail2``."""
        return f"process {self.pid}" + ("" if self.here else f" on {self.host}")

    @property
    def kill(self) -> str:
        """How it is ended, in words: `` `kill 4711` ``."""
        return f"`kill {self.pid}`" + ("" if self.here else f" on {self.host}")

    def stop(self) -> None:
        """Ask it to end, which it does once what is in the air is answered; returns at once.

        One on another machine is not asked: it ends when nothing is left to send.
        """
        if not self.here or not is_alive(self.pid, self.started_at):
            return
        try:
            os.kill(self.pid, signal.SIGTERM)
        except OSError as error:
            _log.info("The background sender can't be asked to end: %s.", error.strerror)


def background_sender(database: Database, clock: Clock) -> BackgroundSender | None:
    """The background sender that is at work on this database, one of this machine first."""
    workers = Workers(database, clock).of_role(
        WorkerRole.BACKGROUND, host=this_host(), is_alive=is_alive
    )
    found = [
        BackgroundSender(
            each.pid,
            host_name() if each.host == this_host() else each.host.partition("/")[0],
            each.host == this_host(),
            each.process_started_at,
        )
        for each in workers
    ]
    return min(found, key=lambda each: not each.here, default=None)


class PendingServices(Protocol):
    """What it needs of the runtime."""

    @property
    def clock(self) -> Clock: ...  # noqa: D102
    @property
    def database(self) -> Database: ...  # noqa: D102
    @property
    def campaign_scheduler(self) -> CampaignScheduler: ...  # noqa: D102

    def sender(self) -> Sender:
        """A sender thread for every sending run, which ends when none is."""


class PendingWork:
    """Sends until no run is unfinished; :meth:`stop` may be called from a signal handler."""

    def __init__(
        self, services: PendingServices, on_ready: Callable[[], object] | None = None
    ) -> None:
        """``on_ready`` is called once others can see that it is at work."""
        self._services = services
        self._clock = services.clock
        self._on_ready = on_ready
        self._stop = threading.Event()
        self._sender: Sender | None = None
        self._beat_at = float("-inf")

    def stop(self) -> None:
        """Ask it to end: what is in the air is awaited, the rest stays pending."""
        self._stop.set()
        if self._sender is not None:
            self._sender.stop()

    @property
    def stopped(self) -> bool:
        """Whether it was asked to end."""
        return self._stop.is_set()

    def run(self) -> None:
        """Send what is pending, waiting for quota, windows and an account that doesn't answer.

        Raises:
            SestuiError: it can't go on, and waiting would not help.
        """
        with registered_worker(
            self._services.database, self._clock, WorkerRole.BACKGROUND
        ) as registration:
            if self._on_ready is not None:
                self._on_ready()
            while self._left() and not self._stop.is_set():
                self._send(registration)
                if self._left():
                    self._wait(registration)

    def _left(self) -> bool:
        try:
            return bool(self._services.campaign_scheduler.unfinished())
        except StorageBusyError:
            return True  # it is looked again

    def _send(self, registration: WorkerRegistration) -> None:
        self._sender = sender = self._services.sender()
        if self._stop.is_set():
            return
        sender.start()
        try:
            while not sender.join(_LOOK_SECONDS):
                self._beat(registration)
        finally:
            sender.stop()
            sender.join()
        if sender.error is not None:
            if sender.error.exit_code != EXIT_TRY_AGAIN:
                raise sender.error
            _log.info("The background sender tries again: %s", sender.error)

    def _wait(self, registration: WorkerRegistration) -> None:
        until = self._clock.monotonic() + _PATIENCE_SECONDS
        while not self._stop.is_set() and self._clock.monotonic() < until:
            self._beat(registration)
            self._clock.wait(self._stop, _BEAT_SECONDS)

    def _beat(self, registration: WorkerRegistration) -> None:
        now = self._clock.monotonic()
        if now - self._beat_at < _BEAT_SECONDS:
            return
        self._beat_at = now
        try:
            registration.beat()
        except SestuiError as error:  # a database that is locked for a while: the sender says more
            _log.info("The background sender can't say that it lives: %s", error)
