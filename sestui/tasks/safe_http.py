"""Requests to hosts on the internet, and to no other: what a task's URL leads to is checked.

A URL that somebody could make sestui ask for must not reach what only this machine can reach
(itself, its network, a cloud's metadata service). So a host's name is resolved once, all of its
addresses must be public ones, and the connection goes to the very address that was checked: a name
that says something else the second time it is asked gains nothing. A redirect is checked likewise.
"""

import ipaddress
import re
import socket
import ssl
import threading
from collections.abc import Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPException
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError, LocationParseError, NewConnectionError
from urllib3.exceptions import TimeoutError as HTTPTimeoutError
from urllib3.util import Url, parse_url

from sestui.core.clock import Clock
from sestui.core.text import printable
from sestui.errors import SestuiError

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_REDIRECTS = 5
MOST_BODY = 64_000
"""Bytes of an answer that are read."""

_PORTS = {"http": 80, "https": 443}
_REDIRECTS = {301, 302, 303, 307, 308}
_FOR_ANYBODY = {"accept", "accept-language", "user-agent"}
_ABOUT_BODY = {"content-length", "content-type", "content-encoding", "transfer-encoding"}
_USER = re.compile(r"//[^/?#]*@")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_NEVER_PUBLIC = tuple(
    map(
        ipaddress.ip_network,
        (
            "192.0.0.0/24",  # protocols of the network one is in; Oracle's metadata is 192.0.0.192
            "192.88.99.0/24",  # relays from IPv4 to IPv6, given up
            "::/96",  # an IPv4 address as it was once written: ::127.0.0.1
            "::ffff:0:0:0/96",  # one that a translator makes
            "64:ff9b:1::/48",  # a translator of one's own network, to any address of it
            "3fff::/20",  # for documents
            "5f00::/16",  # a network's own segments
            "fec0::/10",  # a site's own
        ),
    )
)
"""What Python's ``is_global`` takes for public, in this or an older version, and isn't."""


class RequestError(SestuiError):
    """Nobody answered, or not as HTTP does: another try may go better."""


class RefusedError(SestuiError):
    """The URL must not be asked for."""


@dataclass(frozen=True, slots=True)
class FetchRequest:
    """What is asked."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None = None


@dataclass(frozen=True, slots=True)
class FetchAnswer:
    """What came back."""

    status: int
    url: str
    """Where the last redirect led."""
    body: bytes
    """At most :data:`MOST_BODY` of it."""


def ask(request: FetchRequest, *, seconds: float, allow_private: bool, clock: Clock) -> FetchAnswer:
    """Send the request and follow redirects; ``seconds`` is for all of it.

    Raises:
        RefusedError: a URL is none, or its host isn't a public one.
        RequestError: nobody answers in time, or the redirects don't end.
    """
    ends_at = clock.monotonic() + seconds
    for _ in range(MOST_REDIRECTS + 1):
        left = ends_at - clock.monotonic()
        if left <= 0:
            raise RequestError(f"{_shown(request.url)} did not answer within {seconds:g} s.")
        answer, location = _once(request, left, allow_private=allow_private)
        if location is None:
            return answer
        request = _redirected(request, answer.status, location)
    raise RequestError(f"{_shown(request.url)}: more than {MOST_REDIRECTS} redirects.")


def checked_url(text: str) -> Url:
    """The URL in its parts, in its normal form.

    Raises:
        RefusedError: it isn't one that can be asked for.
    """
    try:
        url = parse_url(text)
    except LocationParseError as error:
        raise RefusedError(f"{_shown(text)} is not a URL.") from error
    if url.scheme not in _PORTS or not url.host:
        raise RefusedError(f"{_shown(text)} is not a URL of http or https.")
    if url.auth is not None:
        raise RefusedError("A URL can't carry a user and password; use an Authorization header.")
    return url


def is_public(address: str) -> bool:
    """Whether an address is one of the internet: not this machine, its network, or a group."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        # Ways to write an IPv4 address as an IPv6 one.
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if inner is None and ip in _NAT64:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None and not is_public(str(inner)):
            return False
    if any(ip in network for network in _NEVER_PUBLIC):
        return False
    return ip.is_global and not ip.is_multicast


