"""Run the relay in this process until a signal, and stop it gracefully."""

import asyncio
import os
import socket
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from starlette.types import ASGIApp
from uvicorn.config import Config
from uvicorn.server import Server

from sestui.core.serving import listening, stopped_by_signal
from sestui.errors import AccountUnreachableError, SestuiError, SettingsError
from sestui.http_server import QuietServer, quiet_config
from sestui.relay.admission import RelayAdmission
from sestui.relay.app import RelayApp
from sestui.relay.connection import GuardedProtocol
from sestui.relay.disk_guard import DiskGuard
from sestui.relay.keyring import Keyring
from sestui.relay.metrics import Metrics, create_metrics_app
from sestui.relay.proxy import Proxy, open_proxy
from sestui.relay.sender_supervisor import SenderSupervisor
from sestui.relay.sends import Rules
from sestui.runtime import Runtime
from sestui.sending.worker_registration import WorkerRegistration, registered_worker
from sestui.ses.operations import Operations
from sestui.store.db.database import Database
from sestui.store.ledger.ledger import Ledger
from sestui.store.relay.admission import AdmissionStore
from sestui.store.relay.mails import RelayedMails

_KEEP_ALIVE_SECONDS = 300
"""Long, as closing an idle connection may lose a request that is just coming."""

_MOST_CONNECTIONS = 2_000
_DRAIN_SECONDS = 30
"""Time for running requests at the end; calls to SES are given up sooner."""

_WATCH_SECONDS = 0.25
"""Interval of checking the background threads."""

_DAY = 86_400


@dataclass(frozen=True, slots=True)
class Options:
    """Where to listen."""

    host: str = "127.0.0.1"
    port: int = 0
    metrics_port: int | None = None
    """On the same host; None for no metrics."""
    certificate: Path | None = None
    key: Path | None = None


@dataclass(frozen=True, slots=True)
class Listening:
    """The running relay's URLs."""

    url: str
    region: str
    metrics_url: str


def serve(
    runtime: Runtime,
    options: Options,
    *,
    announce: Callable[[Listening], None],
    warn: Callable[[str], None],
) -> None:
    """Serve until SIGINT or SIGTERM, then finish running requests.

    ``announce`` is called when it is ready, ``warn`` with messages for the operator.

    Raises:
        NotFoundError, SettingsError: there is no active key, or the secret is missing.
        AccountError: SES doesn't answer.
        AccountUnreachableError: a port is not available.
        SestuiError: a background thread has failed.
    """
    settings, database, clock = runtime.settings, runtime.database, runtime.clock
    tls = _tls(options)
    ring = Keyring(database, settings.data_dir, clock)
    runtime.account.poll()
    for sentence in runtime.campaign_scheduler.hold_restored():
        warn(sentence)
    mails = RelayedMails(database, clock)
    supervisor = SenderSupervisor(
        runtime, mails, retention=settings.relay_retention_days * _DAY, warn=warn
    )
    with (
        _listening(options.host, options.port) as listener,
        _maybe_listening(options.host, options.metrics_port) as monitored,
        registered_worker(
            database, clock, lineage=runtime.lineage, account=runtime.ses.key
        ) as place,
    ):
        mails.release_orphans()
        admission = _admission(runtime, mails, place)
        metrics = Metrics()
        monitor = create_metrics_app(
            metrics,
            queue=mails.queue,
            waiting=lambda: admission.waiting,
            # A failure explains more than the trouble that follows it.
            trouble=lambda: supervisor.failure or admission.trouble or supervisor.trouble,
        )
        metrics_url = _url(monitored) if monitored else ""
        where = Listening(_url(listener, tls=bool(tls)), runtime.ses.clients.region, metrics_url)
        app = partial(
            _relay_app, runtime, ring=ring, admission=admission, metrics=metrics, warn=warn
        )
        served = _Served(app, monitor, listener, monitored, tls)
        watched = _Watched(lambda: admission.failure or supervisor.failure, admission.drain)
        try:
            admission.start()
            supervisor.start()
            asyncio.run(_running(runtime, served, lambda: announce(where), watched))
        finally:
            admission.close()
            supervisor.close()
    if watched.failure:
        raise SestuiError(watched.failure)


@dataclass(frozen=True, slots=True)
class _Served:
    """The apps with their sockets."""

    app: Callable[[Proxy], ASGIApp]
    """Makes the relay's app, which needs the running event loop."""
    monitor: ASGIApp
    listener: socket.socket
    monitored: socket.socket | None
    tls: dict[str, str]


