"""Apply segment files to the database: plan without changes, then write."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from sestui.compose.apply import Change, FieldChange, refuse_repeated_names
from sestui.compose.files import text_of
from sestui.core.clock import Instant
from sestui.core.segments.expression import SegmentExpression, Together
from sestui.core.segments.file import SegmentFile, is_segment
from sestui.errors import BadFileError, SestuiError
from sestui.store.segments.segments import Segments


@dataclass(frozen=True, slots=True)
class SegmentPlan:
    """The changes that a segment file would make."""

    path: str
    name: str
    expression: SegmentExpression
    change: Change
    changes: tuple[FieldChange, ...]
    kind: ClassVar[str] = "segment"
    diff: ClassVar[str] = ""
    warnings: ClassVar[tuple[str, ...]] = ()


def describes_segment(path: Path) -> bool:
    """Whether the YAML file is a segment's.

    Raises:
        NotFoundError: there is no such file.
        BadFileError: it isn't valid YAML; names file and line.
    """
    return is_segment(text_of(path), str(path))


def plan_segments(
    segments: Segments, paths: Sequence[Path], lists: frozenset[str] = frozenset()
) -> list[SegmentPlan]:
    """Compare files with the database; nothing is written. They may use each other.

    ``lists`` are names of lists that are created before.

    Raises:
        NotFoundError: there is no such file.
        BadFileError: one is no segment, or two are the same; the text names the file.
    """
    files = [SegmentFile(text_of(path), str(path)) for path in paths]
    refuse_repeated_names(files)
    together = Together({each.name: each.expression for each in files}, lists=lists)
    plans = []
    for each in files:
        try:
            segments.check(each.name, each.expression, together)
        except SestuiError as error:
            raise BadFileError(f"{each.path}: {error}") from error
        old = segments.find(each.name)
        before, after = old.expression if old else "", each.expression.text
        change = Change.UPDATED if old else Change.CREATED
        changes: tuple[FieldChange, ...] = (FieldChange("expression", before, after),)
        if before == after:
            change, changes = Change.UNCHANGED, ()
        plans.append(SegmentPlan(each.path, each.name, each.expression, change, changes))
    return plans


def apply_segments(segments: Segments, plans: Sequence[SegmentPlan], now: Instant) -> None:
    """Write the plans, all of them or none; an unchanged segment keeps its time of change.

    Raises:
        SestuiError: what they name has been changed since they were planned.
    """
    changed = {
        each.name: each.expression.text for each in plans if each.change is not Change.UNCHANGED
    }
    if changed:
        segments.save_together(changed, now)
