"""Kitty's graphics protocol by its bytes: what is sent, and which cells stand for it."""

import base64
import re
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from sestui.compose.png import Picture
from sestui.tui.compose.terminal_graphics import (
    MOST_CELLS,
    cell,
    color_of,
    cut_to,
    forgotten,
    sent,
    size_in_cells,
    speaks_graphics,
)

KITTY = {"TERM": "xterm-kitty", "COLORTERM": "truecolor"}


@pytest.mark.parametrize(
    ("environment", "colors", "speaks"),
    [
        (KITTY, "truecolor", True),
        ({"TERM": "xterm-ghostty"}, "truecolor", True),
        (KITTY, "256", False),  # the picture's number is a colour
        (KITTY, None, False),
        (KITTY | {"TMUX": "/tmp/tmux-0/default,1,0"}, "truecolor", False),
        (KITTY | {"STY": "1.pts-0"}, "truecolor", False),
        (KITTY | {"NO_COLOR": ""}, "truecolor", False),
        ({"TERM": "xterm-256color", "KITTY_WINDOW_ID": "1"}, "truecolor", False),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "WezTerm"}, "truecolor", False),
        ({}, "truecolor", False),
    ],
)
def test_only_terminals_that_are_known_to_draw_pictures_are_sent_any(environment, colors, speaks):
    assert speaks_graphics(environment, colors) == speaks


def commands(text):
    """Keys and payload of each command; nothing stands between them."""
    found = re.findall(r"\x1b_G([^;\x1b]*)(?:;([^\x1b]*))?\x1b\\", text)
    told = [f"\x1b_G{keys}{';' * bool(load)}{load}\x1b\\" for keys, load in found]
    assert "".join(told) == text
    return [(dict(each.split("=") for each in keys.split(",")), load) for keys, load in found]


@given(st.integers(1, 2_000), st.integers(1, 60), st.integers(1, (1 << 24) - 1), st.randoms())
def test_the_pixels_arrive_whole_in_small_commands(width, height, number, random):
    rows = tuple(random.randbytes(3 * width) for _ in range(height))
    (first, load), *rest = commands(sent(number, Picture(width, rows), 7, 5))
    wanted = {"a": "T", "U": "1", "q": "2", "f": "24", "o": "z", "c": "7", "r": "5"}
    assert wanted.items() <= first.items()
    assert (first["i"], first["s"], first["v"]) == (str(number), str(width), str(height))
    assert all(keys.keys() == {"m"} for keys, _ in rest)
    mores = [first["m"], *(keys["m"] for keys, _ in rest)]
    assert mores == ["1"] * len(rest) + ["0"]
    loads = [load, *(each for _, each in rest)]
    assert all(len(each) <= 4096 for each in loads)
    assert all(len(each) % 4 == 0 for each in loads)
    assert zlib.decompress(base64.b64decode("".join(loads))) == b"".join(rows)


def test_a_picture_that_nobody_sees_is_forgotten():
    assert commands(forgotten(77)) == [({"a": "d", "d": "I", "q": "2", "i": "77"}, "")]


def test_each_cell_says_its_line_and_column_and_is_one_cell_wide():
    # The first ones, one in the middle and the last of kitty's rowcolumn-diacritics.txt.
    assert cell(0, 1) == "\U0010eeee\u0305\u030d"
    assert cell(2, 30)[1:] == "\u030e\u0483"[:1] + cell(30, 2)[1]
    assert cell(296, 0) == "\U0010eeee\U0001d244\u0305"
    every = {cell(line, column) for line in range(MOST_CELLS) for column in range(MOST_CELLS)}
    assert (MOST_CELLS, len(every)) == (297, 297**2)
    assert {cell_len(each) for each in every} == {1}
    assert color_of(0x123456) == (0x12, 0x34, 0x56)


@given(st.integers(1, 4_000), st.integers(1, 4_000), st.integers(0, 400))
def test_a_picture_keeps_its_shape_and_fits(width, height, room):
    picture = Picture(width, (b"",) * height)
    columns, lines = size_in_cells(picture, room)
    assert 1 <= columns <= max(1, min(room, MOST_CELLS))
    assert (lines - 1) * 2 * width < height * columns <= lines * 2 * width
    shown = min(lines, MOST_CELLS)
    cut = cut_to(picture, columns, shown)
    assert len(cut.rows) <= height
    assert size_in_cells(cut, room)[1] <= max(shown, 1)
