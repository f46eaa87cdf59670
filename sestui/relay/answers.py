"""HTTP answers in the format of the called API."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus
from uuid import uuid4

from sestui.relay.client import Client
from sestui.ses_api import wire_v1
from sestui.ses_api.wire import (
    EntryResult,
    ServiceError,
    error_body,
    send_bulk_email_body,
    send_email_body,
)

_XML, _JSON = b"text/xml", b"application/json"
_RETRY_SECONDS = 1


@dataclass(frozen=True, slots=True)
class RelayAnswer:
    """A complete HTTP answer."""

    status: int
    body: bytes
    content_type: bytes
    request_id: str
    error_code: str = ""
    close: bool = False
    """Whether the connection is closed after it."""


def refusal(error: ServiceError, *, v1: bool, close: bool = False) -> RelayAnswer:
    """An error in the format of API v1 or v2."""
    request_id = str(uuid4())
    if v1:
        said = wire_v1.as_v1(error)
        body = wire_v1.error_xml(error, request_id)
        return RelayAnswer(said.status, body, _XML, request_id, close=close)
    return RelayAnswer(error.status, error_body(error), _JSON, request_id, error.code, close=close)


def sent(message_id: str, *, action: str) -> RelayAnswer:
    """The answer to a send; ``action`` is v1's action, '' for v2."""
    request_id = str(uuid4())
    if action:
        return RelayAnswer(200, wire_v1.sent_xml(action, message_id, request_id), _XML, request_id)
    return RelayAnswer(200, send_email_body(message_id), _JSON, request_id)


def bulk_sent(results: Sequence[EntryResult], *, v1: bool) -> RelayAnswer:
    """The answer to a bulk call."""
    request_id = str(uuid4())
    if v1:
        return RelayAnswer(200, wire_v1.bulk_sent_xml(results, request_id), _XML, request_id)
    return RelayAnswer(200, send_bulk_email_body(tuple(results)), _JSON, request_id)


@lru_cache(maxsize=1)
def _date(second: int) -> bytes:
    return formatdate(second, usegmt=True).encode()


def as_bytes(answer: RelayAnswer) -> bytes:
    """``answer`` as bytes, for a connection on which no request has been read."""
    lines = [b"HTTP/1.1 %d %b" % (answer.status, HTTPStatus(answer.status).phrase.encode())]
    lines += [b"%b: %b" % header for header in _headers(answer)]
    return b"\r\n".join([*lines, b"", answer.body])


def give(client: Client, answer: RelayAnswer) -> None:
    """Write ``answer``."""
    client.answer(answer.status, _headers(answer), answer.body, close=answer.close)


def _headers(answer: RelayAnswer) -> list[tuple[bytes, bytes]]:
    headers = [
        (b"content-type", answer.content_type),
        (b"content-length", str(len(answer.body)).encode()),
        (b"x-amzn-requestid", answer.request_id.encode()),
        # SDKs adjust their clock by it when a signature is refused for its date.
        (b"date", _date(int(time.time()))),
    ]
    if answer.error_code:
        code = "".join(each for each in answer.error_code if each.isprintable())
        headers.append((b"x-amzn-errortype", code.encode("latin-1", "replace")))
    if answer.status in {429, 503}:
        headers.append((b"retry-after", str(_RETRY_SECONDS).encode()))
    if answer.close:
        headers.append((b"connection", b"close"))
    return headers
