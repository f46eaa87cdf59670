"""Requests that come at the same time, done together: one transaction, one thread, one fsync."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from sestui.errors import SestuiError

_Asked = TypeVar("_Asked")
_Answer = TypeVar("_Answer")

_MOST = 64
"""Done together at most, so that nobody waits for long."""


class Gathering(Generic[_Asked, _Answer]):
    """Does what is asked for in batches, in a thread; for one event loop.

    What comes while a batch is being done makes the next one: the busier it is, the less each
    costs.
    """

    def __init__(self, do: Callable[[Sequence[_Asked]], Sequence[_Answer]]) -> None:
        """``do`` is called in a thread, one call at a time; its answers are in the given order."""
        self._do = do
        self._waiting: list[tuple[_Asked, asyncio.Future[_Answer]]] = []
        self._worker: asyncio.Task[None] | None = None

    async def ask(self, asked: _Asked) -> _Answer:
        """Do it with whatever else is waiting.

        Raises:
            SestuiError: as ``do`` does for it alone.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[_Answer] = loop.create_future()
        self._waiting.append((asked, future))
        if self._worker is None:
            self._worker = loop.create_task(self._work())
        return await future

    async def _work(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:_MOST], self._waiting[_MOST:]
            for each in await self._done(batch):
                _settle(*each)
        self._worker = None

    async def _done(
        self, batch: Sequence[tuple[_Asked, "asyncio.Future[_Answer]"]]
    ) -> Sequence[tuple["asyncio.Future[_Answer]", _Answer | BaseException]]:
        """The answers to a batch; one by one if it fails as a whole."""
        asked = [each for each, _ in batch]
        (done,) = await asyncio.gather(asyncio.to_thread(self._do, asked), return_exceptions=True)
        if isinstance(done, SestuiError) and len(batch) > 1:
            return [one for each in batch for one in await self._done([each])]
        if isinstance(done, BaseException):
            return [(future, done) for _, future in batch]
        return [(future, answer) for (_, future), answer in zip(batch, done, strict=True)]


def _settle(future: "asyncio.Future[_Answer]", answer: _Answer | BaseException) -> None:
    if future.done():  # whoever asked is gone
        return
    if isinstance(answer, BaseException):
        future.set_exception(answer)
    else:
        future.set_result(answer)
