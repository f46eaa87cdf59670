"""Verify AWS Signature Version 4 of received requests.

The signature must cover the whole body: ``UNSIGNED-PAYLOAD`` is refused.
"""

import hashlib
import hmac
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from functools import lru_cache
from itertools import product
from urllib.parse import quote, unquote_to_bytes

from sestui.core.clock import Instant

ALGORITHM = "AWS4-HMAC-SHA256"
SKEW_SECONDS = 900.0
"""Allowed difference between a request's date and the clock, as in AWS."""
LONGEST_EXPIRY = 604_800
"""Seconds for which a signature in the query may be valid, as in AWS."""

Headers = tuple[tuple[str, str], ...]
"""Names in lower case and original values, in order, decoded as Latin-1."""


class SignatureFaultKind(StrEnum):
    """What is wrong with a signature."""

    MISSING = "missing"
    INCOMPLETE = "incomplete"
    SCOPE = "scope"
    EXPIRED = "expired"
    PAYLOAD = "payload"
    TOKEN = "token"  # noqa: S105 - the name of a fault
    MISMATCH = "mismatch"


class SignatureFault(Exception):  # noqa: N818 - turned into an error of the API
    """The request isn't validly signed; the text is AWS's."""

    def __init__(self, fault: SignatureFaultKind, text: str) -> None:
        super().__init__(text)
        self.fault = fault


def _incomplete(text: str) -> SignatureFault:
    return SignatureFault(SignatureFaultKind.INCOMPLETE, text)


@dataclass(frozen=True, slots=True)
class Received:
    """The parts of a received request that a signature covers."""

    method: str
    path: str
    """As sent, with percent escapes."""
    query: str
    """As sent; '' for none."""
    headers: Headers
    body_hash: str
    """SHA-256 (hex) of the body."""

    def header(self, name: str) -> str:
        """The first header of this name; '' if there is none."""
        for key, value in self.headers:  # twice as fast as `next` with a generator
            if key == name:
                return value
        return ""


@dataclass(frozen=True, slots=True)
class SignatureClaim:
    """The signature that a request claims to have."""

    access_key_id: str
    day: str
    region: str
    service: str
    date: str
    """``20261122T075025Z``."""
    signed_headers: tuple[str, ...]
    signature: str
    expires: int | None = None
    """Seconds for which a signature in the query is valid; None for one in the header."""
    dated_by: str = "x-amz-date"
    """The header that holds the date, for a signature in the header."""

    def scope(self) -> str:
        """The credential scope: day, region and service."""
        return f"{self.day}/{self.region}/{self.service}/aws4_request"


_HEADER = re.compile(
    rf"{ALGORITHM}\s+Credential=(?P<credential>[^\s,]+)\s*,\s*"
    r"SignedHeaders=(?P<headers>[^\s,]+)\s*,\s*Signature=(?P<signature>[0-9a-f]{64})\s*"
)
_DATE = re.compile(r"\d{8}T\d{6}Z")
_SECONDS = re.compile(r"[1-9][0-9]{0,5}")
_SIGNATURE = re.compile(r"[0-9a-f]{64}")
_SIGNED_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9a-z-]+")
_IN_QUERY = "X-Amz-Signature"

_OLD_HEADER = "x-amzn-authorization"
"""Header of AWS3-HTTPS signatures, from SES's early clients."""
_OLD_QUERY = frozenset({"AWSAccessKeyId", "SignatureVersion", "SignatureMethod"})
"""Query parameters of version 2 signatures."""
_USE_VERSION_4 = (
    f"The request must be signed with AWS Signature Version 4 ({ALGORITHM}); older signatures and "
    "other schemes are not accepted."
)


def claimed(received: Received) -> SignatureClaim:
    """Parse the signature in the request's header or query.

    Raises:
        SignatureFault: it is missing or incomplete.
    """
    authorization = received.header("authorization")
    if authorization:
        return _from_header(authorization, received)
    given = _query_values(received.query)
    if _IN_QUERY in given or "X-Amz-Algorithm" in given:
        return _from_query(given)
    if received.header(_OLD_HEADER) or _OLD_QUERY & given.keys():
        raise _incomplete(_USE_VERSION_4)
    raise SignatureFault(SignatureFaultKind.MISSING, "Request is missing Authentication Token")


def _from_header(authorization: str, received: Received) -> SignatureClaim:
    if authorization.split()[:1] != [ALGORITHM]:
        raise _incomplete(_USE_VERSION_4)
    match = _HEADER.fullmatch(authorization.strip())
    if match is None:
        raise _incomplete("Authorization header requires a whole AWS4-HMAC-SHA256 signature.")
    date, dated_by = received.header("x-amz-date"), "x-amz-date"
    if not date and received.header("date"):
        date, dated_by = _basic_date(received.header("date")), "date"
    return _claim(
        credential=match["credential"],
        headers=match["headers"],
        date=date,
        signature=match["signature"],
        dated_by=dated_by,
    )


