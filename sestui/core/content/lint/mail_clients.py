"""HTML and CSS that Gmail, Outlook and Apple Mail don't support, from caniemail.com."""

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

_DATA = Path(__file__).parent / "data" / "caniemail.json"
_HARMLESS = frozenset(
    {"animation", "transition", "cursor", "border-radius", "box-shadow", "text-shadow", "outline"}
    | {"hover", "focus", "active", "visited", "link", "focus-visible", "focus-within", "import"}
    | {"outline-offset", "user-select", "supports", "keyframes", "font-face", "max-width"}
    | {"word-break", "word-wrap", "overflow-wrap", "hyphens", "object-fit", "opacity", "overflow"}
    | {
        "max-height",
        "visibility",
        "font-kerning",
        "color-scheme",
        "orphans",
        "widows",
        "first-child",
    }
    | {"last-child", "nth-child", "white-space-collapse", "text-wrap", "accent-color", "tab-size"}
)
"""Features that a mail can do without, or that are meant for the programs that have them."""
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_DECLARATION = re.compile(r"(?<![\w-])([a-zA-Z-]+)\s*:\s*([^;{}]+)(?=[;}]|\Z)")
_PSEUDO = re.compile(r"::?([a-z-]+)")
_RULE = re.compile(r"@([a-z-]+)")
_SELECTOR = re.compile(r"[^{};]+(?=\{)")
_UNIT = re.compile(r"(?<![\w#-])\d*\.?\d+([a-zA-Z]+)\b")
_FUNCTION = re.compile(r"([a-z-]+)\(")

Key = tuple[str, str]
"""Kind and name of a feature, as in the data."""
_WAYS_OUT = {
    ("display", "flex"): "lay it out with tables, which every program reads",
    ("display", "grid"): "lay it out with tables, which every program reads",
    ("property", "position"): "lay it out with tables, which every program reads",
    ("property", "float"): "put it into the cells of a table, or use the attribute align",
    ("property", "background-image"): "give it a background colour too, and no text that needs it",
    ("property", "gap"): "use padding in the cells of a table",
    ("element", "video"): "show a picture that links to it",
    ("element", "audio"): "link to it",
    ("element", "form"): "link to a page with the form",
    ("element", "svg"): "show it as a PNG",
    ("element", "picture"): "an <img> inside of it is what they show",
    ("image", "svg"): "save it as a PNG",
    ("image", "webp"): "save it as a PNG or JPEG",
    ("image", "avif"): "save it as a PNG or JPEG",
}
_OF_KIND = {
    "image": "save it as a PNG or JPEG",
    "element": "link to a page that has it",
    "input": "link to a page with the form",
    "unit": "write px",
    "function": "write a plain value before it",
    "pseudo": "give the element a class, or a style of its own",
}
_OTHERWISE = "make sure that the mail reads well without it"


@cache
def missing() -> dict[Key, tuple[str, ...]]:
    """The programs that lack each feature; only features that some program lacks."""
    found: dict[Key, list[str]] = {}
    for each in json.loads(_DATA.read_text(encoding="utf-8"))["features"]:
        if each["name"] not in _HARMLESS:
            found.setdefault((each["kind"], each["name"]), []).extend(each["missing"])
    return {key: tuple(dict.fromkeys(programs)) for key, programs in found.items()}


def problem_of(key: Key, shown: str) -> str:
    """A sentence: the programs that don't show ``shown`` (the author's own words), and a remedy."""
    programs = missing()[key]
    names = programs[0] if len(programs) == 1 else f"{', '.join(programs[:-1])} and {programs[-1]}"
    do = "doesn't" if len(programs) == 1 else "don't"
    way = _WAYS_OUT.get(key) or _OF_KIND.get(key[0], _OTHERWISE)
    return f"{names} {do} show {shown}; {way}"


def in_css(css: str, *, sheet: bool) -> Iterator[tuple[int, Key, str]]:
    """Unsupported features in a style sheet, or in the value of ``style``.

    As (offset, feature, its spelling).
    """
    css = _COMMENT.sub(lambda match: " " * len(match[0]), css)
    for at, key, shown in _all(css, sheet=sheet):
        if key in missing():
            yield at, key, shown


def _all(css: str, *, sheet: bool) -> Iterator[tuple[int, Key, str]]:
    for declaration in _DECLARATION.finditer(css):
        name, value = declaration[1].lower(), declaration[2].strip().lower()
        if name.startswith("mso-"):
            continue
        at = declaration.start()
        yield at, ("property", name), name
        if name == "display":
            yield at, ("display", value), f"display: {value}"
        for unit in _UNIT.finditer(value):
            yield at, ("unit", unit[1]), f"the unit {unit[1]}"
        for function in _FUNCTION.finditer(value):
            yield at, ("function", function[1]), f"{function[1]}()"
    if not sheet:
        return
    for selector in _SELECTOR.finditer(css):
        for rule in _RULE.finditer(selector[0]):
            yield selector.start() + rule.start(), ("rule", rule[1]), f"@{rule[1]}"
        if not selector[0].strip().startswith("@"):
            for pseudo in _PSEUDO.finditer(selector[0]):
                yield selector.start() + pseudo.start(), ("pseudo", pseudo[1]), pseudo[0]
