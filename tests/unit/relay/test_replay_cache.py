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
    """Answers each call with its number; ``status`` as it is told, padded to ``size`` bytes."""

    def __init__(self):
        self.calls = 0
        self.status = 200
        self.size = 0
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
        await send({"type": "http.response.body", "body": b"x" * (self.size - len(answer))})
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


@pytest.mark.parametrize(("seconds", "answer"), [(841, b"1"), (841.5, b"3")])
async def test_a_second_after_a_signature_has_expired_its_answer_may_be_forgotten(
    door, seconds, answer
):
    await door.ask(age=60)
    door.clock.advance(seconds)
    assert await door.ask("another") == b"2"
    assert await door.ask() == answer


async def test_what_has_expired_is_forgotten_once_a_minute(door):
    await door.ask()
    door.clock.advance(800)
    await door.ask("sweeps")
    door.clock.advance(59)
    await door.ask("too early")
    assert await door.ask() == b"1"
    door.clock.advance(1)
    await door.ask("sweeps again")
    assert await door.ask() == b"5"


async def test_calls_of_one_second_are_told_apart_by_their_names(door):
    assert [await door.ask(name=name, age=0) for name in "abab"] == [b"1", b"2", b"1", b"2"]
    assert [await door.ask(age=0) for _ in range(2)] == [b"1"] * 2
    assert [await door.ask(name=name) for name in "bca"] == [b"2", b"1", b"1"]


async def test_a_replay_of_a_call_under_way_waits_for_its_answer(door):
    door.ses.hold = asyncio.Event()
    calls = [asyncio.ensure_future(door.ask()) for _ in range(3)]
    await asyncio.sleep(0)
    door.ses.hold.set()
    assert await asyncio.gather(*calls) == [b"1"] * 3


async def test_whoever_waits_for_a_call_that_fails_is_told_to_try_again(door):
    door.ses.hold, door.ses.status = asyncio.Event(), 503
    calls = [asyncio.ensure_future(door.ask()) for _ in range(2)]
    await asyncio.sleep(0)
    door.ses.hold.set()
    for error in await asyncio.gather(*calls, return_exceptions=True):
        assert (error.status, error.code) == (503, "ServiceUnavailable")
    assert door.ses.calls == 1


async def test_a_call_that_was_given_up_is_not_made_again(door):
    door.ses.hold = asyncio.Event()
    call = asyncio.ensure_future(door.ask())
    await asyncio.sleep(0)
    call.cancel()
    await asyncio.wait([call])
    assert not await kept(door, "s")
    assert door.ses.calls == 1


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_what_ses_did_not_take_may_be_made_again(door, status):
    door.ses.status = status
    with suppress(ServiceError):
        await door.ask()
    door.ses.status = 200
    assert await door.ask() == b"2"
    assert await door.ask() == b"2"


KIB_64 = 64 * 1024


async def kept(door, signature):
    """Whether the answer to a call that was made is told again; otherwise it is refused."""
    try:
        await door.ask(signature)
    except ServiceError as error:
        assert (error.status, "already been made" in error.text) == (403, True)  # noqa: PT017
        return False
    return True


async def test_an_answer_too_long_to_be_kept_is_not_told_again(door):
    for size in (KIB_64, KIB_64 + 1):
        door.ses.size = size
        assert len(await door.ask(str(size))) == size
        assert await kept(door, str(size)) is (size == KIB_64)
    assert door.ses.calls == 2


async def test_16_mib_of_answers_are_kept_and_then_none_of_them(door):
    door.ses.size = KIB_64
    for number in range(256):
        await door.ask(f"a{number}")
    door.ses.size = 1
    await door.ask("a256")
    assert await kept(door, "a0")
    door.ses.size = KIB_64
    await door.ask("b0")
    assert [await kept(door, name) for name in ("a0", "a256", "b0")] == [False, False, True]
    for number in range(1, 257):
        await door.ask(f"b{number}")
    assert await kept(door, "b0")
    assert door.ses.calls == 257 + 257


async def test_what_is_forgotten_makes_room(door):
    door.ses.size = KIB_64
    for letter, seconds in (("a", 500), ("b", 400)):
        for number in range(100):
            await door.ask(f"{letter}{number}")
        door.clock.advance(seconds)
    for number in range(157):
        await door.ask(f"c{number}")  # the first one sweeps out the first hundred
    assert await kept(door, "b0")
    door.ses.size += 1
    await door.ask("too long")
    door.clock.advance(1_000)
    await door.ask("sweeps")


async def test_the_oldest_of_more_than_10_000_calls_is_forgotten(door):
    for number in range(10_001):
        await door.ask(str(number))
    assert await door.ask("0") == b"1"
    assert await door.ask("another") == b"10002"
    assert await door.ask("1") == b"2"
    assert await door.ask("0") == b"10003"
