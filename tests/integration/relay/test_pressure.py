"""When there is too much, too little room, or nobody left to answer."""

import http.client
import json
import re
import sqlite3
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from sestui.relay.disk_guard import DiskGuard
from tests.support.certificates import self_signed
from tests.support.clocks import FakeClock
from tests.support.relay import Relay, Ses, said, simple, simple_v1
from tests.support.workspaces import until


@pytest.fixture(scope="module")
def make(ses: Ses, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Relay]]:
    """A relay with these options and settings; they end with the module."""
    made: list[Relay] = []

    def start(*options: str, rate: float = 1000, quota: int = -1, **settings: str) -> Relay:
        ses.account.reset()
        ses.account.configure(rate=rate, quota=quota)
        folder = tmp_path_factory.mktemp("relay")
        made.append(Relay(folder, ses.process.endpoint_url, ses.credentials | settings))
        made[-1].start(*options)
        return made[-1]

    yield start
    for each in made:
        each.close()


def outcome(call: Callable[[], Any]) -> str:
    try:
        call()
    except ClientError as error:
        return said(error)[1]
    return "taken"


@pytest.mark.long
@pytest.mark.ci
def test_a_ledger_that_cannot_be_written_refuses_before_anything_is_taken(relay, ses):
    client = relay.client("sesv2")
    client.send_email(**simple("before@x.org"))
    with closing(sqlite3.connect(relay.folder / "sestui.db", isolation_level=None)) as locked:
        locked.execute("BEGIN IMMEDIATE")
        assert outcome(lambda: client.send_email(**simple("x@x.org"))) == "ServiceUnavailable"
    client.send_email(**simple("after@x.org"))
    assert set(ses.account.addresses()) == {"before@x.org", "after@x.org"}


def healthy(url):
    try:
        with urllib.request.urlopen(f"{url}/healthz") as answer:
            return json.load(answer) == {"status": "ok"}
    except urllib.error.HTTPError as error:
        error.close()
        return error.code != 503


def test_health_is_told_on_a_port_of_its_own(relay):
    health = f"http://127.0.0.1:{relay.metrics_port}"
    until(lambda: healthy(health))  # after the test before, when the ledger was locked
    for url in (f"{relay.url}/healthz", f"{relay.url}/metrics"):
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(url)
        assert caught.value.code == 403
        caught.value.close()


@pytest.mark.long
@pytest.mark.ci
def test_who_waits_too_long_or_leaves_sends_nothing(make, ses):
    relay = make(rate=2, SESTUI_RELAY_WAIT="2")
    v2, v1 = relay.client("sesv2"), relay.client("ses")
    with ThreadPoolExecutor(16) as pool:
        calls = [
            pool.submit(outcome, lambda n=n: v2.send_email(**simple(f"r{n}@x.org")))
            for n in range(8)
        ]
        calls += [
            pool.submit(outcome, lambda n=n: v1.send_email(**simple_v1(f"s{n}@x.org")))
            for n in range(8)
        ]
        outcomes = [call.result() for call in calls]
    taken = outcomes.count("taken")
    assert 1 <= taken < 8
    assert set(outcomes) == {"taken", "TooManyRequestsException", "Throttling"}
    assert len(relay.deliveries()) == len(ses.to()) == taken
    assert ses.account.account().throttled == 0
    assert 'outcome="TooManyRequestsException"' in relay.figures()
    slow = simple("slow@x.org")
    slow["Destination"]["CcAddresses"] = ["a@x.org", "b@x.org"]
    v2.send_email(**slow)  # the next slot is one and a half seconds away
    hasty = relay.client("sesv2", read_timeout=0.2)
    with pytest.raises(ReadTimeoutError):
        hasty.send_email(**simple("gone@x.org"))
    v2.send_email(**simple("after@x.org"))
    assert {row.email for row in relay.deliveries()} == set(ses.account.addresses())
    assert "after@x.org" in ses.account.addresses()
    assert "gone@x.org" not in ses.account.addresses()


@pytest.mark.long
@pytest.mark.ci
def test_at_the_quota_nothing_is_taken_and_what_was_taken_waits(make, ses):
    relay = make(quota=130, SESTUI_RELAY_RECIPIENTS="200")
    client = relay.client("sesv2")
    to = [f"r{number}@x.org" for number in range(120)]  # more than SES takes in a call
    client.send_email(**simple(*to))
    relay.until_idle()
    assert ses.account.addresses() == dict.fromkeys(to, 1)
    client.send_email(**simple(*[f"s{number}@x.org" for number in range(15)]))
    until(lambda: relay.run().accepted == 130)
    assert outcome(lambda: client.send_email(**simple("more@x.org"))) == "LimitExceededException"
    assert relay.run().pending == 5
    figures = dict(re.findall(r"^(sestui_relay_queue\w+) (\S+)$", relay.figures(), re.MULTILINE))
    assert figures["sestui_relay_queue_depth"] == "5.0"
    assert float(figures["sestui_relay_queue_age_seconds"]) > 0
    assert ses.account.account().over_quota == 0


def test_a_disk_without_room_is_said_before_anything_is_taken(tmp_path, monkeypatch):
    clock = FakeClock()
    guard = DiskGuard(tmp_path, clock)
    assert guard.problem() == ""
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 1})())
    clock.advance(2)
    assert "full" in guard.problem()
    assert DiskGuard(None, clock).problem() == ""


@pytest.mark.long
@pytest.mark.ci
def test_asked_to_stop_it_sends_those_away_who_wait(make, ses):
    relay = make(rate=1, SESTUI_RELAY_WAIT="60")
    client = relay.client("sesv2")
    # One only: of two, SES itself may refuse the second where they come closer than they left.
    client.send_email(**simple("r@x.org"))
    with ThreadPoolExecutor(4) as pool:
        calls = [
            pool.submit(outcome, lambda n=n: client.send_email(**simple(f"w{n}@x.org")))
            for n in range(4)
        ]
        until(lambda: "sestui_relay_waiting_clients 0.0" not in relay.figures())
        assert relay.stop() == 0
        outcomes = {call.result() for call in calls}
    assert "ServiceUnavailable" in outcomes
    assert outcomes <= {"ServiceUnavailable", "taken"}
    assert (relay.run().sending, relay.run().in_doubt) == (0, 0)


@pytest.mark.long
@pytest.mark.ci
def test_with_tls(make, tmp_path):
    certificate, key = self_signed(tmp_path)
    relay = make("--tls-cert", str(certificate), "--tls-key", str(key))
    client = relay.client(
        "sesv2", endpoint_url=f"https://localhost:{relay.port}", verify=str(certificate)
    )
    assert client.send_email(**simple("a@x.org"))["MessageId"]
    context = ssl.create_default_context(cafile=str(certificate))
    connection = http.client.HTTPSConnection("localhost", relay.port, context=context)
    connection.request("GET", "/")
    assert connection.getresponse().status == 403
    connection.close()
