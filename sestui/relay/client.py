"""The client of one request, as its connection knows it."""

from collections.abc import Callable, Iterable

from starlette.types import Scope
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

KEY = "sestui.client"
"""Its name in the state of a request's scope."""


class Client:
    """The other end of one request, without what ASGI's messages cost a small one.

    A body that is there is had at once, an answer leaves in one write, and who leaves is missed
    without a task that waits for it.
    """

    __slots__ = ("_cycle", "_when_gone")

    def __init__(self, cycle: RequestResponseCycle) -> None:
        self._cycle = cycle
        self._when_gone: Callable[[], None] | None = None

    def body(self) -> bytes | None:
        """The whole body; None if it has not all come, so that it must be received bit by bit."""
        return None if self._cycle.more_body else bytes(self._cycle.body)

    def when_gone(self, call: Callable[[], None] | None) -> None:
        """Call this if the client leaves; None: no more."""
        self._when_gone = call
        if call is not None:
            self._cycle.flow.resume_reading()  # or nobody would see it leave

    def gone(self) -> None:
        """The connection is lost."""
        if self._when_gone is not None:
            self._when_gone()

    @property
    def dawdles(self) -> bool:
        """Whether it has still to read much of what was written before."""
        return self._cycle.flow.write_paused

    async def caught_up(self) -> None:
        """Wait until it doesn't dawdle any more."""
        await self._cycle.flow.drain()

    def answer(
        self, status: int, headers: Iterable[tuple[bytes, bytes]], body: bytes, *, close: bool
    ) -> None:
        """Write the whole answer; ``headers`` have the body's length, and nothing but text.

        ``close``: they say that the connection ends with it.
        """
        cycle = self._cycle
        if cycle.disconnected:
            return
        pieces = [STATUS_LINE[status]]
        for name, value in headers:
            pieces += (name, b": ", value, b"\r\n")
        if not (cycle.keep_alive or close):
            pieces.append(b"connection: close\r\n")
        pieces.append(b"\r\n")
        if cycle.scope["method"] != "HEAD":
            pieces.append(body)
        cycle.keep_alive = cycle.keep_alive and not close
        cycle.response_started = cycle.response_complete = True
        cycle.transport.write(b"".join(pieces))
        cycle.message_event.set()
        if not cycle.keep_alive:
            cycle.transport.close()
        cycle.on_response()


def client_of(scope: Scope) -> Client:
    """Whose request that is."""
    client: Client = scope["state"][KEY]
    return client
