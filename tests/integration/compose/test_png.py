"""Pictures as browsers write them: every filter of the format, and what is no picture."""

import pytest

from sestui.compose.png import read_png
from tests.support.pictures import png


def filtered(kind, row, above, step):
    """What the format writes for a row (PNG, 9.2), the other way round from reading it."""
    written = bytearray([kind])
    for i, value in enumerate(row):
        left = row[i - step] if i >= step else 0
        corner = above[i - step] if i >= step else 0
        up = above[i]
        estimate = left + up - corner
        nearest = min((left, up, corner), key=lambda each: abs(estimate - each))
        written.append((value - [0, left, up, (left + up) // 2, nearest][kind]) % 256)
    return bytes(written)


@pytest.mark.parametrize("channels", [3, 4])
def test_every_filter_of_the_format_is_read(channels):
    rows = [bytes((x * y * 37 + 11 * x) % 256 for x in range(12 * channels)) for y in range(15)]
    above = [bytes(12 * channels), *rows]
    written = [filtered(y % 5, row, above[y], channels) for y, row in enumerate(rows)]
    picture = read_png(png(written, channels))
    pixels = [[row[at : at + 3] for at in range(0, len(row), channels)] for row in rows]
    assert picture.width == 12
    assert [[row[at : at + 3] for at in range(0, 36, 3)] for row in picture.rows] == pixels


def test_a_picture_is_cut_and_made_smaller_by_means():
    red, blue, white = b"\xff\0\0", b"\0\0\xff", b"\xff\xff\xff"
    rows = [b"\0" + red * 2 + blue * 2 + white * 4] * 2 + [b"\0" + white * 8] * 6
    picture = read_png(png(rows))
    cut = picture.trimmed(4)
    assert (cut.width, len(cut.rows)) == (4, 3)  # one row of what is blank stays
    assert picture.scaled(4)[0] == [(255, 0, 0), (0, 0, 255), (255, 255, 255), (255, 255, 255)]
    assert len(picture.scaled(4)) == 4
    assert picture.scaled(2)[0][0] == (191, 127, 191)  # half of its rows are white
    assert len(picture.scaled(40)[0]) == 40


@pytest.mark.parametrize(
    "data",
    [
        b"", b"GIF89a", b"\x89PNG\r\n\x1a\n", png([b"\0abc"])[:30], png([b"\0abc"], depth=16),
        png([b"\0abc"], interlaced=1), png([b"\x09abc"]), png([b"\0abc"]).replace(b"IDAT", b"JUNK"),
    ],
)  # fmt: skip
def test_what_is_no_such_picture_is_refused(data):
    with pytest.raises(ValueError, match=r"picture|PNG"):
        read_png(data)
