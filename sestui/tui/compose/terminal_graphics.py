"""Pictures in a terminal's own pixels: kitty's graphics protocol, with Unicode placeholders.

https://sw.kovidgoyal.net/kitty/graphics-protocol/#unicode-placeholders: the pixels are sent once,
and cells whose character is U+10EEEE stand for parts of them. Such cells are text to everything
else: they scroll, are covered by dialogs and vanish as text does.

textual-image 0.12 was tried: importing it asks the terminal, up to three times a tenth of a second
before the first frame, and takes a key that is pressed meanwhile for the answer; it writes to the
terminal beside Textual's own writer; and it needs Pillow. Sixel is not spoken: its pixels are no
text, so each scroll and each dialog has to send them anew, and whether a terminal understands it
can only be asked. Where this protocol isn't known to be spoken, half blocks are drawn.
"""

import base64
import zlib
from collections.abc import Iterator, Mapping
from math import ceil

from sestui.compose.png import Picture

_TERMS = {"xterm-kitty", "xterm-ghostty"}
"""The terminals that know placeholders; others speak the protocol, but not that part of it."""
_PLACEHOLDER = "\U0010eeee"
_CHUNK = 4096
"""Characters of base64 in one command, at most."""
_PIXELS = 8
"""Of a cell's width: a picture is drawn no larger than it is."""
_NUMBERS = """\
305 30d-30e 310 312 33d-33f 346 34a-34c 350-352 357 35b 363-36f 483-487 592-595 597-599 59c-5a1
5a8-5a9 5ab-5ac 5af 5c4 610-617 657-65b 65d-65e 6d6-6dc 6df-6e2 6e4 6e7-6e8 6eb-6ec 730 732-733
735-736 73a 73d 73f-741 743 745 747 749-74a 7eb-7f1 7f3 816-819 81b-823 825-827 829-82d 951
953-954 f82-f83 f86-f87 135d-135f 17dd 193a 1a17 1a75-1a7c 1b6b 1b6d-1b73 1cd0-1cd2 1cda-1cdb 1ce0
1dc0-1dc1 1dc3-1dc9 1dcb-1dcc 1dd1-1de6 1dfe 20d0-20d1 20d4-20d7 20db-20dc 20e1 20e7 20e9 20f0
2cef-2cf1 2de0-2dff a66f a67c-a67d a6f0-a6f1 a8e0-a8f1 aab0 aab2-aab3 aab7-aab8 aabe-aabf aac1
fe20-fe26 10a0f 10a38 1d185-1d189 1d1aa-1d1ad 1d242-1d244"""
"""The protocol's marks that stand for 0, 1, 2, …: rowcolumn-diacritics.txt, as ranges."""


def _marks() -> Iterator[str]:
    for part in _NUMBERS.split():
        first, _, last = part.partition("-")
        yield from map(chr, range(int(first, 16), int(last or first, 16) + 1))


_MARKS = tuple(_marks())
MOST_CELLS = len(_MARKS)
"""A picture is neither wider nor higher."""


def speaks_graphics(environment: Mapping[str, str], color_system: str | None) -> bool:
    """Whether the terminal is known to draw pictures so, with nothing between it and us.

    A multiplexer swallows the pixels. The picture's number is a colour of 24 bits: with fewer, or
    none, it would be another.
    """
    if {"TMUX", "STY", "NO_COLOR"} & set(environment) or color_system != "truecolor":
        return False
    return environment.get("TERM") in _TERMS


def size_in_cells(picture: Picture, room: int) -> tuple[int, int]:
    """Columns and lines for a picture where there are ``room`` columns; a cell is twice as high."""
    columns = max(1, min(room, ceil(picture.width / _PIXELS), MOST_CELLS))
    return columns, max(1, ceil(len(picture.rows) * columns / picture.width / 2))


def cut_to(picture: Picture, columns: int, lines: int) -> Picture:
    """Its upper part, if it would be higher than ``lines``."""
    return Picture(picture.width, picture.rows[: 2 * lines * picture.width // columns])


def sent(number: int, picture: Picture, columns: int, lines: int) -> str:
    """What sends a picture's pixels, to be drawn over so many cells; nothing is answered."""
    packed = base64.b64encode(zlib.compress(b"".join(picture.rows))).decode()
    chunks = [packed[at : at + _CHUNK] for at in range(0, len(packed), _CHUNK)]
    about = f"a=T,U=1,q=2,i={number},f=24,o=z,s={picture.width},v={len(picture.rows)}"
    about += f",c={columns},r={lines}"
    commands = []
    for at, chunk in enumerate(chunks):
        more = f"m={int(at < len(chunks) - 1)}"
        commands.append(_command(more if at else f"{about},{more}", chunk))
    return "".join(commands)


def forgotten(number: int) -> str:
    """What lets the terminal forget a picture."""
    return _command(f"a=d,d=I,q=2,i={number}", "")


def cell(line: int, column: int) -> str:
    """The text of the cell that shows that part of the picture; its colour is the number's."""
    return f"{_PLACEHOLDER}{_MARKS[line]}{_MARKS[column]}"


def color_of(number: int) -> tuple[int, int, int]:
    """The colour that says which picture it is."""
    return number >> 16 & 255, number >> 8 & 255, number & 255


def _command(keys: str, payload: str) -> str:
    return f"\x1b_G{keys};{payload}\x1b\\" if payload else f"\x1b_G{keys}\x1b\\"
