"""One browser's app: a process of its own, from the page's opening to its closing."""

import asyncio
from asyncio.subprocess import PIPE, Process
from collections.abc import Sequence

from aiohttp.web import WebSocketResponse
from textual_serve.download_manager import DownloadManager

from sestui.tui.web._compat import ProcessService

_DRIVER = "sestui.tui.web.driver:ServedDriver"
_PATIENCE_SECONDS = 40.0
"""Longer than the sender waits for what is in flight."""


class Session(ProcessService):
    """Runs ``command`` with our own driver, and ends it in order."""

    def __init__(
        self, command: Sequence[str], socket: WebSocketResponse, downloads: DownloadManager
    ) -> None:
        super().__init__(
            command[0],
            write_bytes=socket.send_bytes,
            write_str=socket.send_str,
            close=self._close,
            download_manager=downloads,
        )
        self._arguments = command
        self._socket = socket

    async def _close(self) -> None:
        await self._socket.close()

    async def start_process(self, environment: dict[str, str]) -> Process:
        """Start the app with our own driver."""
        # No shell in between, and a session of its own: Ctrl-C is for the server, which then ends
        # its apps one by one and waits for them.
        return await asyncio.create_subprocess_exec(
            *self._arguments,
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            env=environment | {"TEXTUAL_DRIVER": _DRIVER},
            start_new_session=True,
        )

    async def run(self) -> None:
        """Carry what the app paints to the browser, and close when it has ended."""
        await super().run()
        await self._socket.close()

    async def stop(self) -> None:
        """Have the app quit, and wait until what it has in flight got its answer."""
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await super().stop()
        except TimeoutError:
            self.kill()
