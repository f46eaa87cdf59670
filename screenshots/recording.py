"""An animated SVG of a terminal: small, without scripts, and it plays wherever a picture shows.

Frames are the app's own pictures, taken apart into rows; a row that doesn't change from one frame
to the next is written once. Animation is SMIL, which browsers play in an ``<img>`` too. Lines,
blocks and dots are drawn rather than written, because fonts disagree about how wide they are.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape
from xml.etree import ElementTree

from glyphs import drawn

CELL = 10
"""Width of a cell; a row is twice as high."""
ROW = 2 * CELL
_HEAD = 36
_FOOT = 34
_MARGIN = 12
_PICTURE_CELL = 12.2
"""Width and height of a cell in Rich's pictures, which Textual draws with."""
_PICTURE_ROW = 24.4
_SVG = "{http://www.w3.org/2000/svg}"
_CLASS = re.compile(r"\.(terminal-\S+-r\d+) \{ ([^}]*) \}")
_FONT = "ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono','Liberation Mono',monospace"


@dataclass(slots=True)
class Row:
    """One row of a frame: its backgrounds and its texts, at their columns."""

    backgrounds: list[tuple[int, int, str]] = field(default_factory=list)
    """Column, columns, colour."""
    texts: list[tuple[int, int, str, str]] = field(default_factory=list)
    """Column, columns, text, style."""


@dataclass(slots=True)
class Recording:
    """Frames one after the other; nothing is shown twice that doesn't change."""

    columns: int
    rows: int
    title: str = ""
    poster: int = 0
    """The frame that is shown where nothing moves, such as in a printed page."""
    seconds: float = 0.0
    _frames: list[float] = field(default_factory=list)
    """When each begins."""
    _rows: dict[tuple[int, str], list[int]] = field(default_factory=lambda: defaultdict(list))
    """The frames in which a row looks like this."""
    _styles: dict[str, str] = field(default_factory=dict)

    def take(self, picture: str, seconds: float, caption: str = "") -> None:
        """Show this picture of the app for so long, with a line below it."""
        number = len(self._frames)
        self._frames.append(self.seconds)
        self.seconds += seconds
        for y, row in enumerate(rows_of(picture, self.rows)):
            if content := "".join(self._markup(row)):
                self._rows[y, content].append(number)
        if caption:
            self._rows[self.rows, self._caption(caption)].append(number)

    def set_poster(self) -> None:
        """Let the newest frame be the one that stands for all."""
        self.poster = len(self._frames) - 1

    def svg(self) -> str:
        """The whole recording."""
        width = self.columns * CELL + 2 * _MARGIN
        height = self.rows * ROW + _HEAD + _FOOT
        rows = "\n".join(self._animated(y, content) for y, content in self._rows)
        styles = "".join(f".{name}{{{css}}}" for css, name in self._styles.items())
        lights = "".join(
            f'<circle cx="{24 + 20 * number}" cy="18" r="6" fill="{colour}"/>'
            for number, colour in enumerate(("#ff5f57", "#febc2e", "#28c840"))
        )
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}">\n'
            f"<title>{escape(self.title)}</title>\n"
            f"<style>text{{font:{CELL / 0.6:.2f}px {_FONT};white-space:pre}}{styles}</style>\n"
            f'<rect width="{width}" height="{height}" rx="9" fill="#16181d"/>{lights}\n'
            f'<g transform="translate({_MARGIN},{_HEAD})">\n{rows}\n</g>\n</svg>\n'
        )

    def _markup(self, row: Row) -> Iterator[str]:
        for column, columns, colour in row.backgrounds:
            yield (
                f'<rect x="{column * CELL}" width="{columns * CELL}" height="{ROW}"'
                f' class="{self._style(f"fill:{colour}")}"/>'
            )
        for column, columns, text, css in row.texts:
            style = self._style(css)
            path, rest = drawn(text, column, columns, CELL)
            if path:
                colour = re.sub(r".*?fill:\s*([^;]+).*", r"\1", css)
                yield f'<path d="{path}" class="{self._style(f"fill:{colour}")}"/>'
            for at, part in rest:
                length = _cells(part, text, columns) * CELL
                yield (
                    f'<text x="{at * CELL}" y="{ROW * 3 // 4}" class="{style}"'
                    f' textLength="{length}">{escape(part, quote=False)}</text>'
                )

    def _caption(self, text: str) -> str:
        style = self._style("fill:#c9d1d9;font-weight:bold")
        return f'<text x="{CELL}" y="{ROW}" class="{style}">{escape(text, quote=False)}</text>'

    def _style(self, css: str) -> str:
        return self._styles.setdefault(css, f"s{len(self._styles)}")

    def _animated(self, y: int, content: str) -> str:
        """A row that is visible while its frames are shown."""
        frames = self._rows[y, content]
        where = f'transform="translate(0,{y * ROW})"' if y else ""
        if len(frames) == len(self._frames):
            return f"<g {where}>{content}</g>"
        times, values = ["0"], ["visible" if frames[0] == 0 else "hidden"]
        for at, shown in _changes(frames, len(self._frames)):
            times.append(f"{self._frames[at] / self.seconds:.4f}".rstrip("0").lstrip("0"))
            values.append("visible" if shown else "hidden")
        hidden = "" if self.poster in frames else ' visibility="hidden"'
        return (
            f'<g {where}{hidden}>{content}<animate attributeName="visibility"'
            f' dur="{self.seconds:g}s" repeatCount="indefinite" calcMode="discrete"'
            f' keyTimes="{";".join(times)}" values="{";".join(values)}"/></g>'
        )


