"""The network fails, in every way that networks fail: an outage costs seconds, not recipients.

What stands between sestui and SES is told to fail while a campaign is under way, and to be well
again. The simulator behind it counts what SES really took.
"""

import os
import signal
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sestui.core.clock import SystemClock
from sestui.core.delivery.states import PauseReason, RunState, WaitReason
from sestui.errors import EXIT_DONE, EXIT_FAILED, EXIT_NEEDS_OPERATOR
from tests.support.certificates import self_signed
from tests.support.middle import AT_THE_DOOR, NOT_PASSED_ON, PASSED_ON, Middle
from tests.support.outages import most_in_doubt
from tests.support.processes import Scene
from tests.support.seeding import checked_counts
from tests.support.workspaces import until

RATE = 200
CALM_RATE = 100
"""On a busy machine answers take longer, and more is in flight: half the rate, as many doubts."""

UNDER_WAY = RATE * 0.25
"""Mails that may be between claim and ledger at any instant."""

OF_TLS = tuple(kind for kind in AT_THE_DOOR if "handshake" in kind or "tls" in kind)


def stood_still(count: Callable[[], int], seconds: float = 1.0) -> None:
    """Wait until ``count`` has been the same for a second, and at least so many seconds."""
    clock, pause = SystemClock(), threading.Event()
    began = since = clock.monotonic()
    before = count()
    while min(clock.monotonic() - since, clock.monotonic() - began - seconds + 1.0) < 1.0:
        pause.wait(0.05)
        if (now := count()) != before:
            before, since = now, clock.monotonic()


class Behind:
    """A campaign whose SES is behind something that fails."""

    def __init__(self, scene: Scene, folder: Path, *, tls: bool, **middle: float) -> None:
        self.scene = scene
        scene.serve()
        context, environment = None, {}
        if tls:
            certificate, key = self_signed(folder)
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate, key)
            environment = {"AWS_CA_BUNDLE": str(certificate)}
        self.middle = Middle(scene.endpoint, context=context, **middle)
        scene.go_by(self.middle.url, **environment)

    def send(self, *, accepted: int):
        """`sestui send`, and so many mails accepted."""
        process = self.scene.process("send", "news")
        self.go_on(process, accepted)
        return process

    def go_on(self, process, more: int) -> None:
        """Wait until so many more are accepted."""
        goal = self.scene.accepted() + more
        until(lambda: self.scene.accepted() >= goal or process.poll() is not None, 60)
        assert process.poll() is None, self.scene.said()

    def outage(self, kind: str, process, *, seconds: float = 0.0, sending_only: bool = False):
        """One outage of that kind, until nothing leaves any more and for so many seconds."""
        self.middle.behave(kind, sending_only=sending_only)
        stood_still(self.scene.accepted, seconds)
        assert process.poll() is None, self.scene.said()
        self.middle.behave()

    def ended(self, process, *, outages: int = 1, beside: float = 0) -> int:
        """Wait for the end; nobody lost, nobody twice; how many are in doubt."""
        code = process.wait(180)
        self.scene.check_accounts()
        counts = checked_counts(self.scene.runtime.database, self.scene.run.id)
        assert counts.in_doubt <= most_in_doubt() * outages + beside
        assert (counts.rejected, counts.pending, counts.sending) == (0, 0, 0)
        assert code == (EXIT_NEEDS_OPERATOR if counts.in_doubt else EXIT_DONE), self.scene.said()
        return counts.in_doubt

    @property
    def run(self):
        return self.scene.runtime.runs.get(self.scene.run.id)


@pytest.fixture
def behind(scene, tmp_path) -> Iterator[Callable[..., Behind]]:
    """Make a campaign to so many recipients behind what may fail."""
    made: list[Behind] = []

    def make(recipients: int, *, rate: float = CALM_RATE, tls: bool = False, **middle: float):
        the_scene = scene(recipients, rate=rate, latency=0.0, mode="single")
        made.append(Behind(the_scene, tmp_path, tls=tls, **middle))
        return made[-1]

    yield make
    for each in made:
        each.middle.close()


BRIEF = ("reset_before", "html_502", "refused", "portal", "login_redirect", "truncated")


@pytest.mark.long
@pytest.mark.ci
def test_outages_one_after_another(behind):
    made = behind(700)
    process = made.send(accepted=50)
    for kind in BRIEF:
        made.outage(kind, process)
        made.go_on(process, 50)
    made.ended(process, outages=len(BRIEF))
    assert "SES can't accept mail at the moment" in made.scene.said()


@pytest.mark.long
@pytest.mark.ci
def test_nothing_answers_any_more(behind):
    made = behind(300)
    process = made.send(accepted=50)
    made.outage("black_hole", process)
    made.ended(process)


