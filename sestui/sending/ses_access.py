"""The account that mail goes to, SES's or the simulator's, as the settings say."""

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

from sestui.core.clock import Clock
from sestui.core.delivery.account_key import ANY_SES, SIMULATOR
from sestui.core.delivery.pacing import AllowedRate
from sestui.core.lazy import lazy
from sestui.settings import Settings, check_variables
from sestui.store.db.database import Database
from sestui.store.ledger.governor import Governor, row_allowed

if TYPE_CHECKING:
    from sestui.sending.shared_account import SharedAccount
    from sestui.ses.account import AccountReader
    from sestui.ses.client import Clients
    from sestui.ses.event_queue import SqsQueue
    from sestui.ses.gateway import Gateway
    from sestui.simulator.launch import SimulatorProcess


class SesAccess:
    """One account, and what this process talks to it with.

    boto3 and the simulator come with the first use. Another account is another of these: nothing
    that is known of one is kept for the other.
    """

    def __init__(self, settings: Settings, database: Database, clock: Clock) -> None:
        self._settings = settings
        self._database = database
        self._clock = clock
        self._simulator: SimulatorProcess | None = None
        self._reviving = threading.Lock()

    @property
    def simulated(self) -> bool:
        """Whether mail goes to the simulator rather than to SES."""
        return self._settings.account == SIMULATOR

    @property
    def new_runs(self) -> str:
        """The account that runs which start now belong to, without boto3, which is slow to import.

        SES's region becomes known when the first mail is sent.
        """
        return SIMULATOR if self.simulated else ANY_SES

    @property
    def key(self) -> str:
        """The account's key (``core.delivery.account_key``); starts no simulator."""
        return SIMULATOR if self.simulated else self.reader.key

    @property
    def simulator_died(self) -> bool:
        """Whether the simulator that was started here runs no more; cheap, never waits."""
        simulator = self._simulator
        return simulator is not None and not simulator.alive()

    def revive_simulator(self) -> bool:
        """Start the simulator anew if it has died; False: there was nothing to do.

        It listens where the one before it did and takes the same key, so that clients and senders
        go on with their next call.

        Raises:
            SestuiError: it can't be started there; nothing has changed.
        """
        with self._reviving:
            dead = self._simulator
            if dead is None or dead.alive():
                return False
            dead.stop(at_once=True)  # lets go of its pipes
            self._simulator = self._start_simulator(dead.port)
            return True

    @lazy
    def clients(self) -> "Clients":
        """boto3 clients for SES, or for the simulator, which is started if need be."""
        from sestui.ses.client import Clients, Endpoint  # noqa: PLC0415 - boto3 is slow to import

        check_variables()
        settings = self._settings
        if not self.simulated:
            return Clients(Endpoint(profile=settings.aws_profile, region=settings.aws_region))
        simulator = self._simulator = self._start_simulator()
        return Clients(
            Endpoint(simulator.endpoint_url, True, access_key_id=simulator.access_key_id)
        )

    @lazy
    def reader(self) -> "AccountReader":
        """The account as SES reports it."""
        from sestui.ses.account import AccountReader  # noqa: PLC0415 - boto3 is slow to import

        return AccountReader(self.clients, simulated=self.simulated)

    @lazy
    def shared(self) -> "SharedAccount":
        """The account as all processes on this database share it."""
        from sestui.sending.shared_account import SharedAccount  # noqa: PLC0415 - with the sender

        return SharedAccount(
            self.reader,
            Governor(self._database),
            quota_rule=self._settings.quota_rule,
            clock=self._clock,
        )

    def allowed_rate(self) -> AllowedRate | None:
        """How fast mail may leave, without asking SES and without boto3, which is slow to import.

        By the account of the settings' kind that was looked at last; None: none was.
        """
        row = Governor(self._database).newest(SIMULATOR if self.simulated else f"{ANY_SES}:")
        return row_allowed(row, self._clock.now()) if row else None

    def gateway(self) -> "Gateway":
        """A new gateway, to be driven by one thread."""
        from sestui.ses.gateway import Gateway  # noqa: PLC0415 - boto3 is slow to import

        # Hanging calls occupy connections beyond the number of senders.
        return Gateway(self.clients, self._clock, most=4 * self._settings.senders)

    def event_queue(self) -> "SqsQueue | None":
        """The queue of the account's events; None where the settings name none."""
        from sestui.ses.event_queue import SqsQueue  # noqa: PLC0415 - boto3 is slow to import
        from sestui.simulator.launch import QUEUE_PATH  # noqa: PLC0415 - with the simulator

        clients = self.clients
        if self.simulated:
            url = f"{clients.endpoint_url}{QUEUE_PATH}"
            return SqsQueue(clients, url, endpoint_url=clients.endpoint_url)
        url = self._settings.events_queue
        return SqsQueue(clients, url) if url else None

    def event_queues(self) -> Sequence["SqsQueue"]:
        """That queue, and the one of mail to unsubscribe where it is another."""
        from sestui.ses.event_queue import SqsQueue  # noqa: PLC0415 - boto3 is slow to import

        events, settings = self.event_queue(), self._settings
        found = [] if events is None else [events]
        other = settings.unsubscribe_queue
        if other and other != settings.events_queue and not self.simulated:
            found.append(SqsQueue(self.clients, other, setting="unsubscribe_queue"))
        return found

    def close(self) -> None:
        """Stop the simulator, if it was started here."""
        with self._reviving:
            if self._simulator is not None:
                self._simulator.stop(at_once=True)
                self._simulator = None

    def _start_simulator(self, port: int = 0) -> "SimulatorProcess":
        from sestui.simulator.launch import start_simulator  # noqa: PLC0415 - only if simulated

        settings = self._settings
        given = settings.model_fields_set
        return start_simulator(
            settings.data_dir,
            port=port,
            # Only what is set here, so that the choices of other processes stay.
            rate=settings.simulator_rate if "simulator_rate" in given else None,
            quota=settings.simulator_quota if "simulator_quota" in given else None,
            latency=settings.simulator_latency,
            sandbox=settings.simulator_sandbox if "simulator_sandbox" in given else None,
            recipients=str(settings.simulator_recipients),
        )
