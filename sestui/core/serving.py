"""What all of sestui's servers share: a listening socket, and a clean end on a signal."""

import asyncio
import signal
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

from sestui.core.signals import heeded


@contextmanager
def listening(host: str, port: int, refused: Callable[[str], Exception]) -> Iterator[socket.socket]:
    """A listening socket; where it can't listen, raises what ``refused`` makes of the reason."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio turns Nagle's algorithm off only if the protocol is given; it costs 40 ms an answer.
    with socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
            listener.listen(2048)
        except (OSError, OverflowError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is above 65535"
            raise refused(str(why)) from error
        yield listener


@asynccontextmanager
async def stopped_by_signal(stop: Callable[[], None]) -> AsyncIterator[None]:
    """Call ``stop`` on SIGINT and SIGTERM; does nothing outside of the main thread."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    numbers = heeded((signal.SIGINT, signal.SIGTERM))
    for number in numbers:
        loop.add_signal_handler(number, stop)
    try:
        yield
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)
