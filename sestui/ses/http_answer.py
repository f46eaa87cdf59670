"""Incremental reader of one HTTP/1.1 answer, limited in size, on top of httptools."""

from dataclasses import dataclass, field

import httptools

MOST_BYTES = 2_000_000
"""The longest answer that is read; SES's longest, to a bulk call, is about 10 kB."""


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """A complete HTTP answer, from SES or something in between."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    """Names in lower case; the last of duplicates counts."""
    body: bytes = b""


class UnreadableError(Exception):
    """The data is not an HTTP answer, or too long; the text completes "the answer is …"."""


class AnswerReader:
    """Reads a single answer."""

    def __init__(self) -> None:
        self._headers: dict[str, str] = {}
        self._body: list[bytes] = []
        self._size = 0
        self._headed = False
        self._answer: HttpAnswer | None = None
        self._parser = httptools.HttpResponseParser(self)
        self.keeps_alive = False
        """Whether the connection can be reused once the answer is complete."""

    def feed(self, data: bytes) -> HttpAnswer | None:
        """Parse more ``data``; returns the answer once it is complete, else None.

        Raises:
            UnreadableError: it can't be parsed.
        """
        self._size += len(data)
        if self._size > MOST_BYTES:
            raise UnreadableError("longer than any answer of SES's")
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as error:
            raise UnreadableError("in another protocol") from error
        except httptools.HttpParserError as error:
            if self._answer is None:
                raise UnreadableError("not HTTP") from error
            self.keeps_alive = False  # extra data after a complete answer
        return self._answer

    def end(self) -> HttpAnswer | None:
        """The answer if the end of the connection completes it; None if it was cut off."""
        bounded = "content-length" in self._headers or "transfer-encoding" in self._headers
        return self._read() if self._headed and not bounded else None

    def _read(self) -> HttpAnswer:
        return HttpAnswer(self._parser.get_status_code(), self._headers, b"".join(self._body))

    # Called by httptools; everything after the first answer is ignored.

    def on_message_begin(self) -> None:  # noqa: D102
        if self._answer is not None:
            self.keeps_alive = False

    def on_header(self, name: bytes, value: bytes) -> None:  # noqa: D102
        if self._answer is None:
            self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:  # noqa: D102
        self._headed = self._parser.get_status_code() >= 200

    def on_body(self, body: bytes) -> None:  # noqa: D102
        if self._answer is None:
            self._body.append(body)

    def on_message_complete(self) -> None:  # noqa: D102
        if self._answer is not None:
            return
        if self._headed:
            self._answer = self._read()
            self.keeps_alive = self._parser.should_keep_alive()
        else:
            self._headers = {}  # 100 Continue and the like precede the answer