def rows_of(picture: str, count: int) -> list[Row]:
    """The rows of a picture that Textual has exported."""
    found = [Row() for _ in range(count)]
    root = ElementTree.fromstring(picture)  # noqa: S314 - drawn by ourselves
    sheet = root.findtext(f"{_SVG}style") or ""
    styles = {name: re.sub(r"\s*([;:])\s*", r"\1", css) for name, css in _CLASS.findall(sheet)}
    for rect in root.iter(f"{_SVG}rect"):
        if rect.get("shape-rendering") != "crispEdges":
            continue
        y = round((float(rect.get("y", "0")) - 1.5) / _PICTURE_ROW)
        at, columns = (round(float(rect.get(name, "0")) / _PICTURE_CELL) for name in ("x", "width"))
        found[y].backgrounds.append((at, columns, rect.get("fill", "")))
    for text in root.iter(f"{_SVG}text"):
        css = styles.get(text.get("class", ""))
        if css is None or not text.text or not text.text.strip("\xa0\n"):
            continue
        y = round((float(text.get("y", "0")) - 18.5) / _PICTURE_ROW)
        at, columns = (
            round(float(text.get(name, "0")) / _PICTURE_CELL) for name in ("x", "textLength")
        )
        found[y].texts.append((at, columns, text.text.replace("\xa0", " "), css.rstrip(";")))
    return [_joined(row) for row in found]


def _joined(row: Row) -> Row:
    """The row with backgrounds of one colour that touch as one."""
    joined: list[tuple[int, int, str]] = []
    for at, columns, colour in sorted(row.backgrounds):
        if joined and joined[-1][2] == colour and sum(joined[-1][:2]) == at:
            joined[-1] = (joined[-1][0], joined[-1][1] + columns, colour)
        else:
            joined.append((at, columns, colour))
    return Row(joined, row.texts)


def _cells(part: str, text: str, columns: int) -> int:
    """How many columns a part of a text takes; a text of wide characters isn't taken apart."""
    return columns if part == text else len(part)


def _changes(frames: list[int], count: int) -> Iterator[tuple[int, bool]]:
    """The frames at which a row appears or disappears, after the first."""
    shown = set(frames)
    for number in range(1, count):
        if (number in shown) != (number - 1 in shown):
            yield number, number in shown
