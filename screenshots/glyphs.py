"""Lines, blocks and braille as shapes: what is drawn of characters joins in every font."""

import re

_ARMS = {
    "─": "lr",
    "━": "LR",
    "│": "ud",
    "┃": "UD",
    "╭": "rd",
    "╮": "ld",
    "╰": "ru",
    "╯": "lu",
    "┌": "rd",
    "┐": "ld",
    "└": "ru",
    "┘": "lu",
    "├": "udr",
    "┤": "udl",
    "┬": "lrd",
    "┴": "lru",
    "┼": "lrud",
    "╸": "L",
    "╺": "R",
    "╴": "l",
    "╶": "r",
}
"""Arms from the middle of the cell: left, right, up, down; thick ones in capitals."""
_LOWER = "▁▂▃▄▅▆▇█"
_LEFT = "▏▎▍▌▋▊▉"
_QUARTERS = {"▖": "3", "▗": "4", "▘": "1", "▝": "2", "▙": "134", "▚": "14", "▛": "123"}
_QUARTERS |= {"▜": "124", "▞": "23", "▟": "234", "▀": "12", "▐": "24"}
"""Left upper, right upper, left lower, right lower: 1 to 4."""
_BRAILLE = 0x2800
_DOTS = ((0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3))
_SHAPES = re.compile(f"[{''.join((*_ARMS, *_QUARTERS))}{_LOWER}{_LEFT}▔▕\u2800-\u28ff]+")


def drawn(text: str, column: int, columns: int, cell: int) -> tuple[str, list[tuple[int, str]]]:
    """The path of what is drawn, and what is left to write, as (column, text).

    A text with wide characters is left as it is: its columns can't be told from its characters.
    """
    if len(text) != columns:
        return "", [(column, text)]
    path, rest, end = "", [], 0
    for match in _SHAPES.finditer(text):
        rest.append((end, text[end : match.start()]))
        path += "".join(
            _shape(character, (column + at) * cell, cell)
            for at, character in enumerate(match.group(), match.start())
        )
        end = match.end()
    rest.append((end, text[end:]))
    trimmed = ((at + len(part) - len(part.lstrip(" ")), part.strip(" ")) for at, part in rest)
    return path, [(column + at, part) for at, part in trimmed if part]


def _shape(character: str, x: int, cell: int) -> str:
    """One character's path, with the cell's left upper corner at ``x``, 0."""
    if arms := _ARMS.get(character):
        return "".join(_arm(arm, x, cell) for arm in arms)
    if height := (_LOWER.find(character) + 1) * cell / 4:
        return _box(x, 2 * cell - height, cell, height)
    if width := (_LEFT.find(character) + 1) * cell / 8:
        return _box(x, 0, width, 2 * cell)
    if quarters := _QUARTERS.get(character):
        half = cell / 2
        return "".join(
            _box(x + half * (at % 2), cell * (at // 2), half, cell)
            for at in (int(each) - 1 for each in quarters)
        )
    if character in "▔▕":
        width, height = (cell, cell / 4) if character == "▔" else (cell / 8, 2 * cell)
        return _box(x + cell - width, 0, width, height)
    return _dots(ord(character) - _BRAILLE, x, cell)


def _dots(bits: int, x: int, cell: int) -> str:
    dot = cell * 0.3
    return "".join(
        _box(x + (0.25 + 0.5 * right) * cell - dot / 2, (down + 0.5) * cell / 2 - dot / 2, dot, dot)
        for bit, (right, down) in enumerate(_DOTS)
        if bits >> bit & 1
    )


def _arm(arm: str, x: int, cell: int) -> str:
    thick = cell * (0.3 if arm.isupper() else 0.1)
    left, top = x + (cell - thick) / 2, cell - thick / 2
    match arm.lower():
        case "l":
            return _box(x, top, (cell + thick) / 2, thick)
        case "r":
            return _box(left, top, (cell + thick) / 2, thick)
        case "u":
            return _box(left, 0, thick, cell + thick / 2)
        case _:
            return _box(left, top, thick, cell + thick / 2)


def _box(x: float, y: float, width: float, height: float) -> str:
    return f"M{_n(x)} {_n(y)}h{_n(width)}v{_n(height)}h-{_n(width)}z"


def _n(number: float) -> str:
    return f"{round(number, 2):g}"
