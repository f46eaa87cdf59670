"""Direct access to a request's client."""

from collections.abc import Callable, Iterable

from starlette.types import Scope
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

KEY = "sestui.client"
"""Its key in the state of a request's scope."""


class Client:
    """The client of one request, without the overhead of ASGI messages.

    A body that has arrived is available at once, an answer is one write, and a disconnect is
    noticed without a waiting task.
    """

    __slots__ = ("_cycle", "_when_gone")

    def __init__(self, cycle: RequestResponseCycle) -> None:
        self._cycle = cycle
        self._when_gone: Callable[[], None] | None = None

    def body(self) -> bytes | None:
        """The whole body; None if it has not arrived completely and must be received."""
        return None if self._cycle.more_body else bytes(self._cycle.body)

    def when_gone(self, call: Callable[[], None] | None) -> None:
        """Set a function to call if the client disconnects; None for none."""
        self._when_gone = call
        if call is not None:
            self._cycle.flow.resume_reading()  # or a disconnect would not be noticed

    def gone(self) -> None:
        """Record that the connection is lost."""
        if self._when_gone is not None:
            self._when_gone()

    @property
    def dawdles(self) -> bool:
        """Whether it is behind in reading earlier answers."""
        return self._cycle.flow.write_paused

    async def caught_up(self) -> None:
        """Wait until it has caught up."""
        await self._cycle.flow.drain()

    def answer(
        self, status: int, headers: Iterable[tuple[bytes, bytes]], body: bytes, *, close: bool
    ) -> None:
        """Write the whole answer; ``headers`` include the body's length.

        ``close``: they say that the connection will be closed.
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
    """The client of a request."""
    client: Client = scope["state"][KEY]
    return client
