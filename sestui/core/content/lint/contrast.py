"""Contrast of text and background in HTML with inlined styles."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from sestui.core.content.markup.html_reader import HtmlReader

Colour = tuple[int, int, int]
_VOID = frozenset({"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "wbr"})
_SILENT = frozenset({"head", "style", "script", "title", "template"})
_NAMED: dict[str, Colour] = {
    "black": (0, 0, 0),
    "white": (255, 255, 255),
    "red": (255, 0, 0),
    "green": (0, 128, 0),
    "lime": (0, 255, 0),
    "blue": (0, 0, 255),
    "yellow": (255, 255, 0),
    "orange": (255, 165, 0),
    "gray": (128, 128, 128),
    "grey": (128, 128, 128),
    "lightgray": (211, 211, 211),
    "lightgrey": (211, 211, 211),
    "silver": (192, 192, 192),
    "navy": (0, 0, 128),
    "purple": (128, 0, 128),
    "teal": (0, 128, 128),
    "maroon": (128, 0, 0),
    "pink": (255, 192, 203),
}
_HEX = re.compile(r"#([0-9a-f]{3}|[0-9a-f]{6})(?![0-9a-f])", re.IGNORECASE)
_RGB = re.compile(r"rgb\(\s*(\d{1,3})\s*,\s*(\d{1,3})\s*,\s*(\d{1,3})\s*\)", re.IGNORECASE)
_SIZE = re.compile(r"([\d.]+)(px|pt)")
_LINK: Colour = (0, 0, 238)
_ENOUGH, _ENOUGH_LARGE = 4.5, 3.0
"""Minimum contrast by the W3C's guidelines (WCAG 2, level AA)."""
_LARGE, _LARGE_BOLD = 24.0, 18.66


@dataclass(frozen=True, slots=True)
class _Colours:
    tag: str
    colour: Colour | None = (0, 0, 0)
    """None if unknown; so is ``ground``, the background."""
    ground: Colour | None = (255, 255, 255)
    size: float = 16.0
    bold: bool = False
    hidden: bool = False


def low_contrast(html: str) -> Iterator[tuple[str, float]]:
    """Texts with too little contrast (below 4.5, or 3 for large letters), with their contrast."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    yield from reader.found


def contrast(one: Colour, other: Colour) -> float:
    """The contrast of two colours, from 1 (equal) to 21 (black on white)."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: Colour) -> float:
    red, green, blue = (
        part / 255 / 12.92 if part <= 10 else ((part / 255 + 0.055) / 1.055) ** 2.4
        for part in colour
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


class _Reader(HtmlReader):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, float]] = []
        self._open = [_Colours("")]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _VOID:
            self._open.append(_colours(tag, self.attributes(), self._open[-1]))

    def handle_endtag(self, tag: str) -> None:
        for number in range(len(self._open) - 1, 0, -1):
            if self._open[number].tag == tag:
                del self._open[number:]
                return

    def handle_data(self, data: str) -> None:
        text, look = " ".join(data.split()), self._open[-1]
        if look.hidden or not text.strip(" \u034f\u200c\u00a0"):
            return
        if look.colour is None or look.ground is None:
            return
        ratio = contrast(look.colour, look.ground)
        large = look.size >= (_LARGE_BOLD if look.bold else _LARGE)
        if ratio < (_ENOUGH_LARGE if large else _ENOUGH):
            self.found.append((text, ratio))


def _colours(tag: str, given: dict[str, str], outer: _Colours) -> _Colours:
    style = _declarations(given.get("style", ""))
    look = replace(outer, tag=tag)
    if tag == "a":
        look = replace(look, colour=_LINK)
    if "bgcolor" in given:
        look = replace(look, ground=_colour(given["bgcolor"]))
    if "color" in given:
        look = replace(look, colour=_colour(given["color"]))
    if "color" in style and style["color"] != "inherit":
        look = replace(look, colour=_colour(style["color"]))
    elif style.get("color") == "inherit":
        look = replace(look, colour=outer.colour)
    if "background" in given or "url(" in style.get("background", "") + style.get(
        "background-image", ""
    ):
        look = replace(look, ground=None)
    for name in ("background", "background-color"):
        value = style.get(name, "")
        if value and value not in {"none", "transparent", "inherit"} and "url(" not in value:
            look = replace(look, ground=_colour(value))
    size = _SIZE.fullmatch(style.get("font-size", ""))
    if size:
        look = replace(look, size=float(size[1]) * (1 if size[2] == "px" else 4 / 3))
    elif tag in {"h1", "h2"}:
        look = replace(look, size=24.0)
    weight = style.get("font-weight", "bold" if tag in {"b", "strong", "h1", "h2", "th"} else "")
    if weight:
        look = replace(look, bold=weight in {"bold", "bolder", "700", "800", "900"})
    gone = style.get("display") == "none" or style.get("mso-hide") == "all" or tag in _SILENT
    return replace(look, hidden=outer.hidden or gone)


def _declarations(style: str) -> dict[str, str]:
    pairs = (each.partition(":") for each in style.split(";"))
    return {
        name.strip().lower(): value.replace("!important", "").strip().lower()
        for name, _, value in pairs
    }


def _colour(text: str) -> Colour | None:
    """Parse a colour; None if unknown, such as a gradient or a Jinja value."""
    tidy = text.strip().lower()
    if found := _RGB.fullmatch(tidy):
        return (int(found[1]), int(found[2]), int(found[3]))
    if (found := _HEX.match(tidy)) and (len(tidy) == found.end() or tidy[found.end()] == " "):
        digits = found[1] if len(found[1]) == 6 else "".join(2 * each for each in found[1])
        return (int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:], 16))
    return _NAMED.get(tidy)