def _basic_date(date: str) -> str:
    """A ``Date`` header in the format of signatures; unchanged if invalid."""
    try:
        instant = parsedate_to_datetime(date)
        if instant.tzinfo is None:  # -0000, as botocore writes it: UTC
            instant = instant.replace(tzinfo=UTC)
        return instant.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    except (ValueError, OverflowError):
        return date


def _from_query(given: dict[str, str]) -> SignatureClaim:
    if given.get("X-Amz-Algorithm") != ALGORITHM:
        raise _incomplete(f"X-Amz-Algorithm must be {ALGORITHM}.")
    expires = given.get("X-Amz-Expires", "")
    if not _SECONDS.fullmatch(expires) or int(expires) > LONGEST_EXPIRY:
        raise _incomplete("X-Amz-Expires must be between 1 and 604800.")
    return _claim(
        credential=given.get("X-Amz-Credential", ""),
        headers=given.get("X-Amz-SignedHeaders", ""),
        date=given.get("X-Amz-Date", ""),
        signature=given.get(_IN_QUERY, ""),
        expires=int(expires),
    )


def _claim(
    *,
    credential: str,
    headers: str,
    date: str,
    signature: str,
    expires: int | None = None,
    dated_by: str = "x-amz-date",
) -> SignatureClaim:
    parts = credential.split("/")
    if len(parts) != 5 or not all(parts) or parts[4] != "aws4_request":
        raise _incomplete("Credential must be KEY/DATE/REGION/SERVICE/aws4_request.")
    if not _DATE.fullmatch(date):
        raise _incomplete("The request needs a date: X-Amz-Date in ISO 8601 format, or Date.")
    if not _SIGNATURE.fullmatch(signature):
        raise _incomplete("Signature must be 64 hexadecimal digits.")
    key, day, region, service, _ = parts
    names = _signed_names(headers)
    return SignatureClaim(key, day, region, service, date, names, signature, expires, dated_by)


@lru_cache(maxsize=64)
def _signed_names(headers: str) -> tuple[str, ...]:
    # Cached: a client signs the same headers in every call.
    names = tuple(headers.lower().split(";"))
    if not all(_SIGNED_HEADER.fullmatch(name) for name in names) or list(names) != sorted(
        set(names)
    ):
        raise _incomplete("SignedHeaders must be sorted names of headers.")
    return names


def verify(
    received: Received,
    claim: SignatureClaim,
    secret: str,
    *,
    region: str,
    services: Collection[str],
    now: Instant,
) -> None:
    """Verify the request with ``secret``; ``region`` and ``services`` are the receiver's.

    Raises:
        SignatureFault: the signature is wrong, out of scope or expired, or the request was changed.
    """
    _check_scope(claim, region, services)
    _check_time(claim, now)
    _check_coverage(received, claim)
    key = signing_key(secret, claim.day, claim.region, claim.service)
    signatures = [_signature(key, claim, each) for each in canonical_requests(received, claim)]
    if not any(hmac.compare_digest(each, claim.signature) for each in signatures):
        raise SignatureFault(
            SignatureFaultKind.MISMATCH,
            "The request signature we calculated does not match the signature you provided. Check "
            "your AWS Secret Access Key and signing method. Consult the service documentation for "
            "details.",
        )


def _check_scope(claim: SignatureClaim, region: str, services: Collection[str]) -> None:
    for wrong, text in (
        (
            claim.service not in services,
            f"Credential should be scoped to correct service: '{next(iter(services))}'.",
        ),
        (
            claim.region != region,
            f"Credential should be scoped to a valid region, here '{region}'.",
        ),
        (
            claim.day != claim.date[:8],
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version.",
        ),
    ):
        if wrong:
            raise SignatureFault(SignatureFaultKind.SCOPE, text)


def _check_time(claim: SignatureClaim, now: Instant) -> None:
    signed = signed_at(claim)
    if signed > now + SKEW_SECONDS:
        raise SignatureFault(
            SignatureFaultKind.EXPIRED, f"Signature not yet current: {claim.date} is later."
        )
    if now > signed + (SKEW_SECONDS if claim.expires is None else claim.expires):
        raise SignatureFault(
            SignatureFaultKind.EXPIRED, f"Signature expired: {claim.date} is now too early."
        )


def signed_at(claim: SignatureClaim) -> Instant:
    """The instant at which the request claims to have been signed.

    Raises:
        SignatureFault: it is not a date.
    """
    try:
        return _instant(claim.date)
    except ValueError as error:
        raise _incomplete("X-Amz-Date is not a date.") from error


