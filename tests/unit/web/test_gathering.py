"""What is asked at the same time is done together, and each gets its own answer."""

import asyncio
import threading

import pytest

from sestui.errors import StorageBusyError
from sestui.web.gathering import Gathering


def test_what_waits_is_done_together_in_its_order():
    batches = []
    begun, go_on = threading.Event(), threading.Event()

    def doubled(given):
        batches.append(list(given))
        begun.set()
        assert go_on.wait(60)
        return [2 * each for each in given]

    async def ask():
        gathering = Gathering(doubled)
        first = asyncio.create_task(gathering.ask(0))
        await asyncio.to_thread(begun.wait, 60)
        others = [asyncio.create_task(gathering.ask(each)) for each in range(1, 101)]
        gone = asyncio.create_task(gathering.ask(999))
        await asyncio.sleep(0)
        gone.cancel()
        go_on.set()
        found = [await each for each in (first, *others)]
        again = await gathering.ask(7)
        return found, again

    found, again = asyncio.run(ask())
    assert found == [2 * each for each in range(101)]
    assert again == 14
    assert batches == [[0], [*range(1, 65)], [*range(65, 101), 999], [7]]


def test_a_fault_is_the_one_of_whoever_asked_for_it():
    def picky(given):
        if "bad" in given:
            raise StorageBusyError("It is locked.")
        return [each.upper() for each in given]

    async def ask():
        gathering = Gathering(picky)
        asked = [gathering.ask(each) for each in ("a", "bad", "b")]
        found = await asyncio.gather(*asked, return_exceptions=True)
        with pytest.raises(StorageBusyError):
            await gathering.ask("bad")
        return found

    first, bad, last = asyncio.run(ask())
    assert (first, last) == ("A", "B")
    assert isinstance(bad, StorageBusyError)


def test_any_other_failure_is_heard_and_does_not_stop_it():
    calls = []

    def broken_once(given):
        calls.append(given)
        if len(calls) == 1:
            raise ZeroDivisionError
        return given

    async def ask():
        gathering = Gathering(broken_once)
        with pytest.raises(ZeroDivisionError):
            await gathering.ask(1)
        return await gathering.ask(2)

    assert asyncio.run(ask()) == 2
