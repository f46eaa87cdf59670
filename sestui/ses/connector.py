"""Open connections to SES: name resolution, TCP, proxy and TLS, before any mail is sent.

urllib3 and botocore do the work, so proxies, certificates, IPv6 and client settings are the same as
in all other calls to SES.
"""

import logging
import os
import socket
import ssl
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError
from botocore.httpsession import URLLib3Session, mask_proxy_url
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NameResolutionError,
    NewConnectionError,
    ProxyError,
)
from urllib3.exceptions import SSLError as URLLib3SSLError

from sestui.core.text import printable
from sestui.ses._compat import BotoEndpoint, new_connection, open_tunnel

_log = logging.getLogger(__name__)


class ConnectError(Exception):
    """Connecting failed; ``code`` is botocore's name of the error, the text a sentence."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


@dataclass(frozen=True, slots=True)
class Route:
    """How requests to one endpoint are addressed."""

    whole_url: bool
    """Whether the request line holds the whole URL, for a forwarding proxy."""
    headers: dict[str, str]
    """Headers that a forwarding proxy needs with each request."""


class Connector:
    """Opens connections to one endpoint with the settings of a botocore ``session``."""

    def __init__(self, session: URLLib3Session, url: str) -> None:
        self._url = url
        self._endpoint = BotoEndpoint(session, url)
        self._proxy = self._endpoint.proxy
        whole_url = self._endpoint.forwards_whole_url
        self.route = Route(whole_url, self._endpoint.proxy_headers() if whole_url else {})

    def attempt(self) -> "ConnectAttempt":
        """A new attempt to open one connection."""
        pool = self._endpoint.pool()
        return ConnectAttempt(
            self, pool, tunnels=self._proxy is not None and not self.route.whole_url
        )

    def refused(self, error: Exception) -> ConnectError:
        """The error of an attempt as a sentence."""
        where, why = urlsplit(self._url).netloc, _plain(error)
        # With a proxy, only the proxy is connected to.
        by_proxy = isinstance(error, ProxyError | NewConnectionError | ConnectTimeoutError)
        if self._proxy and (by_proxy or "Tunnel connection" in str(error)):
            proxy = mask_proxy_url(self._proxy)
            return ConnectError(
                "ProxyConnectionError", f"The proxy {proxy} refuses to connect to {where} ({why})."
            )
        for kinds, code, sentence in _SENTENCES:
            if isinstance(error, kinds):
                return ConnectError(code, sentence.format(where=where, why=why))
        _log.warning("No connection to SES, for a reason of its own kind.", exc_info=error)
        return ConnectError(type(error).__name__, f"No connection to {where}: {why}.")


_SENTENCES: tuple[tuple[tuple[type[Exception], ...], str, str], ...] = (
    (
        (NameResolutionError, socket.gaierror),
        "EndpointConnectionError",
        "The name {where} can't be resolved.",
    ),
    ((NewConnectionError,), "EndpointConnectionError", "No connection to {where}: {why}."),
    ((ConnectTimeoutError, TimeoutError), "ConnectTimeoutError", "Nothing answers at {where}."),
    ((URLLib3SSLError, ssl.SSLError), "SSLError", "No TLS with {where}: {why}."),
    ((OSError,), "EndpointConnectionError", "No connection to {where}: {why}."),
    ((HTTPError, BotoCoreError), "HTTPClientError", "No connection to {where}: {why}."),
)
"""The first match counts; urllib3's NewConnectionError is a subclass of its timeout."""


class ConnectAttempt:
    """An attempt to open one connection, in its own thread."""

    def __init__(self, connector: Connector, pool: Any, *, tunnels: bool) -> None:
        self._connector = connector
        self._pool = pool
        self._tunnels = tunnels
        self._connection: Any = None
        self._aborted = False

    def connect(self) -> socket.socket:
        """A new connection, with its handshakes done.

        Raises:
            ConnectError: it can't be opened.
        """
        try:
            self._connection = connection = new_connection(self._pool)
            connection.timeout = self._pool.timeout.connect_timeout
            if self._tunnels:
                open_tunnel(self._pool, connection)
            else:
                connection.connect()
        except Exception as error:
            _log.debug("An attempt to connect to SES has failed.", exc_info=True)
            if self._connection is not None:
                self._connection.close()
            met = TimeoutError() if self._aborted else error
            raise self._connector.refused(met) from error
        # Take the socket, which the connection object would close when it is collected.
        found: socket.socket = connection.sock
        connection.sock = None
        return found

    def abort(self) -> None:
        """Abort an attempt that takes too long, as a slow handshake could take hours."""
        self._aborted = True
        sock = getattr(self._connection, "sock", None)
        if sock is not None:
            with suppress(OSError):  # it has just ended by itself
                sock.shutdown(socket.SHUT_RDWR)


def _plain(error: BaseException) -> str:
    """The underlying error's text, without urllib3's wrapping."""
    while error.__cause__ is not None and not isinstance(error, OSError):
        error = error.__cause__
    if isinstance(error, ssl.SSLError):  # without OpenSSL's file and line
        met = getattr(error, "verify_message", "") or (error.reason or "").replace("_", " ").lower()
        return printable(met or type(error).__name__)
    if isinstance(error, OSError) and error.strerror:
        return printable(error.strerror)
    if isinstance(error, OSError) and error.errno:
        return os.strerror(error.errno)
    return printable(str(error) or type(error).__name__)[:200].rstrip(".")