@lru_cache(maxsize=64)
def _instant(date: str) -> Instant:
    # Cached: parsing costs as much as a signature, and requests of one second share a date.
    return datetime.strptime(date, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()


def _check_coverage(received: Received, claim: SignatureClaim) -> None:
    present = {name for name, _ in received.headers}
    if "host" not in claim.signed_headers or not received.header("host"):
        raise _incomplete("'Host' must be a 'SignedHeader'.")
    if claim.expires is None and claim.dated_by not in claim.signed_headers:
        name = claim.dated_by.title()
        raise _incomplete(f"'{name}' must be a 'SignedHeader'.")
    if not set(claim.signed_headers) <= present:
        raise _incomplete("A header that was signed is missing.")
    uncovered = {name for name in present if name.startswith("x-amz-")} - set(claim.signed_headers)
    if uncovered:
        raise _incomplete(f"'{min(uncovered)}' must be a 'SignedHeader'.")
    told = received.header("x-amz-content-sha256")
    if told and not hmac.compare_digest(told.encode(), received.body_hash.encode()):
        raise SignatureFault(
            SignatureFaultKind.PAYLOAD,
            "x-amz-content-sha256 is not the SHA-256 of the body that came.",
        )
    if received.header("x-amz-security-token") or "X-Amz-Security-Token" in _query_values(
        received.query
    ):
        raise SignatureFault(
            SignatureFaultKind.TOKEN, "The security token included in the request is invalid."
        )


def canonical_requests(received: Received, claim: SignatureClaim) -> Iterator[str]:
    """The canonical requests that a client may have hashed, AWS's own among them.

    Clients differ in resolving dots in the path and in escaping the query again; each variant still
    determines the request.
    """
    values: dict[str, list[str]] = {}
    for name, value in received.headers:
        values.setdefault(name, []).append(" ".join(value.split()))
    headers = "".join(f"{name}:{','.join(values.get(name, ()))}\n" for name in claim.signed_headers)
    signed = ";".join(claim.signed_headers)
    for path, query in _targets(received.path, received.query):
        yield "\n".join((received.method, path, query, headers, signed, received.body_hash))


@lru_cache(maxsize=64)
def _targets(path: str, query: str) -> tuple[tuple[str, str], ...]:
    """Paths and queries that may have been signed; cached, as most calls go to the same URL."""
    paths = dict.fromkeys((_escaped_path(_resolved(path)), _escaped_path(path)))
    queries = dict.fromkeys((_normal_query(query), _raw_query(query)))
    return tuple(product(paths, queries))


@lru_cache(maxsize=256)
def signing_key(secret: str, day: str, region: str, service: str) -> bytes:
    """The signing key of a day, region and service."""
    key = f"AWS4{secret}".encode()
    for part in (day, region, service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key


def _signature(key: bytes, claim: SignatureClaim, request: str) -> str:
    digest = hashlib.sha256(request.encode("latin-1")).hexdigest()
    text = "\n".join((ALGORITHM, claim.date, claim.scope(), digest))
    return hmac.digest(key, text.encode("latin-1"), "sha256").hex()


def _escaped_path(path: str) -> str:
    return quote(path.encode("latin-1")) or "/"


def _resolved(path: str) -> str:
    """The path without dot segments and double slashes."""
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            del kept[-1:]
        elif segment and segment != ".":
            kept.append(segment)
    closing = "/" if kept and path.endswith("/") else ""
    return f"/{'/'.join(kept)}{closing}"


def _pairs(query: str) -> list[tuple[str, str]]:
    pairs = (pair.partition("=")[::2] for pair in query.split("&") if pair)
    return [(name, value) for name, value in pairs if name != _IN_QUERY]


def _raw_query(query: str) -> str:
    return "&".join(f"{name}={value}" for name, value in sorted(_pairs(query)))


def _normal_query(query: str) -> str:
    pairs = sorted((_escaped(name), _escaped(value)) for name, value in _pairs(query))
    return "&".join(f"{name}={value}" for name, value in pairs)


def _escaped(text: str) -> str:
    return quote(unquote_to_bytes(text.encode("latin-1")), safe="")


def _query_values(query: str) -> dict[str, str]:
    """The query's values by name; the last of duplicates counts."""
    pairs = (pair.partition("=")[::2] for pair in query.split("&") if pair)
    return {_text(name): _text(value) for name, value in pairs}


def _text(escaped: str) -> str:
    return unquote_to_bytes(escaped.encode("latin-1")).decode("latin-1")


def without_signature(query: str) -> str:
    """``query`` without a signature's parameters, so that the request can be signed again."""
    names = ((pair, _text(pair.partition("=")[0]).lower()) for pair in query.split("&"))
    return "&".join(pair for pair, name in names if not name.startswith("x-amz-"))
