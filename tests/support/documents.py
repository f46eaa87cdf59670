"""The documents as tests read them: their pages, links, headings, code spans and blocks."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.sources import ROOT

PAGES = sorted(
    [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")], key=lambda page: page.relative_to(ROOT)
)
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]
"""Paths from the project's folder, ``README.md`` and ``docs/ses.md`` for example."""

_FENCE = re.compile(r"^```(.*)$")
_LINK = re.compile(r"(?<!\\)\]\(\s*<?([^)\s>]+)>?\s*\)|<(https?://[^>]+)>")
_SPAN = re.compile(r"`([^`\n]+)`")
_HEADING = re.compile(r"^#{1,6} +(.+?)(?: +#+)?$")
_MARKUP = re.compile(r"`|\*\*|!?\[([^\]]*)\]\([^)]*\)")
_NO_ANCHOR = re.compile(r"[^\w\- ]")


@dataclass(frozen=True)
class Block:
    """A fenced block of code."""

    language: str
    words: tuple[str, ...]
    """What stands behind the language, such as ``run`` or ``file=news.md``."""
    lines: tuple[str, ...]

    @property
    def runs(self) -> bool:
        """Whether tests run its commands."""
        return "run" in self.words

    @property
    def file(self) -> str | None:
        """The name under which the workspace has it."""
        named = [word.removeprefix("file=") for word in self.words if word.startswith("file=")]
        return named[0] if named else None

    @property
    def text(self) -> str:
        return "".join(f"{line}\n" for line in self.lines)


@dataclass
class Page:
    """One Markdown file, its blocks of code apart from its prose."""

    path: Path
    prose: list[str] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)

    @property
    def links(self) -> list[str]:
        """Targets of links and pictures, as written."""
        prose = _SPAN.sub("", "\n".join(self.prose))
        return [one or other for one, other in _LINK.findall(prose)]

    @property
    def spans(self) -> list[str]:
        """What is written as code within sentences."""
        return _SPAN.findall("\n".join(self.prose))

    @property
    def anchors(self) -> set[str]:
        """The anchors GitHub gives its headings."""
        found: set[str] = set()
        for line in self.prose:
            if (heading := _HEADING.match(line)) is not None:
                anchor = slug(heading[1])
                numbers = (f"{anchor}-{number}" for number in range(1, 100))
                found.add(next(each for each in (anchor, *numbers) if each not in found))
        return found


def slug(heading: str) -> str:
    """The anchor of a heading, as GitHub makes it."""
    plain = _MARKUP.sub(lambda found: found[1] or "", heading)
    return _NO_ANCHOR.sub("", plain.lower()).replace(" ", "-")


def read(name: str) -> Page:
    """The page of this path from the project's folder."""
    page = Page(ROOT / name)
    head: list[str] | None = None
    lines: list[str] = []
    for line in page.path.read_text(encoding="utf-8").splitlines():
        fence = _FENCE.match(line)
        if fence is None:
            (page.prose if head is None else lines).append(line)
        elif head is None:
            head, lines = [*fence[1].split(), ""], []
        else:
            page.blocks.append(Block(head[0], tuple(head[1:]), tuple(lines)))
            head = None
    assert head is None, f"{name}: a block of code has no end"
    return page


def rows(pattern: str) -> Iterator[tuple[str, ...]]:
    """What ``pattern`` finds in rows of tables, in all pages."""
    for name in NAMES:
        for line in read(name).prose:
            if (found := re.match(pattern, line)) is not None:
                yield found.groups()
