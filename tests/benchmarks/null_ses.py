"""An SES that accepts everything at once and keeps nothing, in a process of its own.

A bare asyncio protocol: it finds the end of each request and counts entries by a byte pattern, so
that the sender under test and not its counterpart is the bottleneck.
"""

import asyncio
import json
import re
import ssl
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

RATE = 100_000
"""Recipients a second that GetAccount allows: far beyond what the machine can do."""

SINGLE_PATH = "/v2/email/outbound-emails"
BULK_PATH = "/v2/email/outbound-bulk-emails"

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
ENTRY = b'"Destination":'
"""Once an entry: quotes inside a JSON string come with a backslash before them."""

_ACCOUNT = json.dumps(
    {
        "ProductionAccessEnabled": True,
        "SendingEnabled": True,
        "EnforcementStatus": "HEALTHY",
        "SendQuota": {"Max24HourSend": -1, "MaxSendRate": RATE, "SentLast24Hours": 0},
    }
).encode()


class _Counters:
    def __init__(self) -> None:
        self.calls = 0
        self.mails = 0
        self.numbers = count(1)


class _Connection(asyncio.Protocol):
    def __init__(self, counters: _Counters) -> None:
        self._counters = counters
        self._buffer = bytearray()
        self._head = self._needed = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while self._whole_request():
            body = self._answer()
            del self._buffer[: self._needed]
            self._needed = 0
            self._transport.write(
                b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
                % (len(body), body)
            )

    def _whole_request(self) -> bool:
        if not self._needed:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                return False
            self._head = end + 4
            length = _LENGTH.search(self._buffer, 0, self._head)
            self._needed = self._head + (int(length[1]) if length else 0)
        return len(self._buffer) >= self._needed

    def _answer(self) -> bytes:
        path = bytes(self._buffer[: self._buffer.find(b"\r\n")]).split(b" ")[1]
        counters = self._counters
        if path == SINGLE_PATH.encode():
            counters.calls += 1
            counters.mails += 1
            return b'{"MessageId":"null-%016d"}' % next(counters.numbers)
        if path == BULK_PATH.encode():
            entries = self._buffer.count(ENTRY, self._head, self._needed)
            counters.calls += 1
            counters.mails += entries
            results = b",".join(
                b'{"Status":"SUCCESS","MessageId":"null-%016d"}' % next(counters.numbers)
                for _ in range(entries)
            )
            return b'{"BulkEmailEntryResults":[%b]}' % results
        if path == b"/counters":
            return json.dumps({"calls": counters.calls, "mails": counters.mails}).encode()
        return _ACCOUNT


@dataclass(frozen=True, slots=True)
class NullSes:
    """A running null SES."""

    port: int
    certificate: str = ""
    """The file of the certificate it shows; '' for one without TLS."""

    @property
    def url(self) -> str:
        """What boto3 is given as its endpoint."""
        if self.certificate:
            return f"https://localhost:{self.port}"
        return f"http://127.0.0.1:{self.port}"

    def mails(self) -> int:
        """How many mails it has accepted."""
        trust = ssl.create_default_context(cafile=self.certificate) if self.certificate else None
        with urllib.request.urlopen(f"{self.url}/counters", context=trust) as answer:
            return int(json.load(answer)["mails"])


@contextmanager
def null_ses(tls: tuple[Path, Path] | None = None) -> Iterator[NullSes]:
    """Start one, over TLS with the files of a certificate for ``localhost`` and of its key.

    It ends with the block, or with this process.
    """
    files = [str(file) for file in tls or ()]
    with subprocess.Popen(
        [sys.executable, __file__, *files], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield NullSes(int(process.stdout.readline()), *files[:1])
        finally:
            process.stdin.close()


async def _serve() -> None:
    loop = asyncio.get_running_loop()
    counters = _Counters()
    context = None
    if sys.argv[1:]:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*sys.argv[1:])
    server = await loop.create_server(lambda: _Connection(counters), "127.0.0.1", 0, ssl=context)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.buffer.read)  # until the parent lets go


if __name__ == "__main__":
    asyncio.run(_serve())