@dataclass(slots=True)
class _Watched:
    """The background threads."""

    failed: Callable[[], str]
    """Returns why a thread has failed; '' if none has."""
    drain: Callable[[], None]
    """Stops admission."""
    failure: str = ""
    """Why the relay had to stop; '' for a signal."""

    async def until_failed(self) -> None:
        """Return when a thread has failed."""
        while not self.failure:
            await asyncio.sleep(_WATCH_SECONDS)
            self.failure = self.failed()


def _relay_app(
    runtime: Runtime,
    proxy: Proxy,
    *,
    ring: Keyring,
    admission: RelayAdmission,
    metrics: Metrics,
    warn: Callable[[str], None],
) -> RelayApp:
    settings, clock = runtime.settings, runtime.clock
    return RelayApp(
        ring=ring,
        admission=admission,
        metrics=metrics,
        rules=Rules(settings.relay_recipients, settings.configuration_set),
        operations=Operations(),
        region=runtime.ses.clients.region,
        clock=clock,
        full=DiskGuard(_folder_of(runtime.database), clock).problem,
        warn=warn,
        proxy=proxy,
    )


def _admission(runtime: Runtime, mails: RelayedMails, place: WorkerRegistration) -> RelayAdmission:
    settings, database, clock = runtime.settings, runtime.database, runtime.clock
    account, rule = runtime.ses.reader.key, settings.quota_rule
    ledger = Ledger(database, account=account, worker=place.id, quota_rule=rule, clock=clock)
    store = AdmissionStore(
        database, ledger, account=account, worker=place.id, quota_rule=rule, clock=clock
    )
    return RelayAdmission(
        store,
        mails,
        runtime.ses.gateway(),
        runtime.account,
        heartbeat=place,
        clock=clock,
        senders=settings.senders,
        patience=settings.relay_wait,
    )


async def _running(
    runtime: Runtime, served: _Served, started: Callable[[], None], watched: _Watched
) -> None:
    async with open_proxy(runtime.ses.clients, by_proxy=not runtime.ses.simulated) as proxy:
        door = QuietServer(_config(served.app(proxy), served.tls))
        monitor = QuietServer(_config(served.monitor, {}))

        def stop() -> None:
            watched.drain()
            door.should_exit = True

        serving = asyncio.ensure_future(_serving(door, monitor, served))
        watching = asyncio.ensure_future(watched.until_failed())
        watching.add_done_callback(lambda done: None if done.cancelled() else stop())
        try:
            async with stopped_by_signal(stop):
                servers = [door] if served.monitored is None else [door, monitor]
                while not (all(each.started for each in servers) or serving.done()):
                    await asyncio.sleep(0.01)
                started()
                await serving
        finally:
            watching.cancel()


async def _serving(door: Server, monitor: Server, served: _Served) -> None:
    """Serve until the relay has ended; the monitor runs until then."""
    if served.monitored is None:
        await door.serve([served.listener])
        return
    beside = asyncio.ensure_future(monitor.serve([served.monitored]))
    try:
        await door.serve([served.listener])
    finally:
        monitor.should_exit = True
        await beside


def _config(app: ASGIApp, tls: dict[str, str]) -> Config:
    return quiet_config(
        app,
        http=GuardedProtocol,
        keep_alive=_KEEP_ALIVE_SECONDS,
        drain=_DRAIN_SECONDS,
        proxy_headers=False,
        date_header=False,  # answers have their own date, or SES's
        limit_concurrency=_MOST_CONNECTIONS,
        ssl_certfile=tls.get("certificate"),
        ssl_keyfile=tls.get("key"),
    )


def _tls(options: Options) -> dict[str, str]:
    if options.certificate is None and options.key is None:
        return {}
    if options.certificate is None or options.key is None:
        raise SettingsError("TLS needs both files: --tls-cert and --tls-key.")
    for path in (options.certificate, options.key):
        if not path.is_file():
            raise SettingsError(f"{path} does not exist, or is not a file.")
    return {"certificate": str(options.certificate), "key": str(options.key)}


def _folder_of(database: Database) -> Path | None:
    """The folder of a SQLite database, links resolved; None for other databases."""
    if not database.is_sqlite:
        return None
    return Path(os.path.realpath(str(database.url.database))).parent


def _listening(host: str, port: int) -> AbstractContextManager[socket.socket]:
    """A listening socket."""

    def refused(why: str) -> Exception:
        return AccountUnreachableError(
            f"The relay can't listen on {host} port {port}: {why}; choose another with --port."
        )

    return listening(host, port, refused)


def _maybe_listening(host: str, port: int | None) -> AbstractContextManager[socket.socket | None]:
    """A listening socket; None if ``port`` is None."""
    return nullcontext() if port is None else _listening(host, port)


def _url(listener: socket.socket, *, tls: bool = False) -> str:
    scheme = "https" if tls else "http"
    host, port = listener.getsockname()[:2]
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"
