"""Outages that need a look inside: from the very first mail on, threads that can't be started."""

import itertools
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest

from sestui.core.delivery.states import RunState, WaitReason
from sestui.runtime import Runtime
from sestui.sender_setup import open_engine
from sestui.sending.engine.batching import Mode
from sestui.sending.engine.loop import Limits
from sestui.sending.engine.report import SenderReport
from sestui.simulator.api.faults import checked_fault
from sestui.simulator.launch import SimulatorProcess, start_simulator
from sestui.store.db.tables import Run
from tests.support.certificates import self_signed
from tests.support.middle import Middle
from tests.support.outages import most_in_doubt
from tests.support.seeding import addresses, checked_counts
from tests.support.workspaces import World, until

RATE = 100
OF_TLS = ("plain_text_on_tls", "reset_in_handshake", "handshake_hangs", "handshake_trickles")


@dataclass
class NoThreads:
    """Whether the system is out of threads, and how often one was asked for meanwhile."""

    out: threading.Event = field(default_factory=threading.Event)
    asked: int = 0


class Underway:
    """An engine of this process, behind a middle, that sends to so many recipients."""

    def __init__(
        self, world: World, server: SimulatorProcess, middle: Middle, recipients: int
    ) -> None:
        self.world, self.server, self.middle = world, server, middle
        self.runtime: Runtime = world.runtime()
        self.emails = addresses(recipients)
        self.run: Run = world.started(self.runtime, self.emails)
        self.error: BaseException | None = None
        self.troubles: list[str] = []
        """What the engine said was wrong."""
        self.ready, self.go = threading.Event(), threading.Event()
        self._lasting = 30.0
        self._thread = threading.Thread(target=self._send)

    def start(self, *, lasting: float = 30.0) -> None:
        """Start it; it has asked SES of the account and waits for :attr:`go`."""
        self._lasting = lasting
        self._thread.start()
        assert self.ready.wait(30)

    def _send(self) -> None:
        try:
            limits = Limits(mode=Mode.SINGLE, lasting_seconds=self._lasting)
            with open_engine(self.runtime, limits, report=self._hear) as engine:
                self.ready.set()
                self.go.wait(30)
                engine.run()
        except BaseException as error:  # noqa: BLE001 - the test looks at it
            self.error = error
        finally:
            self.ready.set()

    def _hear(self, report: SenderReport) -> None:
        if report.trouble:
            self.troubles.append(report.trouble)

    def accepted(self) -> int:
        return int(self.world.account.stats()["accepted"])

    def until(self, happened: Callable[[], bool], seconds: float = 60) -> None:
        until(lambda: happened() or not self._thread.is_alive(), seconds)
        assert self._thread.is_alive(), self.error

    def state(self) -> Run:
        return self.runtime.runs.get(self.run.id)

    def ended(self, doubts: int = 0, *, seconds: float = 120) -> None:
        """It ends by itself: all are sent, but for so many in doubt at the most."""
        self._thread.join(seconds)
        assert not self._thread.is_alive()
        assert self.error is None
        counts = checked_counts(self.runtime.database, self.run.id)
        assert counts.in_doubt <= doubts
        assert counts.accepted + counts.in_doubt == len(self.emails)
        outbox = self.world.outbox()
        assert set(outbox.values()) == {1}
        assert counts.accepted <= len(outbox)

    def stop(self) -> None:
        self.go.set()
        if self._thread.ident is not None:
            self._thread.join(90)


@pytest.fixture
def underway(tmp_path, monkeypatch) -> Iterator[Callable[..., Underway]]:
    """Make an engine whose SES is behind a middle."""
    made: list[Underway] = []
    folder = tmp_path / "account"
    folder.mkdir()

    def make(recipients: int, *, tls: bool = False, **settings: object) -> Underway:
        context = tls_of_its_own(tmp_path, monkeypatch) if tls else None
        server = start_simulator(folder, rate=RATE, latency=0.0)
        middle = Middle(server.endpoint_url, latency=0.04, spread=0.02, context=context)
        monkeypatch.setenv("AWS_ENDPOINT_URL_SESV2", middle.url)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", server.access_key_id)
        the_world = World(tmp_path / "workspace", folder, account="ses", **settings)
        made.append(Underway(the_world, server, middle, recipients))
        return made[-1]

    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "CHAOS")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    yield make
    for each in made:
        each.middle.behave()
        each.stop()
        each.world.close()
        each.middle.close()
        each.server.stop()


