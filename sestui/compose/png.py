"""Reads the pictures that browsers take: PNG with 8 bits a colour and no interlacing."""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_CHANNELS = {2: 3, 6: 4}
"""Colour type to bytes of a pixel: RGB, and the same with an alpha that is not needed."""
_MOST_PIXELS = 4_000_000

Pixel = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Picture:
    """Pixels: a row is three bytes each of red, green, blue."""

    width: int
    rows: tuple[bytes, ...]

    def trimmed(self, width: int) -> "Picture":
        """Its left part, without what is of one colour to its end below everything else."""
        rows = [row[: 3 * width] for row in self.rows]
        while len(rows) > 1 and rows[-1] == rows[-2]:
            rows.pop()
        return Picture(min(width, self.width), tuple(rows))

    def scaled(self, width: int) -> list[list[Pixel]]:
        """The picture ``width`` pixels wide, each the mean of those that it stands for."""
        across = [(x * self.width // width, (x + 1) * self.width // width) for x in range(width)]
        spans = [(3 * begin, 3 * max(end, begin + 1)) for begin, end in across]
        height = max(1, round(len(self.rows) * width / self.width))
        made = []
        for y in range(height):
            begin = y * len(self.rows) // height
            block = self.rows[begin : max(begin + 1, (y + 1) * len(self.rows) // height)]
            made.append([_mean(block, *span) for span in spans])
        return made


def _mean(block: tuple[bytes, ...], begin: int, end: int) -> Pixel:
    count = len(block) * ((end - begin) // 3)
    red, green, blue = (
        sum(sum(row[begin + channel : end : 3]) for row in block) // count for channel in range(3)
    )
    return red, green, blue


def read_png(data: bytes) -> Picture:
    """The picture in a PNG file.

    Raises:
        ValueError: it is none, or of a kind that no browser takes.
    """
    try:
        width, height, channels, packed = _parts(data)
        stream = zlib.decompressobj()
        raw = stream.decompress(packed, (1 + width * channels) * height)
    except (struct.error, zlib.error, IndexError, KeyError) as error:
        raise ValueError("it is not a picture that can be read") from error
    length = width * channels
    if len(raw) < (1 + length) * height:
        raise ValueError("the picture is incomplete")
    rows, before = [], bytes(length)
    for y in range(height):
        begin = y * (1 + length)
        before = _unfiltered(raw[begin], raw[begin + 1 : begin + 1 + length], before, channels)
        rows.append(before if channels == 3 else _without_alpha(before))
    return Picture(width, tuple(rows))


def _parts(data: bytes) -> tuple[int, int, int, bytes]:
    """Width, height, bytes of a pixel, and the compressed rows."""
    if not data.startswith(_SIGNATURE):
        raise ValueError("it is not a PNG file")
    chunks = list(_chunks(data))
    head = dict(chunks)[b"IHDR"]
    width, height, depth, colours, _, _, interlaced = struct.unpack(">IIBBBBB", head)
    if depth != 8 or interlaced or not 0 < width * height <= _MOST_PIXELS:
        raise ValueError("it is a PNG of another kind")
    return width, height, _CHANNELS[colours], b"".join(c for kind, c in chunks if kind == b"IDAT")


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(_SIGNATURE)
    while at < len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        yield kind, data[at + 8 : at + 8 + length]
        at += 12 + length


def _without_alpha(row: bytes) -> bytes:
    plain = bytearray(len(row) // 4 * 3)
    for channel in range(3):
        plain[channel::3] = row[channel::4]
    return bytes(plain)


def _unfiltered(kind: int, row: bytes, above: bytes, step: int) -> bytes:
    """A row's bytes: each is written as the difference from its neighbours (PNG, chapter 9)."""
    if kind == 0:
        return row
    if kind == 2:
        if not any(row):
            return above
        return bytes((a + b) & 255 for a, b in zip(row, above, strict=True))
    made = bytearray(row)
    if kind == 1:
        for i in range(step, len(made)):
            made[i] = (made[i] + made[i - step]) & 255
    elif kind == 3:
        for i in range(len(made)):
            left = made[i - step] if i >= step else 0
            made[i] = (made[i] + ((left + above[i]) >> 1)) & 255
    elif kind == 4:
        for i in range(len(made)):
            left, corner = (made[i - step], above[i - step]) if i >= step else (0, 0)
            made[i] = (made[i] + _paeth(left, above[i], corner)) & 255
    else:
        raise ValueError("it is not a picture that can be read")
    return bytes(made)


def _paeth(left: int, above: int, corner: int) -> int:
    estimate = left + above - corner
    to_left, to_above, to_corner = (
        abs(estimate - left),
        abs(estimate - above),
        abs(estimate - corner),
    )
    if to_left <= to_above and to_left <= to_corner:
        return left
    return above if to_above <= to_corner else corner
