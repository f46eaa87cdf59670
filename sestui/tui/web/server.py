"""The server of ``sestui --serve``: a page with a terminal in it, and an app behind each."""

import asyncio
import secrets
import socket
from collections.abc import Callable, Sequence
from pathlib import Path
from string import Template

from aiohttp import WSCloseCode, web
from textual_serve.server import to_int

from sestui.core.serving import listening, stopped_by_signal
from sestui.errors import UsageError
from sestui.tui.web._compat import PageServer
from sestui.tui.web.guard import guard, harden
from sestui.tui.web.session import Session

_HOST = "127.0.0.1"
_FOLDER = Path(__file__).parent
_FONT_SIZES = range(8, 33)
_OWN_FILES = frozenset({"page.css", "page.js"})
_FILES = {
    "textual.js": "js/textual.js",
    "xterm.css": "css/xterm.css",
    "mono.ttf": "fonts/RobotoMono-VariableFont_wght.ttf",
}
"""What the page needs of textual-serve's own files."""
_END_SECONDS = 60.0
"""How long the apps may take to end: longer than one waits for what is in flight."""


class AppServer(PageServer):
    """textual-serve's server, for one machine and those who know its address."""

    def __init__(self, command: Sequence[str], listener: socket.socket) -> None:
        """``command`` starts one app; every page that is opened gets its own."""
        port = listener.getsockname()[1]
        super().__init__(command[0], host=_HOST, port=port, title="sestui")
        self._listener = listener
        self.token = secrets.token_urlsafe(24)
        self._arguments = command
        self._pages: set[web.WebSocketResponse] = set()

    @property
    def url(self) -> str:
        """The address of the page; who has it steers sestui."""
        return f"http://{_HOST}:{self.port}/{self.token}/"

    async def make_app(self) -> web.Application:
        """The page, its files and its way to the app, for whoever has the address."""
        app = web.Application(middlewares=[guard(self.token, self.port)])
        app.add_routes(
            [
                web.get("/{token}/", self._page),
                web.get("/{token}/ws", self.handle_websocket),
                web.get("/{token}/static/{file}", self._file),
            ]
        )
        app.on_response_prepare.append(harden)
        app.on_shutdown.append(self.on_shutdown)
        return app

    async def _page(self, request: web.Request) -> web.StreamResponse:
        wanted = to_int(request.query.get("fontsize", ""), 16)
        page = Template((_FOLDER / "page.html").read_text(encoding="utf-8"))
        text = page.substitute(
            socket=f"ws://{request.host}/{self.token}/ws",
            font_size=wanted if wanted in _FONT_SIZES else 16,
        )
        return web.Response(text=text, content_type="text/html")

    async def _file(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["file"]
        if name in _OWN_FILES:
            return web.FileResponse(_FOLDER / name)
        if name not in _FILES:
            raise web.HTTPNotFound
        return web.FileResponse(Path(self.statics_path) / _FILES[name])

    async def handle_websocket(self, request: web.Request) -> web.WebSocketResponse:
        """Run an app as long as the page is open."""
        page = web.WebSocketResponse(heartbeat=15)
        await page.prepare(request)
        self._pages.add(page)
        session = Session(self._arguments, page, self.download_manager)
        size = (to_int(request.query.get(name, ""), 0) for name in ("width", "height"))
        width, height = (min(max(each, 20), 1000) for each in size)
        try:
            await session.start(width, height)
            await self.process_messages(page, session)
        finally:
            self._pages.discard(page)
            await session.stop()
        return page

    async def on_shutdown(self, app: web.Application) -> None:
        """Close every page: its app then quits."""
        closing = [each.close(code=WSCloseCode.GOING_AWAY) for each in tuple(self._pages)]
        await asyncio.gather(*closing)

    async def run(self, announce: Callable[[str], None]) -> None:
        """Serve until SIGINT or SIGTERM; a second one doesn't wait for the apps' ends."""
        ended = asyncio.Event()
        runner = web.AppRunner(
            await self.make_app(), access_log=None, shutdown_timeout=_END_SECONDS
        )
        try:
            async with stopped_by_signal(ended.set):
                await runner.setup()
                await web.SockSite(runner, self._listener).start()
                announce(self.url)
                await ended.wait()
        finally:
            await runner.cleanup()


def serve(command: Sequence[str], port: int, announce: Callable[[str], None]) -> None:
    """Serve the app that ``command`` starts until SIGINT or SIGTERM; port 0 is a free one.

    ``announce`` is called with the page's address once it can be opened.

    Raises:
        UsageError: the port can't be had.
    """

    def refused(why: str) -> Exception:
        return UsageError(
            f"sestui can't be served on port {port}: {why}; choose another with --port, or 0 for a "
            "free one."
        )

    with listening(_HOST, port, refused) as listener:
        asyncio.run(AppServer(command, listener).run(announce))
