"""uvicorn's private names, all that are used (tests/unit/test_bounds.py holds them)."""

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class UvicornProtocol(HttpToolsProtocol):
    """uvicorn's HTTP protocol."""

    def not_idle(self) -> None:
        """Something has come: the connection isn't closed for being idle."""
        self._unset_keepalive_if_required()
