"""textual-serve's private names, all that are used (tests/unit/test_bounds.py holds them)."""

from asyncio.subprocess import Process

from aiohttp import web
from textual_serve.app_service import AppService
from textual_serve.server import Server


class PageServer(Server):
    """textual-serve's server with an application of our own."""

    async def make_app(self) -> web.Application:
        """The application that is served."""
        raise NotImplementedError

    async def _make_app(self) -> web.Application:
        return await self.make_app()

    async def process_messages(self, page: web.WebSocketResponse, session: AppService) -> None:
        """Hand what a page says to its app, until the page is closed."""
        await self._process_messages(page, session)


class ProcessService(AppService):
    """textual-serve's service of one page, with a process that is started in our way."""

    async def start_process(self, environment: dict[str, str]) -> Process:
        """Start the app, with pipes for all three streams."""
        raise NotImplementedError

    def kill(self) -> None:
        """End the app at once, if it has been started."""
        if self._process is not None:
            self._process.kill()

    async def _open_app_process(self, width: int = 80, height: int = 24) -> Process:
        process = await self.start_process(self._build_environment(width, height))
        self._process, self._stdin = process, process.stdin
        return process
