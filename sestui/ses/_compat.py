"""botocore's and urllib3's private names, all that are used (tests/unit/test_bounds.py holds them).

They are the price for not reading proxies, certificate bundles and client certificates a second
time, in another way than all other calls to SES.
"""

from typing import Any

from botocore.httpsession import URLLib3Session


class BotoEndpoint:
    """How botocore's session reaches one URL."""

    def __init__(self, session: URLLib3Session, url: str) -> None:
        made: Any = session
        self._session = made
        self._url = url
        self.proxy: str | None = made._proxy_config.proxy_url_for(url)
        """The proxy's URL; None: it is reached without one."""
        self._manager = made._get_connection_manager(url, self.proxy)

    @property
    def forwards_whole_url(self) -> bool:
        """Whether a proxy reads the requests, and wants the whole URL in them."""
        if self.proxy is None:
            return False
        return bool(self._session._get_request_target(self._url, self.proxy) == self._url)

    def proxy_headers(self) -> dict[str, str]:
        """What such a proxy wants with each request."""
        return dict(self._session._proxy_config.proxy_headers_for(self.proxy))

    def pool(self) -> Any:
        """urllib3's pool for the URL, with the user's certificates."""
        pool = self._manager.connection_from_url(self._url)
        self._session._setup_ssl_cert(pool, self._url, self._session._verify)
        return pool


def new_connection(pool: Any) -> Any:
    """A connection of a pool's kind, not opened yet."""
    return pool._new_conn()


def open_tunnel(pool: Any, connection: Any) -> None:
    """Connect through the pool's proxy."""
    pool._prepare_proxy(connection)
