"""Determine which SES call a request is, strictly and unambiguously.

SES, or something in front of it, may be more lenient about paths and actions than the relay. So
only requests in the form that SDKs write are accepted, and nothing is passed on that could be read
as a send.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from unicodedata import normalize
from urllib.parse import parse_qsl, unquote, unquote_to_bytes

from sestui.relay.sends import SendCall, send_call_v1, send_call_v2
from sestui.ses.operations import Operations
from sestui.ses_api import wire_v1
from sestui.ses_api.sigv4 import Received
from sestui.ses_api.wire import ServiceError, bad_request

_SENDS_V2 = {"/v2/email/outbound-emails": False, "/v2/email/outbound-bulk-emails": True}
"""Paths of v2's sends, and whether they are bulk calls."""

_SENDING_PATHS = "/v2/email/outbound"
"""Prefix of the paths of sends, in lower case."""

_BASE = ["", "v2", "email"]
_VERSION = "2010-12-01"
_METHODS_V2 = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"})
_READING = frozenset({"GET", "HEAD"})

_SEGMENT = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,=:@-]|%[0-9A-F]{2})+")
_FIRST_SEGMENT = re.compile(r"[a-z][a-z0-9-]*")
"""The first segment after /v2/email/, which is never a parameter."""
_ESCAPE = re.compile("%..")
_ESCAPED = frozenset(b"!$&'()*+,=:@^`{|}")
"""Harmless bytes that may be percent-encoded in any path."""
_ESCAPED_IN_PARAMETER = _ESCAPED | frozenset(b' "%/<>[]') | frozenset(range(0x80, 0x100))
"""Bytes that may be percent-encoded in a known call's parameter; the decoded value is checked
too."""
_HIDING = frozenset(";?#\\\ufffd")
"""Characters that allow another reading; the last one stands for invalid UTF-8."""

_ACTION = re.compile(r"[A-Z][A-Za-z0-9]+")
_NOT_LETTERS = re.compile(r"[^A-Za-z]")
_PARAMETER = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
_FORM = re.compile(
    r'application/x-www-form-urlencoded(?:\s*;\s*charset="?(?:utf-8|us-ascii|iso-8859-1)"?)?',
    re.IGNORECASE,
)
_READS = ("Get", "List", "Describe")
"""Prefixes of v1's actions that change nothing."""

_ODD_HEADERS = frozenset(
    {
        "content-encoding",
        "smithy-protocol",
        "x-amz-target",
        "x-http-method",
        "x-http-method-override",
        "x-method-override",
        "x-original-url",
        "x-rewrite-url",
    }
)
"""Headers that may change the meaning of a request; no SDK sends them to SES."""


@dataclass(frozen=True, slots=True)
class RelayCall:
    """The call that a request makes."""

    name: str
    """SES's name; '' for an unknown call of API v2."""
    send: SendCall | None = None
    """The send, if it is one."""
    reads: bool = False
    """It changes nothing, however often it is made."""


def speaks_v1(path: str) -> bool:
    """Whether the path belongs to API v1, whose answers are XML."""
    return not path.lstrip("/").lower().startswith("v2")


def call_of(received: Received, body: bytes, operations: Operations) -> RelayCall:
    """Determine the call that a request makes.

    Raises:
        ServiceError: it isn't a valid call, or it is ambiguous.
    """
    if received.path == "/":
        return _v1(received, body, operations)
    if received.path in _SENDS_V2 and received.method == "POST":
        send = send_call_v2(body, bulk=_SENDS_V2[received.path])
        return RelayCall("SendBulkEmail" if send.bulk else "SendEmail", send)
    _check_headers(received)
    return _v2(received, body, operations)


def _v2(received: Received, body: bytes, operations: Operations) -> RelayCall:
    method, path = received.method, received.path
    segments = path.split("/")
    name = operations.name_of(method, segments)
    if not _is_written_as_sdks_write(method, path, segments, name, operations):
        raise bad_request(
            f"{method[:10]} to this path is not a call of SES's API as an SDK writes it."
        )
    if method not in _METHODS_V2 or (method in _READING and body):
        raise bad_request(f"The relay passes on no {method[:10]} request, or none with a body.")
    if any(_is_like_action(key) for key, _ in parse_qsl(received.query.replace(";", "&"))):
        raise bad_request("Version 2 of SES's API has no parameter Action.")
    return RelayCall(name, reads=method in _READING)


