"""A connection that sends what is written at one time in one piece."""

from asyncio import AbstractEventLoop, Transport
from typing import Any


class GatheringTransport(Transport):
    """Hands what was written since the loop's last turn to ``transport`` in one write.

    An answer's head and body then leave in one packet. It spares a system call, and Go's SDK has a
    race in which it closes its connection between the two and loses the answer.
    """

    def __init__(self, transport: Transport, loop: AbstractEventLoop) -> None:
        super().__init__()
        self._transport = transport
        self._loop = loop
        self._written: list[bytes | bytearray | memoryview] = []

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send ``data``, soon."""
        if not self._written:
            self._loop.call_soon(self._flush)
        self._written.append(data)

    def _flush(self) -> None:
        if self._written:
            whole = b"".join(self._written) if len(self._written) > 1 else self._written[0]
            self._written = []
            self._transport.write(whole)

    def close(self) -> None:
        """Send what was written, and close."""
        self._flush()
        self._transport.close()

    def abort(self) -> None:
        """Close without sending anything more."""
        self._written = []
        self._transport.abort()

    def is_closing(self) -> bool:
        """Whether it has been closed."""
        return self._transport.is_closing()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """What the transport knows of itself."""
        return self._transport.get_extra_info(name, default)

    def pause_reading(self) -> None:
        """Let what comes wait."""
        self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Go on reading."""
        self._transport.resume_reading()
