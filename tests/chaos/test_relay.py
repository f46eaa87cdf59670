"""The relay killed at the worst instants, and crowded: nobody lost, nobody twice, the rate held.

Who got what is read from the simulated SES's own outbox.
"""

import json
import random
import threading
import urllib.error
import urllib.request
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from sestui.core.clock import SystemClock
from sestui.core.delivery.states import DeliveryState
from tests.support.between import SILENCES, Between
from tests.support.outages import most_in_doubt
from tests.support.relay import Relay, Ses, said, simple
from tests.support.workspaces import check_pace, until

CHUNK = 25
"""A quarter second of sending at 100/s: what the sender may have in flight at a kill, beside a
call for each client."""


@pytest.fixture
def scene(tmp_path):
    """A relay over an SES of so much a second."""
    opened = []

    def make(*, rate, latency=0.02, by=None, **settings):
        ses = Ses.started(tmp_path / "ses", rate=rate, latency=latency)
        url = ses.process.endpoint_url
        if by is not None:
            opened.append(between := by(url))
            url = between.url
        relay = Relay(tmp_path / "relay", url, ses.credentials | settings)
        opened.extend((relay, ses))
        relay.start()
        return (relay, ses) if by is None else (relay, ses, between)

    yield make
    for each in reversed(opened):
        each.close()


def everybody(count, prefix="r"):
    return [f"{prefix}{number:03d}@x.org" for number in range(count)]


def received(ses):
    """How often SES accepted each address."""
    return ses.account.addresses()


