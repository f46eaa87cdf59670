"""Base classes for sources that read a file sequentially."""

import io
from typing import BinaryIO

from sestui.audience.sources.encoding import Encoding
from sestui.audience.sources.file_cells import KEEP_BYTES


class ByteSource:
    """An open file."""

    def __init__(self, file: BinaryIO, name: str) -> None:
        self._file = file
        self._name = name

    @property
    def bytes_read(self) -> int:
        """The position, out of ``format.size``."""
        return self._file.tell()

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


class TextSource(ByteSource):
    """An open text file; undecodable bytes are kept by ``KEEP_BYTES``."""

    def __init__(
        self, file: BinaryIO, name: str, encoding: Encoding, *, newline: str | None = None
    ) -> None:
        """``newline`` is as for :func:`open`."""
        super().__init__(file, name)
        self._text = io.TextIOWrapper(file, encoding.codec, errors=KEEP_BYTES, newline=newline)

    def close(self) -> None:
        """Let go of the file."""
        self._text.close()
