"""All uses of uvicorn's private names, which tests/unit/test_bounds.py checks."""

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class UvicornProtocol(HttpToolsProtocol):
    """uvicorn's HTTP protocol."""

    def not_idle(self) -> None:
        """Record activity, so that the connection isn't closed for being idle."""
        self._unset_keepalive_if_required()
