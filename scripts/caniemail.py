"""Renew what sestui knows of mail programs, from caniemail.com's own repository.

    git clone --depth 1 https://github.com/hteumeuleu/caniemail
    python scripts/caniemail.py caniemail

writes ``sestui/core/content/lint/data/caniemail.json`` and its licence beside it. It holds only
what Gmail, Outlook or Apple Mail don't show in the newest version that was tested.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

DATA = Path(__file__).parents[1] / "sestui" / "core" / "content" / "lint" / "data"
PROGRAMS = {
    "gmail": (
        "Gmail",
        {"desktop-webmail": " on the web", "ios": " on iOS", "android": " on Android"},
    ),
    "outlook": (
        "Outlook",
        {
            "windows": " on Windows",
            "outlook-com": " on the web",
            "macos": " on macOS",
            "ios": " on iOS",
            "android": " on Android",
        },
    ),
    "apple-mail": ("Apple Mail", {"macos": " on macOS", "ios": " on iOS"}),
}
ELEMENTS = frozenset(
    {"audio", "base", "dialog", "form", "marquee", "meter", "object", "picture", "progress"}
    | {"select", "svg", "textarea", "video"}
)
PROPERTIES = {
    "left-right-top-bottom": ("left", "right", "top", "bottom"),
    "sytem-ui": (),
    "important": (),
    "comments": (),
    "nesting": (),
    "variables": (),
    "border": (),
    "font": (),
    "modern-color": (),
    "rgb": (),
    "rgba": (),
}
_NO_UNITS = frozenset({"unit-initial", "unit-percent"})
FUNCTIONS = frozenset({"linear-gradient", "radial-gradient", "conic-gradient"})


def main(checkout: Path) -> None:
    """Write the data."""
    found = []
    for path in sorted((checkout / "_features").glob("*.md")):
        feature = _front_matter(path.read_text(encoding="utf-8"))
        programs = list(_without(feature.get("stats") or {}))
        for kind, name in _needles(path.stem):
            if programs:
                found.append({"kind": kind, "name": name, "missing": programs, "slug": path.stem})
    commit = subprocess.run(  # noqa: S603 - the path of a checkout
        ["git", "-C", str(checkout), "log", "-1", "--format=%H %cs"],  # noqa: S607 - the user's git
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()
    lines = ",\n".join(f"  {json.dumps(each, sort_keys=True)}" for each in found)
    head = json.dumps(
        {"source": "https://www.caniemail.com", "commit": commit[0], "date": commit[1]}
    )
    DATA.mkdir(exist_ok=True)
    (DATA / "caniemail.json").write_text(f'{head[:-1]}, "features": [\n{lines}\n]}}\n')
    (DATA / "caniemail.LICENSE").write_text((checkout / "LICENSE").read_text())
    print(f"{len(found)} features of {commit[1]}")  # noqa: T201 - a script


def _front_matter(text: str) -> dict[str, Any]:
    source = text.split("\n---", 1)[0].removeprefix("---\n").replace("\t", "  ")
    read: dict[str, Any] = yaml.safe_load(re.sub(r'":(?=")', '": ', source))
    return read


def _without(stats: dict[str, Any]) -> Iterator[str]:
    """The programs whose newest version lacks it, as people call them."""
    for key, (name, places) in PROGRAMS.items():
        tested = {
            place: next(reversed(versions.values()))
            for place, versions in (stats.get(key) or {}).items()
            if place in places and versions
        }
        lacking = [place for place, said in tested.items() if str(said).startswith("n")]
        if tested and len(lacking) == len(tested):
            yield name
        else:
            yield from (f"{name}{places[place]}" for place in lacking)


def _needles(slug: str) -> Iterator[tuple[str, str]]:
    """What in a mail shows that it uses the feature."""
    category, _, name = slug.partition("-")
    if category == "image" and name != "base64":
        yield "image", name
    elif category == "html":
        if name in ELEMENTS:
            yield "element", name
        elif name.startswith("input-"):
            yield "input", name.removeprefix("input-")
    elif category == "css":
        for prefix, kind in (
            ("pseudo-class-", "pseudo"),
            ("pseudo-element-", "pseudo"),
            ("at-", "rule"),
            ("unit-", "unit"),
            ("function-", "function"),
            ("selector-", ""),
        ):
            if name.startswith(prefix):
                if name == "unit-calc":
                    yield "function", "calc"
                elif kind and "-media" not in name and name not in _NO_UNITS:
                    yield kind, name.removeprefix(prefix)
                return
        if name in FUNCTIONS:
            yield "function", name
        elif name.startswith("display-"):
            yield "display", name.removeprefix("display-")
        else:
            yield from (("property", each) for each in PROPERTIES.get(name, (name,)))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
