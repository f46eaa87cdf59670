"""Calls that are passed on: a signature's second call gets the first one's answer."""

import asyncio
from contextlib import suppress

import pytest

from sestui.relay.keyring import KnownKey
from sestui.relay.replay_cache import ReplayCache
from sestui.relay.requests import Caller
from sestui.ses_api.relay_admission import Terms
from sestui.ses_api.sigv4 import Received
from sestui.ses_api.wire import ServiceError
from tests.support.clocks import FakeClock

KEY = KnownKey("shop", "secret", (), calls=None, terms=Terms("SRLYTEST", 1))


class Ses:
    """Answers each call with its number; ``status`` and ``padding`` as it is told."""

    def __init__(self):
        self.calls = 0
        self.status = 200
        self.padding = b""
        self.hold = None

    async def passed(self, received, body, send):
        self.calls += 1
        answer = str(self.calls).encode()
        if self.hold is not None:
            await self.hold.wait()
        if self.status == 503:
            raise ServiceError(503, "ServiceUnavailable", "SES does not answer.")
        start = {"type": "http.response.start", "status": self.status, "headers": []}
        await send(start)
        await send({"type": "http.response.body", "body": answer, "more_body": True})
        await send({"type": "http.response.body", "body": self.padding})
        return self.status


class Door:
    """The way through, with what came out of it."""

    def __init__(self):
        self.ses, self.clock = Ses(), FakeClock()
        self.once = ReplayCache(self.ses, self.clock)

    async def ask(self, signature="s", *, name="", age=60.0):
        headers = (("amz-sdk-invocation-id", name),) if name else ()
        received = Received("POST", "/v2/email/identities", "", headers, "0" * 64)
        said = []

        async def send(message):
            said.append(message)

        caller = Caller(KEY, KEY.terms.id, signature, age, 900 - age)
        status = await self.once.passed(received, caller, b"", send)
        assert (said[0]["type"], said[0]["status"]) == ("http.response.start", status)
        return b"".join(message["body"] for message in said[1:])


@pytest.fixture
def door():
    return Door()


async def test_the_same_signature_has_the_same_answer_as_long_as_it_is_good(door):
    assert [await door.ask() for _ in range(3)] == [b"1"] * 3
    assert await door.ask("other") == b"2"
    assert await door.ask(name="given anew") == b"1"
    door.clock.advance(901)
    assert await door.ask("third") == b"3"
    assert await door.ask() == b"4"


async def test_calls_of_one_second_are_told_apart_by_their_names(door):
    assert [await door.ask(name=name, age=0) for name in "abab"] == [b"1", b"2", b"1", b"2"]
    assert [await door.ask(age=0) for _ in range(2)] == [b"1"] * 2


async def test_a_replay_of_a_call_under_way_waits_for_its_answer(door):
    door.ses.hold = asyncio.Event()
    calls = [asyncio.ensure_future(door.ask()) for _ in range(3)]
    await asyncio.sleep(0)
    door.ses.hold.set()
    assert await asyncio.gather(*calls) == [b"1"] * 3


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_what_ses_did_not_take_may_be_made_again(door, status):
    door.ses.status = status
    with suppress(ServiceError):
        await door.ask()
    door.ses.status = 200
    assert await door.ask() == b"2"
    assert await door.ask() == b"2"


async def test_an_answer_too_long_to_be_kept_is_not_told_again(door):
    door.ses.padding = b"x" * 70_000
    assert len(await door.ask()) > 70_000
    with pytest.raises(ServiceError, match="made before") as caught:
        await door.ask()
    assert caught.value.status == 403
    assert door.ses.calls == 1


async def test_memory_is_bounded_and_what_is_forgotten_is_refused(door):
    door.ses.padding = b"x" * 60_000
    for number in range(400):
        await door.ask(f"s{number}")
    kept = refused = 0
    for number in range(400):
        try:
            await door.ask(f"s{number}")
            kept += 1
        except ServiceError:
            refused += 1
    assert door.ses.calls == 400
    assert kept * 60_000 < 17 * 1024 * 1024
    assert refused
