"""A transport that combines writes."""

from asyncio import AbstractEventLoop, Transport
from typing import Any


class GatheringTransport(Transport):
    """Combines all writes of one turn of the event loop.

    An answer's head and body then leave in one packet. That saves a system call, and avoids a race
    in Go's SDK, which may close the connection between the two.
    """

    def __init__(self, transport: Transport, loop: AbstractEventLoop) -> None:
        super().__init__()
        self._transport = transport
        self._loop = loop
        self._written: list[bytes | bytearray | memoryview] = []

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send ``data`` soon."""
        if not self._written:
            self._loop.call_soon(self._flush)
        self._written.append(data)

    def _flush(self) -> None:
        if self._written:
            whole = b"".join(self._written) if len(self._written) > 1 else self._written[0]
            self._written = []
            self._transport.write(whole)

    def close(self) -> None:
        """Send pending data and close."""
        self._flush()
        self._transport.close()

    def abort(self) -> None:
        """Close without sending pending data."""
        self._written = []
        self._transport.abort()

    def is_closing(self) -> bool:
        """Whether it has been closed."""
        return self._transport.is_closing()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """See :class:`asyncio.BaseTransport`."""
        return self._transport.get_extra_info(name, default)

    def pause_reading(self) -> None:
        """Stop reading."""
        self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Continue reading."""
        self._transport.resume_reading()