def _once(
    request: FetchRequest, seconds: float, *, allow_private: bool
) -> tuple[FetchAnswer, str | None]:
    """One request to one checked address; with the location if the answer is a redirect."""
    url = checked_url(request.url)
    host = str(url.host).strip("[]")
    port = url.port or _PORTS[str(url.scheme)]
    addresses = _addresses(host, port, allow_private=allow_private)
    said = f"{_shown(request.url)}: "
    trouble: Exception | None = None
    for address in addresses:
        connection = _connection(url, host, address, port, seconds)
        with closing(connection), _cut_after(connection, seconds) as cut:
            try:
                connection.connect()
            except (HTTPError, HTTPException, OSError) as error:
                trouble = error
                if cut.is_set() or _timed_out(error):
                    break
                continue
            try:
                connection.request(
                    request.method,
                    url.request_uri,
                    body=request.body,
                    headers={"Host": str(url.netloc), "User-Agent": "sestui", **request.headers},
                    preload_content=False,
                )
                response = connection.getresponse()
                body = response.read(MOST_BODY, decode_content=True)
            except (HTTPError, HTTPException, OSError, ValueError) as error:
                if cut.is_set() or _timed_out(error):
                    break
                raise RequestError(said + f"{_why(error)}.") from error
            if cut.is_set():
                break
            location = response.headers.get("location")
            follow = response.status in _REDIRECTS and location
            answer = FetchAnswer(response.status, request.url, body)
            return answer, urljoin(request.url, location) if follow and location else None
    else:
        raise RequestError(said + f"{_why(trouble)}.") from trouble
    raise RequestError(said + f"no answer within {round(seconds, 1):g} s.") from trouble


def _timed_out(error: Exception) -> bool:
    if isinstance(error, NewConnectionError):
        return False  # nobody there: a kind of timeout by urllib3's classes only
    return isinstance(error, TimeoutError | HTTPTimeoutError)


def _addresses(host: str, port: int, *, allow_private: bool) -> list[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise RequestError(f"The host {_shown(host)} can't be found.") from error
    addresses = list(dict.fromkeys(str(each[4][0]) for each in found))
    for address in addresses:
        if not allow_private and not is_public(address):
            raise RefusedError(
                f"{_shown(host)} is at {address}, which is not a public address; the parameter "
                "allow_private permits that."
            )
    return addresses


def _connection(url: Url, host: str, address: str, port: int, seconds: float) -> HTTPConnection:
    """To the checked address; the certificate has to be the name's."""
    if url.scheme == "http":
        return HTTPConnection(address, port, timeout=seconds)
    return HTTPSConnection(
        address,
        port,
        timeout=seconds,
        ssl_context=ssl.create_default_context(),
        server_hostname=host,
        assert_hostname=host,
    )


@contextmanager
def _cut_after(connection: HTTPConnection, seconds: float) -> "Iterator[threading.Event]":
    """Cut the connection off when the time is up, also from a host that answers byte by byte."""
    cut = threading.Event()

    def off() -> None:
        cut.set()
        if connection.sock is not None:
            with suppress(OSError):
                connection.sock.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(seconds, off)
    timer.daemon = True
    timer.start()
    try:
        yield cut
    finally:
        timer.cancel()


def _redirected(request: FetchRequest, status: int, location: str) -> FetchRequest:
    """What the redirect asks for.

    Any header may be a secret, whatever its name is: another host gets only those that never are,
    and those that tell what the body is.
    """
    old, new = checked_url(request.url), checked_url(location)
    headers = dict(request.headers)
    method, body = request.method, request.body
    if (old.scheme, old.host, old.port) != (new.scheme, new.host, new.port):
        kept = _FOR_ANYBODY | _ABOUT_BODY
        headers = {name: value for name, value in headers.items() if name.lower() in kept}
    if status == 303 or (status in {301, 302} and method == "POST"):
        method, body = ("HEAD" if method == "HEAD" else "GET"), None
        headers = {n: value for n, value in headers.items() if n.lower() not in _ABOUT_BODY}
    return FetchRequest(method, location, headers, body)


def _why(error: Exception | None) -> str:
    if isinstance(error, ssl.SSLError) or "certificate" in str(error).lower():
        reason = getattr(error, "verify_message", "") or "the encrypted connection failed"
        return f"its certificate is not accepted ({printable(str(reason))})"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror[:1].lower() + error.strerror[1:]
    if isinstance(error, HTTPException):
        return f"what answers is not a web server ({type(error).__name__})"
    return printable(str(error)).rstrip(".") or type(error).__name__


def _shown(url: str) -> str:
    """As it may be logged: what comes after a ? may be a secret, and a user's password is one."""
    return printable(_USER.sub("//", url).partition("?")[0])[:200]
