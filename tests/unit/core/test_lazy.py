"""What is made at its first use is made once, whichever threads use it first."""

import ast
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from sestui.core.lazy import lazy
from tests.support.modules import nodes

RACERS = 8


class Shared:
    """Makes its parts so slowly that every racer is there before the first is done."""

    def __init__(self) -> None:
        self.made: list[str] = []
        self.all_there = threading.Barrier(RACERS)
        self.asked = threading.Semaphore(0)
        self.begun = threading.Event()

    @lazy
    def part(self) -> object:
        """A part."""
        self.made.append("part")
        self.begun.set()
        for _ in range(RACERS):  # all have asked, and only this one makes
            self.asked.acquire(timeout=5)
        return object()

    @lazy
    def whole(self) -> list[object]:
        """What is made of the part."""
        self.made.append("whole")
        return [self.part]

    @lazy
    def quick(self) -> str:
        """Done at once."""
        return "quick"


def race(shared: Shared, name: str) -> list[object]:
    def ask(_: int) -> object:
        shared.all_there.wait(60)
        shared.asked.release()
        return getattr(shared, name)

    with ThreadPoolExecutor(RACERS) as threads:
        return list(threads.map(ask, range(RACERS)))


@pytest.mark.parametrize(("name", "made"), [("part", ["part"]), ("whole", ["whole", "part"])])
def test_threads_that_ask_at_once_get_one_and_the_same(name, made):
    shared = Shared()
    found = race(shared, name)
    assert shared.made == made
    assert all(each is found[0] for each in found)
    assert getattr(shared, name) is found[0]


def test_each_object_has_its_own():
    one, other = Shared(), Shared()
    for each in (one, other):
        each.asked.release(RACERS)
    assert one.part is not other.part


def test_who_asks_for_something_else_does_not_wait():
    shared = Shared()
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(lambda: shared.part)
        assert shared.begun.wait(60)
        assert shared.quick == "quick"
        assert not waiting.done()
        shared.asked.release(RACERS)
        waiting.result(60)


def test_a_failure_is_for_whoever_asked_and_the_next_one_tries_again():
    class Failing:
        tried = 0

        @lazy
        def part(self) -> int:
            self.tried += 1
            if self.tried == 1:
                raise ValueError("not yet")
            return self.tried

    failing = Failing()
    with pytest.raises(ValueError, match="not yet"):
        _ = failing.part
    assert (failing.part, failing.part) == (2, 2)


def test_it_is_documented_as_its_function_is():
    assert Shared.part.__doc__ == "A part."


@pytest.mark.long
@pytest.mark.ci
def test_nothing_in_the_package_is_made_without_a_lock():
    unlocked = [
        f"{path}:{node.lineno}"
        for path, module in nodes().items()
        for node in module
        if isinstance(node, ast.ImportFrom)
        and node.module == "functools"
        and "cached_property" in {each.name for each in node.names}
    ]
    assert unlocked == []
