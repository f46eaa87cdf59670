"""HTTP requests to public internet hosts only, for tasks' URLs.

A URL must not reach what only this machine can reach (itself, its network, a cloud's metadata
service). So a host's name is resolved once, all its addresses must be public, and the connection
goes to a checked address, which prevents DNS rebinding. Redirects are checked too.
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
"""The most bytes of an answer that are read."""

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
"""Networks that some version of Python's ``is_global`` wrongly considers public."""


class RequestError(SestuiError):
    """No valid HTTP answer; another try may succeed."""


class RefusedError(SestuiError):
    """The URL must not be requested."""


@dataclass(frozen=True, slots=True)
class FetchRequest:
    """A request."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None = None


@dataclass(frozen=True, slots=True)
class FetchAnswer:
    """An answer."""

    status: int
    url: str
    """The URL after redirects."""
    body: bytes
    """At most :data:`MOST_BODY` of it."""


def ask(request: FetchRequest, *, seconds: float, allow_private: bool, clock: Clock) -> FetchAnswer:
    """Send the request and follow redirects, within ``seconds`` altogether.

    Raises:
        RefusedError: a URL is invalid, or its host isn't public.
        RequestError: there is no answer in time, or there are too many redirects.
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
    """Parse and normalise the URL.

    Raises:
        RefusedError: it can't be requested.
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
    """Whether an address is public: not this machine's, its network's, or multicast."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        # IPv4 addresses written as IPv6.
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
    """One request to a checked address; also returns the location of a redirect."""
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
        return False  # a refused connection, which urllib3 derives from its timeouts
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
    """A connection to the checked address; the certificate must be for the name."""
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
    """Close the connection when the time is up, even if the host answers byte by byte."""
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
    """The redirected request.

    Any header may be a secret, so another host only gets harmless ones and those that describe the
    body.
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
    """The URL for logs, without the query and the password, which may be secret."""
    return printable(_USER.sub("//", url).partition("?")[0])[:200]
