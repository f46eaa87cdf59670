"""Read requests within limits, and authenticate them."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

from starlette.types import Receive, Scope

from sestui.core.clock import Instant
from sestui.relay.client import Client
from sestui.relay.keyring import Keyring, KnownKey
from sestui.ses_api.sigv4 import (
    SKEW_SECONDS,
    Received,
    SignatureClaim,
    SignatureFault,
    SignatureFaultKind,
    claimed,
    signed_at,
    verify,
)
from sestui.ses_api.wire import ServiceError

MAX_BODY = 44 * 1024 * 1024
"""SES allows 40 MB after base64; the rest is for a form's or JSON's escapes."""

MOST_IN_MEMORY = 512 * 1024 * 1024
"""Limit of all bodies together; further requests have to be retried."""

_BODY_SECONDS = 20.0
_SLOWEST = 20_000.0
"""Bytes a second; slower clients are disconnected after 20 seconds' grace."""

SERVICES = ("ses", "email")
"""Services in a credential's scope; some plugins derive ``email`` from the host name."""


class TooSlowError(Exception):
    """The client is too slow."""


class Gone(Exception):  # noqa: N818 - not an error, as nobody is there to be answered
    """The client has disconnected."""


@dataclass(frozen=True, slots=True)
class Caller:
    """The authenticated caller of a request."""

    key: KnownKey
    key_id: str
    signature: str
    age: float
    """Seconds since it was signed."""
    good_for: float
    """Seconds until the signature expires."""

    @property
    def fresh(self) -> bool:
        """Whether it was just signed."""
        return self.age < _FRESH_SECONDS


_INVOCATION = ("amz-sdk-invocation-id", "aws-sdk-invocation-id")
"""Headers with an SDK's id of a call, the same in all attempts. botocore doesn't sign it, so a
replayed request could have another."""

_FRESH_SECONDS = 5.0
"""Within this time a call with a new id but a known signature counts as a new call; later it is a
replay."""


def call_name(received: Received) -> str:
    """The SDK's id of the call; '' for none."""
    return next((value for name in _INVOCATION if (value := received.header(name))), "")


class Memory:
    """Counts the bytes of bodies in memory."""

    def __init__(self) -> None:
        self.used = 0

    def take(self, size: int) -> None:
        """Add ``size`` bytes.

        Raises:
            ServiceError: that would be too many.
        """
        if self.used + size > MOST_IN_MEMORY:
            raise ServiceError(503, "ServiceUnavailable", "Too much is under way; try again.")
        self.used += size


async def read_body(scope: Scope, receive: Receive, client: Client, memory: Memory) -> bytes:
    """Read the request's body; the caller must subtract its size from ``memory``.

    Raises:
        ServiceError: it is too long, or there is no memory for it.
        TooSlowError: it is too slow.
        Gone: the client has disconnected.
    """
    if _declared_length(scope) > MAX_BODY:
        raise _too_long()
    whole = client.body()
    if whole is not None:
        memory.take(len(whole))
        return whole
    chunks: list[bytes] = []
    try:
        async for chunk in _arriving(receive):
            memory.take(len(chunk))
            chunks.append(chunk)
    except BaseException:
        memory.used -= sum(map(len, chunks))
        raise
    return b"".join(chunks)


async def _arriving(receive: Receive) -> AsyncIterator[bytes]:
    size, more = 0, True
    deadline = asyncio.get_running_loop().time() + _BODY_SECONDS
    while more:
        try:
            async with asyncio.timeout_at(deadline + size / _SLOWEST):
                message = await receive()
        except TimeoutError as error:
            raise TooSlowError from error
        if message["type"] == "http.disconnect":
            raise Gone
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > MAX_BODY:
            raise _too_long()
        yield chunk
        more = message.get("more_body", False)


def _declared_length(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value)  # validated by the parser
    return 0


def _too_long() -> ServiceError:
    return ServiceError(413, "RequestEntityTooLarge", f"The request is above {MAX_BODY} bytes.")


def received_of(scope: Scope, body: bytes) -> Received:
    """The parts of a request that its signature covers.

    Raises:
        ServiceError: the request is ambiguous.
    """
    headers = tuple(
        (name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]
    )
    if sum(name == "host" for name, _ in headers) != 1:
        raise ServiceError(400, "BadRequestException", "The request must name one host.")
    return Received(
        method=scope["method"],
        path=scope["raw_path"].decode("latin-1"),
        query=scope["query_string"].decode("latin-1"),
        headers=headers,
        body_hash=hashlib.sha256(body).hexdigest(),
    )


_UNKNOWN = "The security token included in the request is invalid."

_ERRORS = {
    SignatureFaultKind.MISSING: (403, "MissingAuthenticationTokenException"),
    SignatureFaultKind.INCOMPLETE: (400, "IncompleteSignatureException"),
    SignatureFaultKind.SCOPE: (403, "InvalidSignatureException"),
    SignatureFaultKind.EXPIRED: (403, "InvalidSignatureException"),
    SignatureFaultKind.PAYLOAD: (403, "InvalidSignatureException"),
    SignatureFaultKind.TOKEN: (403, "UnrecognizedClientException"),
    SignatureFaultKind.MISMATCH: (403, "InvalidSignatureException"),
}


def authenticate(received: Received, ring: Keyring, *, region: str, now: Instant) -> Caller:
    """Authenticate the request.

    Raises:
        ServiceError: it isn't validly signed; an error of API v2.
    """
    try:
        claim = claimed(received)
        key = ring.find(claim.access_key_id)
        secret = ring.any_secret(claim.access_key_id) if key is None else key.secret
        fault = _fault(received, claim, secret, region, now)
        if key is None:  # only now, so that an unknown key takes as long as a known one
            raise ServiceError(403, "UnrecognizedClientException", _UNKNOWN)
        if fault is not None:
            raise fault
    except SignatureFault as fault:
        status, code = _ERRORS[fault.fault]
        raise ServiceError(status, code, str(fault)) from fault
    age = now - signed_at(claim)
    lifetime = SKEW_SECONDS if claim.expires is None else claim.expires
    return Caller(key, claim.access_key_id, claim.signature, age, lifetime - age)


def _fault(
    received: Received, claim: SignatureClaim, secret: str, region: str, now: Instant
) -> SignatureFault | None:
    try:
        verify(received, claim, secret, region=region, services=SERVICES, now=now)
    except SignatureFault as fault:
        return fault
    return None