def health(relay):
    """What the relay says of itself."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{relay.metrics_port}/healthz") as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return json.load(error)


def check(relay, ses):
    """The ledger says of each what SES knows."""
    counts = received(ses)
    assert set(counts.values()) <= {1}, "somebody got it twice"
    for row in relay.deliveries():
        got = counts.get(row.email, 0)
        if row.state == DeliveryState.ACCEPTED:
            assert got == 1, row.email
        elif row.state != DeliveryState.IN_DOUBT:
            assert got == 0, (row.email, row.state)


@pytest.mark.long
@pytest.mark.ci
def test_killed_right_after_the_reply_everybody_gets_it_once(scene):
    relay, ses = scene(rate=60)
    to = everybody(50)
    client = relay.client("sesv2")
    message_id = client.send_email(**simple(*to))["MessageId"]
    relay.kill()
    assert ses.account.mail(message_id)["recipients"] == [to[0]]
    assert len(received(ses)) < 25
    relay.run_due()  # whoever continues runs continues these too
    assert received(ses) == dict.fromkeys(to, 1)
    assert all(len(each) == 1 for each in ses.to())
    states = Counter(row.state for row in relay.deliveries())
    # What the sender had in flight at the kill may be in doubt, however it ended.
    assert states[DeliveryState.ACCEPTED] + states[DeliveryState.IN_DOUBT] == 50
    check(relay, ses)


@pytest.mark.long
@pytest.mark.ci
def test_killed_in_the_middle_of_the_first_send_a_try_again_goes_on(scene):
    relay, ses = scene(rate=100, latency=0.6)
    to = everybody(10)
    client = relay.client("sesv2", retries={"total_max_attempts": 12, "mode": "standard"})
    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(client.send_email, **simple(*to))
        until(lambda: len(received(ses)) == 1)
        relay.kill()
        relay.start()
        answer = call.result(60)
    assert answer["MessageId"].startswith("sestui-relay-")
    relay.until_idle()
    assert received(ses) == dict.fromkeys(to, 1)
    [doubtful] = [row for row in relay.deliveries() if row.state == DeliveryState.IN_DOUBT]
    assert doubtful.email == to[0]
    stopped_in_the_middle(relay, ses)


def stopped_in_the_middle(relay, ses):
    """Asked to stop, it answers what is on its way; the rest goes on at the next start."""
    before = len(received(ses))
    to = everybody(5, "s")
    client = relay.client("sesv2")
    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(client.send_email, **simple(*to))
        until(lambda: len(received(ses)) == before + 1)
        assert relay.stop() == 0
        message_id = call.result(10)["MessageId"]
    assert message_id in {mail["message_id"] for mail in ses.account.outbox()}
    assert relay.run().in_doubt == 1  # the one from before
    relay.start()
    relay.until_idle()
    assert {email: received(ses)[email] for email in to} == dict.fromkeys(to, 1)
    assert relay.run().in_doubt == 1


def killed_again_and_again(relay, ses, *, kills, clients, chance, apart=(0.2, 1.2)):
    """Clients send all the time and try again, while the relay is killed so often.

    ``apart`` is the least and the most seconds from one start to the next kill.
    """
    over = threading.Event()
    answered: list[list[str]] = []
    given_up: list[list[str]] = []

    def work(number):
        retries = {"total_max_attempts": 8, "mode": "standard"}
        client = relay.client("sesv2", retries=retries, read_timeout=10)
        for each in count():
            if over.is_set():
                return
            to = everybody(1 + (each + number) % 4, f"c{number}m{each}r")
            try:
                client.send_email(**simple(*to))
            except (ClientError, BotoCoreError):
                given_up.append(to)
                over.wait(0.1)  # its SDK doesn't try again any more, having done so too often
            else:
                answered.append(to)

    with ThreadPoolExecutor(clients) as pool:
        working = [pool.submit(work, number) for number in range(clients)]
        try:
            for _ in range(kills):
                over.wait(chance.uniform(*apart))
                relay.kill()
                relay.start()
        finally:
            over.set()
        for each in working:
            each.result()
    relay.until_idle(120)
    return answered, given_up


def check_kills(relay, ses, answered, given_up, *, in_flight):
    counts = received(ses)
    check(relay, ses)
    in_doubt = {row.email for row in relay.deliveries() if row.state == DeliveryState.IN_DOUBT}
    for to in answered:
        for email in to:
            assert counts.get(email, 0) == 1 or email in in_doubt, f"{email} was lost"
    told = f"{len(answered)} answered, {len(given_up)} given up, {len(in_doubt)} in doubt"
    print(f"\n{told}")  # noqa: T201
    assert answered
    assert len(in_doubt) <= in_flight


@pytest.mark.long
@pytest.mark.ci
def test_a_few_kills_under_traffic(scene):
    relay, ses = scene(rate=100)
    done = killed_again_and_again(relay, ses, kills=2, clients=4, chance=random.Random(5))
    check_kills(relay, ses, *done, in_flight=2 * (CHUNK + 4))


@pytest.mark.long
@pytest.mark.timeout(1_800)
def test_fifty_kills_under_traffic(scene):
    relay, ses = scene(rate=100)
    done = killed_again_and_again(relay, ses, kills=50, clients=8, chance=random.Random(6))
    check_kills(relay, ses, *done, in_flight=50 * (CHUNK + 8))


@pytest.mark.long
@pytest.mark.timeout(1_800)
def test_a_hundred_clients_for_a_minute_through_four_kills(scene):
    relay, ses = scene(rate=200)
    done = killed_again_and_again(
        relay, ses, kills=4, clients=100, chance=random.Random(7), apart=(12, 17)
    )
    check_kills(relay, ses, *done, in_flight=4 * (2 * CHUNK + 100))


def crowded(relay, *, clients, seconds):
    """So many clients that send as fast as they are let; addresses by how their call ended."""
    clock = SystemClock()
    until_then = clock.monotonic() + seconds
    taken: list[str] = []
    throttled: list[str] = []
    client = relay.client("sesv2", max_pool_connections=clients)

    def work(number):
        for each in range(10_000):
            if clock.monotonic() > until_then:
                return
            to = everybody(1 + each % 3, f"p{number}m{each}r")
            try:
                client.send_email(**simple(*to))
            except ClientError as error:
                assert said(error) == (429, "TooManyRequestsException")  # noqa: PT017
                throttled.extend(to)
            else:
                taken.extend(to)

    with ThreadPoolExecutor(clients) as pool:
        for each in [pool.submit(work, number) for number in range(clients)]:
            each.result()
    return taken, throttled


def check_crowd(relay, ses, *, rate, clients, seconds):
    began = SystemClock().now()
    taken, throttled = crowded(relay, clients=clients, seconds=seconds)
    relay.until_idle(300)
    assert received(ses) == dict.fromkeys(taken, 1)
    check(relay, ses)
    stats = ses.account.stats(since=began)
    arrivals = [(mail["arrived_at"], 1) for mail in ses.account.outbox(limit=100_000)]
    pace = (stats["recipients"] - 1) / (stats["last_arrived_at"] - stats["first_arrived_at"])
    print(  # noqa: T201
        f"\n{clients} clients: {len(taken)} taken, {len(throttled)} throttled, "
        f"{pace:.1f}/s of {rate}/s, at most {stats['peak_per_second']} in a second"
    )
    assert stats["throttled"] == 0
    check_pace(arrivals, rate)


@pytest.mark.long
@pytest.mark.ci
def test_many_clients_at_once_are_held_to_the_rate(scene):
    relay, ses = scene(rate=40, SESTUI_RELAY_WAIT="2")
    check_crowd(relay, ses, rate=40, clients=25, seconds=3)


@pytest.mark.long
@pytest.mark.timeout(1_800)
def test_a_hundred_clients_for_a_minute(scene):
    relay, ses = scene(rate=40, SESTUI_RELAY_WAIT="5")
    check_crowd(relay, ses, rate=40, clients=100, seconds=60)


@pytest.mark.long
@pytest.mark.ci
@pytest.mark.parametrize("how", SILENCES)
def test_while_answers_tell_nothing_clients_are_told_to_come_back(scene, how):
    relay, ses, between = scene(rate=200, by=Between)
    client = relay.client("sesv2", max_pool_connections=200)
    client.send_email(**simple("before@x.org"))
    mails = [everybody(2, f"m{number}r") for number in range(200)]

    def told(to):
        try:
            client.send_email(**simple(*to))
        except ClientError as error:
            return said(error)
        return None

    between.instead = how
    with ThreadPoolExecutor(200) as pool:
        answers = dict(zip(map(tuple, mails), pool.map(told, mails), strict=True))
    back = [to for to, answer in answers.items() if answer is not None]
    assert {answers[to] for to in back} <= {
        (429, "TooManyRequestsException"),
        (503, "ServiceUnavailable"),
    }
    # A success was told for what may have arrived, and each of those is a doubt and no more.
    assert len(mails) - len(back) <= most_in_doubt()
    assert received(ses) == {"before@x.org": 1}
    between.instead = ""
    with ThreadPoolExecutor(20) as pool:
        list(pool.map(lambda to: until(lambda: told(to) is None, 120), back))
    relay.until_idle(120)
    in_doubt = {row.email for row in relay.deliveries() if row.state == DeliveryState.IN_DOUBT}
    print(  # noqa: T201
        f"\n{how}: {len(back)} of {len(mails)} told to come back, {len(in_doubt)} in doubt"
    )
    assert len(in_doubt) <= most_in_doubt()
    assert len(in_doubt) <= between.kept
    everyone = {"before@x.org"} | {email for to in mails for email in to}
    assert received(ses) == dict.fromkeys(everyone - in_doubt, 1)
    states = Counter((row.email, row.state) for row in relay.deliveries())
    assert {email for email, state in states if state == "accepted"} == everyone - in_doubt
    assert not any(state == DeliveryState.REJECTED for _, state in states)
    assert health(relay) == {"status": "ok"}
