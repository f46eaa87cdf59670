"""All uses of botocore's and urllib3's private names, which tests/unit/test_bounds.py checks.

With them, our own connections use the same proxies and certificates as boto3's calls.
"""

from typing import Any

from botocore.httpsession import URLLib3Session


class BotoEndpoint:
    """How botocore's session connects to one URL."""

    def __init__(self, session: URLLib3Session, url: str) -> None:
        made: Any = session
        self._session = made
        self._url = url
        self.proxy: str | None = made._proxy_config.proxy_url_for(url)
        """The proxy's URL; None for a direct connection."""
        self._manager = made._get_connection_manager(url, self.proxy)

    @property
    def forwards_whole_url(self) -> bool:
        """Whether a forwarding proxy expects the whole URL in requests."""
        if self.proxy is None:
            return False
        return bool(self._session._get_request_target(self._url, self.proxy) == self._url)

    def proxy_headers(self) -> dict[str, str]:
        """Headers that a forwarding proxy needs with each request."""
        return dict(self._session._proxy_config.proxy_headers_for(self.proxy))

    def pool(self) -> Any:
        """urllib3's pool for the URL, with the user's certificates."""
        pool = self._manager.connection_from_url(self._url)
        self._session._setup_ssl_cert(pool, self._url, self._session._verify)
        return pool


def new_connection(pool: Any) -> Any:
    """An unopened connection of the pool's kind."""
    return pool._new_conn()


def open_tunnel(pool: Any, connection: Any) -> None:
    """Connect through the pool's proxy."""
    pool._prepare_proxy(connection)
