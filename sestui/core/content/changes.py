"""What is different between two versions of a message, line by line."""

import difflib
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from sestui.core.content.message import MessageSource
from sestui.core.delivery.mail import MailAttachment

_MOST_LINES = 5_000
_AROUND = 2
"""Unchanged lines shown on both sides of a change."""


class LineChange(StrEnum):
    """What became of a line."""

    PART = "part"
    """It is no line but a heading: the part of the message."""
    PLACE = "place"
    """Nor is this: it says which lines come next."""
    SAME = "same"
    ADDED = "added"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class ChangedLine:
    """A line of a comparison."""

    change: LineChange
    text: str


def changes(old: MessageSource, new: MessageSource) -> list[ChangedLine]:
    """The parts that differ, each with its heading and its lines; none if nothing differs."""
    found: list[ChangedLine] = []
    for name, before, after in _parts(old, new):
        if before != after:
            found.append(ChangedLine(LineChange.PART, name))
            found += _lines(before.splitlines(), after.splitlines())
    return found


def _parts(old: MessageSource, new: MessageSource) -> Iterator[tuple[str, str, str]]:
    for name, attribute in (
        ("subject", "subject"),
        ("preheader", "preheader"),
        ("body", "body"),
        ("format", "body_format"),
        ("text", "text"),
        ("layout", "layout"),
        ("to_name", "to_name"),
    ):
        yield name, getattr(old, attribute), getattr(new, attribute)
    yield "headers", _named_lines(old.headers), _named_lines(new.headers)
    files = [_named_lines(map(_file, each.attachments)) for each in (old, new)]
    yield "attachments", files[0], files[1]


def _named_lines(pairs: Iterable[tuple[str, str]]) -> str:
    return "\n".join(f"{name}: {value}" for name, value in pairs)


def _file(item: MailAttachment) -> tuple[str, str]:
    digest = hashlib.sha256(item.content).hexdigest()[:12]
    return item.name, f"{item.content_type}, {len(item.content):,} bytes, sha256 {digest}…"


def _lines(before: list[str], after: list[str]) -> Iterator[ChangedLine]:
    if max(len(before), len(after)) > _MOST_LINES:
        said = f"It has changed, and has more than {_MOST_LINES:,} lines: too many to compare."
        yield ChangedLine(LineChange.PLACE, said)
        return
    matcher = difflib.SequenceMatcher(None, before, after)
    for group in matcher.get_grouped_opcodes(_AROUND):
        if len(after) > 1 or len(before) > 1:
            yield ChangedLine(LineChange.PLACE, f"line {group[0][3] + 1}")
        for kind, begin, end, new_begin, new_end in group:
            if kind == "equal":
                yield from (ChangedLine(LineChange.SAME, line) for line in before[begin:end])
                continue
            yield from (ChangedLine(LineChange.REMOVED, line) for line in before[begin:end])
            yield from (ChangedLine(LineChange.ADDED, line) for line in after[new_begin:new_end])
