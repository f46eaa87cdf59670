"""Pass other calls on to SES with the relay's own credentials."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
from starlette.types import Send
from yarl import URL

from sestui.ses_api.sigv4 import Received, without_signature
from sestui.ses_api.wire import ServiceError

_log = logging.getLogger(__name__)

_CONNECT_SECONDS = 5.0
_SILENCE_SECONDS = 60.0
"""Time limit without any data from SES."""

_CONNECTIONS = 100

_HOP_BY_HOP = frozenset(
    {
        "connection",
        "http2-settings",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
_OURS = _HOP_BY_HOP | {
    "host",
    "authorization",
    "content-length",
    "date",
    "expect",
    "x-amz-date",
    "x-amz-content-sha256",
    "x-amz-security-token",
}
"""Headers that are not passed on, as they are set for SES."""


class ProxySigner(Protocol):
    """Signs requests with the relay's own credentials."""

    @property
    def endpoint_url(self) -> str: ...  # noqa: D102 - where SES is

    @property
    def signs_at_once(self) -> bool: ...  # noqa: D102 - credentials are at hand

    def signed(self, method: str, url: str, headers: dict[str, str], body: bytes) -> dict[str, str]:
        """The headers of the signed request."""


class Proxy:
    """Passes calls on over persistent connections."""

    def __init__(
        self, signer: ProxySigner, session: aiohttp.ClientSession, proxy: str | None
    ) -> None:
        self._signer = signer
        self._session = session
        self._proxy = proxy

    async def passed(self, received: Received, body: bytes, send: Send) -> int:
        """Pass the call to SES and stream the answer to the client; returns the status.

        Raises:
            ServiceError: SES can't be reached; nothing has been answered yet.
        """
        url = f"{self._signer.endpoint_url.rstrip('/')}{received.path}"
        query = without_signature(received.query)
        if query:
            url = f"{url}?{query}"
        headers = {name: value for name, value in received.headers if name not in _OURS}
        given = (received.method, url, headers, body)
        if self._signer.signs_at_once:
            signed = self._signer.signed(*given)
        else:
            signed = await asyncio.to_thread(self._signer.signed, *given)
        try:
            async with self._session.request(
                received.method,
                URL(url, encoded=True),
                headers=signed,
                data=body or None,
                allow_redirects=False,
                proxy=self._proxy,
                skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
            ) as answer:
                return await _given(answer, send)
        except (aiohttp.ClientConnectionError, TimeoutError) as error:
            _log.warning("SES does not answer a call that is passed on.", exc_info=True)
            raise ServiceError(
                503, "ServiceUnavailable", f"SES does not answer ({type(error).__name__})."
            ) from error
        except aiohttp.ClientError as error:
            _log.warning("SES's answer to a call that is passed on can't be read.", exc_info=True)
            raise ServiceError(
                502, "ServiceUnavailable", f"SES's answer can't be read ({type(error).__name__})."
            ) from error


class CutOffError(Exception):
    """SES's answer was cut off after part of it was sent to the client."""


async def _given(answer: aiohttp.ClientResponse, send: Send) -> int:
    headers = [
        (name.lower(), value)
        for name, value in answer.raw_headers
        if name.decode("latin-1").lower() not in _HOP_BY_HOP
    ]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    try:
        async for chunk in answer.content.iter_any():
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
    except (aiohttp.ClientError, TimeoutError) as error:
        raise CutOffError from error
    await send({"type": "http.response.body", "body": b""})
    return answer.status


@asynccontextmanager
async def open_proxy(signer: ProxySigner, *, by_proxy: bool) -> AsyncIterator[Proxy]:
    """A :class:`Proxy` for the duration of the block; ``by_proxy``: use the user's HTTP proxy."""
    # Found once, as aiohttp would check the environment and .netrc at each call.
    proxy = _proxy_to(signer.endpoint_url) if by_proxy else None
    timeout = aiohttp.ClientTimeout(
        total=None, sock_connect=_CONNECT_SECONDS, sock_read=_SILENCE_SECONDS
    )
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=_CONNECTIONS, keepalive_timeout=30),
        timeout=timeout,
        auto_decompress=False,
        cookie_jar=aiohttp.DummyCookieJar(),
    ) as session:
        yield Proxy(signer, session, proxy)


def _proxy_to(url: str) -> str | None:
    parts = urlsplit(url)
    if proxy_bypass(parts.hostname or ""):
        return None
    return getproxies().get(parts.scheme)
