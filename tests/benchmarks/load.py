"""Requests from a few connections that ask again at once, from a process of its own.

The file that it is given has requests as they go over the wire, each after its length (4 bytes);
the connections share them. What came of it is printed as JSON: seconds it took, and those that each
answer took. Bare protocols: the load must cost little beside what is under it.
"""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Took:
    """What came of it."""

    seconds: float
    """In all."""
    answers: list[float]
    """Seconds that each answer took."""

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.answers) / self.seconds


def load(port: int, requests: Iterable[bytes], folder: Path, *, connections: int) -> Took:
    """Ask the server at ``port`` all of ``requests``."""
    file = folder / "requests"
    file.write_bytes(b"".join(len(each).to_bytes(4) + each for each in requests))
    told = subprocess.run(
        [sys.executable, __file__, str(port), str(connections), str(file)],
        check=True,
        capture_output=True,
    )
    return Took(**json.loads(told.stdout))


class _Connection(asyncio.Protocol):
    def __init__(self, requests: Iterator[bytes], took: list[float]) -> None:
        self._requests = requests
        self._took = took
        self._heard = b""
        self._asked_at = 0.0
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._ask()

    def _ask(self) -> None:
        for request in islice(self._requests, 1):
            self._asked_at = time.perf_counter()
            self._transport.write(request)
            return
        self._transport.close()

    def data_received(self, data: bytes) -> None:
        self._heard += data
        head, _, body = self._heard.partition(b"\r\n\r\n")
        length = head.lower().partition(b"\r\ncontent-length:")[2].partition(b"\r\n")[0]
        if not length or len(body) < int(length):
            return
        self._took.append(time.perf_counter() - self._asked_at)
        assert head.startswith(b"HTTP/1.1 200"), self._heard
        self._heard = b""
        self._ask()

    def connection_lost(self, exc: Exception | None) -> None:
        self.done.set_result(None)


async def _asked(port: int, connections: int, requests: Iterator[bytes]) -> Took:
    took: list[float] = []
    loop = asyncio.get_running_loop()
    began = time.perf_counter()
    made = [
        await loop.create_connection(lambda: _Connection(requests, took), "127.0.0.1", port)
        for _ in range(connections)
    ]
    await asyncio.gather(*(connection.done for _, connection in made))
    return Took(time.perf_counter() - began, took)


def _read(file: Path) -> Iterator[bytes]:
    data, at = file.read_bytes(), 0
    while at < len(data):
        end = at + 4 + int.from_bytes(data[at : at + 4])
        yield data[at + 4 : end]
        at = end


if __name__ == "__main__":
    port, connections, file = sys.argv[1:]
    asked = asyncio.run(_asked(int(port), int(connections), iter(list(_read(Path(file))))))
    print(json.dumps({"seconds": asked.seconds, "answers": asked.answers}))