def _is_written_as_sdks_write(
    method: str, path: str, segments: Sequence[str], name: str, operations: Operations
) -> bool:
    if segments[:3] != _BASE or not _are_plain(segments[3:], name):
        return False
    lowered = path.lower()
    if not name:
        sends = lowered.startswith(_SENDING_PATHS)
        return not sends and not operations.name_of(method, lowered.split("/"))
    # An encoded slash in a parameter must not make the path another call's.
    return all(
        operations.name_of(method, spelling.split("/")) in {"", name}
        for reading in _readings(path)
        for spelling in (reading, reading.lower())
    )


def _are_plain(segments: Sequence[str], name: str) -> bool:
    """Whether the segments after the base are unambiguous."""
    if name and segments[-1] == "":
        segments = segments[:-1]  # the paths of two calls end with a slash
    if not segments or not _FIRST_SEGMENT.fullmatch(segments[0]):
        return False
    escaped = _ESCAPED_IN_PARAMETER if name else _ESCAPED
    return all(_is_plain(segment, escaped) for segment in segments)


def _is_plain(segment: str, escaped: frozenset[int]) -> bool:
    if not _SEGMENT.fullmatch(segment):
        return False
    if not {unquote_to_bytes(escape)[0] for escape in _ESCAPE.findall(segment)} <= escaped:
        return False
    return all(map(_hides_nothing, _readings(segment)))


def _readings(text: str) -> tuple[str, str]:
    """The text decoded once, and twice."""
    once = unquote(text)
    return once, unquote(once)


def _hides_nothing(parameter: str) -> bool:
    """Whether trimming, resolving dots or dropping odd characters would not change it."""
    if not parameter.isprintable() or not _HIDING.isdisjoint(parameter):
        return False
    if normalize("NFKC", parameter) != parameter:  # as a full-width slash may count as one
        return False
    return all(part == part.strip() and part.strip(". ") for part in parameter.split("/"))


def _is_like_action(name: str) -> bool:
    return _NOT_LETTERS.sub("", name).lower().startswith("action")


def _v1(received: Received, body: bytes, operations: Operations) -> RelayCall:
    if received.method not in {"GET", "POST"} or (received.method == "GET" and body):
        raise bad_request("Version 1 of SES's API is called by POST, or by GET without a body.")
    action, parameters = wire_v1.parse_form(received.query, body)
    _check_names(parameters)
    version = parameters.get("Version", _VERSION)
    known = action in operations.actions
    if version != _VERSION or not (known or _could_be_new(action, operations)):
        raise ServiceError(
            400, "InvalidAction", f"Could not find operation {action[:100]!r} of that version."
        )
    if action in wire_v1.SENDS:
        return RelayCall(action, send_call_v1(action, parameters))
    _check_headers(received)
    _check_form(received, body)
    return RelayCall(action, reads=action.startswith(_READS))


def _check_names(parameters: "wire_v1.Parameters") -> None:
    for name in parameters:
        if not _PARAMETER.fullmatch(name) or (
            name not in {"Action", "Version"} and name.lower() in {"action", "version"}
        ):
            raise bad_request(f"{name[:100]!r} is not a parameter of SES's API.")


def _check_form(received: Received, body: bytes) -> None:
    """Check that nobody can read the form as something else."""
    types = [value.strip() for name, value in received.headers if name == "content-type"]
    if body and not all(map(_FORM.fullmatch, types)):
        raise bad_request("The body of a call of version 1 of SES's API is a form.")
    if ";" in received.query or b";" in body:
        raise bad_request("A semicolon in a parameter is written as %3B.")


def _could_be_new(action: str, operations: Operations) -> bool:
    """Whether it may be a new action that botocore's model lacks, but not a send."""
    lowered = action.lower()
    return (
        _ACTION.fullmatch(action) is not None
        and not lowered.startswith("send")
        and lowered not in {each.lower() for each in operations.actions}
    )


def _check_headers(received: Received) -> None:
    for name, value in received.headers:
        if name in _ODD_HEADERS and value.strip().lower() != "identity":
            raise bad_request(f"The relay passes on no request with the header {name}.")
