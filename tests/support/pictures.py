"""A browser that takes pictures, as a script, and where the machine's own is."""

import shutil
import struct
import tempfile
import zlib
from contextlib import contextmanager
from pathlib import Path


def chunk(kind, content):
    return (
        struct.pack(">I4s", len(content), kind)
        + content
        + struct.pack(">I", zlib.crc32(kind + content))
    )


def png(rows, channels=3, depth=8, interlaced=0):
    """A PNG of rows as they are written: each with its filter, and the differences."""
    width = (len(rows[0]) - 1) // channels
    kind = {3: 2, 4: 6}[channels]
    head = struct.pack(">IIBBBBB", width, len(rows), depth, kind, 0, 0, interlaced)
    packed = zlib.compress(b"".join(rows))
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"tEXt", b"said")
        + chunk(b"IDAT", packed[:10])
        + chunk(b"IDAT", packed[10:])
        + chunk(b"IEND", b"")
    )


PICTURE = png([b"\0" + b"\xff\0\0" * 320] * 40 + [b"\0" + b"\0\0\xff" * 320] * 40)
"""Red above, blue below."""


@contextmanager
def browser(monkeypatch, script='cat {folder}/picture.png > "$out"'):
    """A Chromium on the PATH that runs ``script``; in it, ``$out`` is where the picture goes.

    It lies where everybody may read it: root lets nobody run the browser. ``{folder}/said`` may be
    written.
    """
    folder = Path(tempfile.mkdtemp(prefix="sestui-test-browser-"))
    folder.chmod(0o755)
    (folder / "picture.png").write_bytes(PICTURE)
    (folder / "said").touch()
    (folder / "said").chmod(0o666)
    path = folder / "chromium"
    find = 'for a in "$@"; do case $a in --screenshot=*) out=${a#--screenshot=};; esac; done'
    path.write_text("\n".join(["#!/bin/sh", find, script.replace("{folder}", str(folder)), ""]))
    path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    try:
        yield folder
    finally:
        shutil.rmtree(folder)