def tls_of_its_own(folder: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    certificate, key = self_signed(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    monkeypatch.setenv("AWS_CA_BUNDLE", str(certificate))
    return context


def few(default: tuple[str, ...], *others: str) -> list[object]:
    """Kinds of outages: a few for each run, the others for long ones."""
    return [*default, *(pytest.param(kind, marks=pytest.mark.long) for kind in others)]


@pytest.mark.parametrize(
    "kind",
    few(
        ("refused", "plain_text_on_tls"),
        *("reset_in_handshake", "handshake_hangs", "handshake_trickles", "unanswered"),
    ),
)
def test_what_never_connected_leaves_nobody_in_doubt(underway, kind):
    made = underway(60, tls=kind in OF_TLS)
    made.start()
    made.middle.behave(kind)
    made.go.set()
    made.until(lambda: made.troubles)
    assert made.accepted() == 0
    made.middle.behave()
    made.ended(doubts=0)


@pytest.mark.parametrize(
    "kind",
    few(("html_502",), "closed_at_accept", "reset_after", "login_redirect", "black_hole", "portal"),
)
def test_from_the_first_mail_on(underway, kind):
    made = underway(100)
    made.start()
    made.middle.behave(kind)
    made.go.set()
    made.until(lambda: made.troubles)
    made.middle.behave()
    made.ended(doubts=most_in_doubt())


@pytest.mark.long
@pytest.mark.ci
@pytest.mark.parametrize("kind", few(("html_502", "login_redirect"), "refused", "black_hole"))
def test_a_lasting_outage_makes_the_run_wait_and_it_goes_on_by_itself(underway, kind):
    made = underway(200)
    made.start(lasting=1.0)
    made.go.set()
    made.until(lambda: made.accepted() >= 50)
    made.middle.behave(kind)
    made.until(lambda: made.state().state == RunState.WAITING)
    assert made.state().reason == WaitReason.ACCOUNT
    assert made.state().detail.startswith("SES can't accept mail at the moment")
    assert made.state().detail.endswith("continues when it answers.")
    made.middle.behave()
    made.ended(doubts=most_in_doubt())
    assert made.state().state == RunState.FINISHED


@pytest.fixture
def no_threads(monkeypatch) -> Iterator[NoThreads]:
    """The system, when it is out of threads."""
    system = NoThreads()
    start = threading.Thread.start

    def refused(thread: threading.Thread) -> None:
        if system.out.is_set() and thread.name.startswith("sestui-"):
            system.asked += 1
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", refused)
    yield system
    system.out.clear()


@pytest.mark.long
@pytest.mark.ci
@pytest.mark.parametrize("after", [0, 30])
def test_no_thread_can_be_started_for_a_while(underway, no_threads, after):
    made = underway(100)
    made.start()
    if after:
        made.go.set()
        made.until(lambda: made.accepted() >= after)
    no_threads.out.set()
    made.middle.behave("reset_at_accept")  # so that new connections are needed
    made.middle.behave()
    made.go.set()
    made.until(lambda: no_threads.asked >= 3)
    no_threads.out.clear()
    made.ended(doubts=most_in_doubt() if after else 0)


@pytest.mark.parametrize(
    ("throttled", "failing"),
    [
        pytest.param(1, 1, marks=[pytest.mark.long, pytest.mark.ci]),
        pytest.param(30, 4, marks=[pytest.mark.long, pytest.mark.timeout(900)]),
    ],
)
def test_nobody_is_rejected_because_ses_is_ill(underway, throttled, failing):
    """So many seconds of nothing but throttling, and then of nothing but failures."""
    made = underway(300 if throttled > 1 else 100)
    made.start()
    made.go.set()
    made.until(lambda: made.accepted() >= 50)
    for kind, seconds in (("throttle", throttled), ("error_500", failing)):
        made.world.account.add_fault(checked_fault(kind))
        threading.Event().wait(seconds)
        made.until(lambda: made.world.account.faults()[0]["fired"] >= 3)
        made.world.account.clear_faults()
    made.ended(doubts=0, seconds=600)


@pytest.mark.long
@pytest.mark.ci
def test_commits_that_nobody_can_tell_of_reject_nobody(underway, postgres_database, monkeypatch):
    """A database server falls silent while it commits, again and again: it did, or it did not."""
    made = underway(60, database_url=postgres_database.url.render_as_string(hide_password=False))
    made.start()
    dialect, numbers = made.runtime.database.engine.dialect, itertools.count(1)
    commit = dialect.do_commit

    def committed(connection) -> None:
        number = next(numbers)
        if number % 8 != 2:
            commit(connection)
        if number % 8 in {1, 2}:
            connection.driver_connection.close()
            raise psycopg.OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(dialect, "do_commit", committed)
    made.go.set()
    made.ended(doubts=0)
    assert next(numbers) > 10