@pytest.mark.long
@pytest.mark.ci
def test_only_the_sending_calls_fail(behind):
    made = behind(300)
    process = made.send(accepted=50)
    made.outage("coded_504_after", process, sending_only=True)
    made.ended(process)


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("sending_only", [False, True])
@pytest.mark.parametrize("kind", [*AT_THE_DOOR, *NOT_PASSED_ON, *PASSED_ON])
def test_an_outage_of_a_quarter_of_a_minute(behind, kind, sending_only):
    if kind in AT_THE_DOOR and sending_only:
        pytest.skip("no door tells what is asked behind it")
    made = behind(5_000, rate=RATE, tls=kind in OF_TLS)
    process = made.send(accepted=1_000)
    made.outage(kind, process, seconds=15, sending_only=sending_only)
    made.go_on(process, 100)  # not at the end of the 20 s that some calls hang
    made.ended(process)


LONG = pytest.mark.long


@pytest.mark.long
@pytest.mark.ci
@pytest.mark.parametrize(
    "kind", ["html_502", *(pytest.param(kind, marks=LONG) for kind in ("black_hole", "refused"))]
)
def test_killed_in_an_outage(behind, kind):
    made = behind(300)
    process = made.send(accepted=50)
    made.middle.behave(kind)
    stood_still(made.scene.accepted)
    os.kill(process.pid, signal.SIGKILL)
    process.wait(30)
    made.middle.behave()
    made.ended(made.send(accepted=1), beside=UNDER_WAY)


def in_an_outage(made: Behind, *command: str, code: int) -> None:
    """The operator's command ends `sestui send` with that code, though SES is silent."""
    process = made.send(accepted=50)
    made.middle.behave("html_502")
    stood_still(made.scene.accepted)
    assert made.scene.process(*command).wait(30) == 0, made.scene.said()
    assert process.wait(60) == code, made.scene.said()
    made.middle.behave()


@pytest.mark.long
@pytest.mark.ci
def test_a_pause_is_obeyed_in_an_outage(behind):
    made = behind(300)
    in_an_outage(made, "campaign", "pause", "news", code=EXIT_NEEDS_OPERATOR)
    assert (made.run.state, made.run.reason) == (RunState.PAUSED, PauseReason.OPERATOR)
    assert made.scene.process("campaign", "resume", "news").wait(30) == 0, made.scene.said()
    made.ended(made.send(accepted=1))


@pytest.mark.long
@pytest.mark.ci
def test_a_cancel_is_obeyed_in_an_outage(behind):
    made = behind(300)
    in_an_outage(made, "campaign", "cancel", "news", "--yes", code=EXIT_FAILED)
    counts = checked_counts(made.scene.runtime.database, made.scene.run.id)
    assert (made.run.state, counts.pending, counts.sending) == (RunState.CANCELLED, 0, 0)
    assert counts.in_doubt <= most_in_doubt()
    outbox = made.scene.world.outbox()
    assert set(outbox.values()) == {1}
    assert counts.accepted <= len(outbox) <= counts.accepted + counts.in_doubt


@pytest.mark.long
@pytest.mark.timeout(300)
@pytest.mark.parametrize("kind", ["refused", "html_502", "black_hole", "login_redirect"])
def test_a_long_outage_makes_the_run_wait_and_say_why(behind, kind):
    made = behind(600)
    process = made.send(accepted=100)
    made.middle.behave(kind)
    until(lambda: made.run.state == RunState.WAITING or process.poll() is not None, 60)
    assert process.poll() is None, made.scene.said()
    assert made.run.reason == WaitReason.ACCOUNT
    assert made.run.detail.startswith("SES can't accept mail at the moment")
    assert made.run.detail.endswith("continues when it answers.")
    made.middle.behave()
    made.ended(process)


@pytest.mark.long
@pytest.mark.timeout(300)
@pytest.mark.parametrize("kind", ["drip", "swallowed"])
def test_calls_that_hang_hold_nobody_up(behind, kind):
    """A tenth of the calls hangs for the 20 s that a call has; the others keep most of the rate."""
    made = behind(6_000, rate=RATE)
    process = made.send(accepted=400)
    made.middle.behave(kind, share=0.1, sending_only=True)
    clock, pause = SystemClock(), threading.Event()
    began, before = clock.monotonic(), made.scene.accepted()
    while clock.monotonic() - began < 25:
        pause.wait(0.1)
    reached = (made.scene.accepted() - before) / (clock.monotonic() - began)
    made.middle.behave()
    made.ended(process, outages=0, beside=0.15 * 6_000)
    assert reached >= 0.8 * RATE
