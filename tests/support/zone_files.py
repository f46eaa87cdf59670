"""Zone files of a test's own, which change while somebody looks at them."""

import os
import struct
import zoneinfo
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CITY = "Test/City"


class ZoneFiles:
    """A folder of zones."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, rules: str, name: str = CITY) -> None:
        """Let the zone follow these rules (POSIX: ``AAA-1`` is an hour ahead of UTC) from now."""

        def block(version: bytes) -> bytes:
            counts = struct.pack(">6l", 0, 0, 0, 0, 1, 1)
            return b"TZif" + version + bytes(15) + counts + struct.pack(">lbb", 0, 0, 0) + b"\0"

        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        new = file.with_suffix(".new")
        new.write_bytes(block(b"2") + block(b"2") + f"\n{rules}\n".encode())
        os.replace(new, file)


@contextmanager
def zone_files(folder: Path) -> Iterator[ZoneFiles]:
    """Zones of this process are looked for in that folder first and only."""
    zoneinfo.reset_tzpath([str(folder)])
    try:
        yield ZoneFiles(folder)
    finally:
        zoneinfo.reset_tzpath()
