"""Who may come in: a browser on this machine that was given the address, and nobody else.

Who reaches the app steers it: starts campaigns, reads contacts. Loopback alone is not enough: every
user of the machine reaches it, and every web page that a browser here has open can send it requests
and open WebSockets to it.
"""

import hmac
from collections.abc import Awaitable, Callable

from aiohttp import web
from aiohttp.typedefs import Middleware

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self'; "
    "img-src data:; connect-src 'self' ws://{host}; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def guard(token: str, port: int) -> Middleware:
    """Lets through what names this machine, comes from our own page and knows the ``token``."""
    hosts = {f"{name}:{port}" for name in ("127.0.0.1", "localhost")}

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        host = request.headers.get("Host", "").lower()
        # A name that was rebound to this machine is still another name.
        if host not in hosts:
            raise web.HTTPForbidden(text="Only a browser on this machine may come in.")
        # A browser tells where a WebSocket was opened; other pages' are refused, and the unnamed.
        origin = request.headers.get("Origin")
        wants_socket = "Upgrade" in request.headers
        if origin != f"http://{host}" and (origin is not None or wants_socket):
            raise web.HTTPForbidden(text="Only sestui's own page may do that.")
        given = request.match_info.get("token", "")
        if not hmac.compare_digest(given.encode(), token.encode()):
            raise web.HTTPNotFound(text="There is nothing here; use the whole address.")
        return await handler(request)

    return check


async def harden(request: web.Request, response: web.StreamResponse) -> None:
    """Headers for every answer: nothing from elsewhere in our page, our page in none elsewhere."""
    response.headers.setdefault("Content-Security-Policy", _POLICY.format(host=request.host))
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
