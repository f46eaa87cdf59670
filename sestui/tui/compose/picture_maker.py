"""Takes pictures of a mail in the background, one at a time; leaving ends the browser."""

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass

from sestui.compose.browser_picture import COARSE, DEVICES, NoPictureError, Stopped, take_picture
from sestui.compose.png import Picture, Pixel
from sestui.core.delivery.mail import Mail

_CALM_SECONDS = 0.5
"""So long nobody may have typed before the browser is started again."""


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What a picture shows."""

    device: str
    html: str
    images: tuple[str, ...]


class PictureMaker:
    """Keeps the last picture: the same mail at another width needs no browser."""

    def __init__(self) -> None:
        self._taken: tuple[_Wanted, Picture] | None = None

    async def rows(
        self, mail: Mail, device: str, width: Callable[[], int]
    ) -> list[list[Pixel]] | None:
        """The picture's pixels, ``width()`` of them a row; None: it is of no use any more.

        Raises:
            NoPictureError: there is none; the sentence says why.
        """
        picture = await self.picture(mail, device, COARSE)
        cells = width()
        return await asyncio.to_thread(picture.scaled, cells) if cells > 0 else None

    async def picture(self, mail: Mail, device: str, scale: float) -> Picture:
        """The whole picture; ``scale`` is one of ``take_picture``'s, which says what it raises."""
        ids = tuple(each.content_id for each in mail.attachments)
        wanted = _Wanted(device, mail.html, ids)
        if self._taken is None or self._taken[0] != wanted:
            if self._taken is not None and self._taken[0].device == device:
                await asyncio.sleep(_CALM_SECONDS)
            self._taken = (wanted, await self._take(mail, device, scale))
        return self._taken[1]

    @staticmethod
    async def _take(mail: Mail, device: str, scale: float) -> Picture:
        stop = threading.Event()
        try:
            return await asyncio.to_thread(take_picture, mail, DEVICES[device], stop, scale=scale)
        except asyncio.CancelledError:
            stop.set()
            raise
        except Stopped as stopped:
            raise NoPictureError("No picture: the browser has been stopped.") from stopped
