"""Who asks: a program or a browser on this machine, or a web page from elsewhere."""

from starlette.requests import Request

_LOCAL_HOSTS = {"127.0.0.1", "localhost"}


def is_local(request: Request) -> bool:
    """Not a web page: those come with an Origin, or under a name rebound to this machine."""
    host = request.headers.get("host", "").partition(":")[0]
    return host in _LOCAL_HOSTS and "origin" not in request.headers
