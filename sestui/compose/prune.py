"""Remove campaigns, tasks and segments that no file names; what has a history is put away."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar

from sestui.compose.apply import Change, FieldChange
from sestui.core.clock import Instant
from sestui.core.segments.chosen import chosen
from sestui.core.segments.expression import SegmentExpression
from sestui.core.segments.names import Refers
from sestui.core.segments.parse import parse
from sestui.core.text import printable
from sestui.store.campaigns.campaigns import Campaigns
from sestui.store.campaigns.upkeep import CampaignUpkeep, is_operators
from sestui.store.segments.segments import Segments
from sestui.tasks.task_service import TaskService


@dataclass(frozen=True, slots=True)
class Leftover:
    """What becomes of something that no file names."""

    kind: str
    """``campaign``, ``task`` or ``segment``."""
    name: str
    change: Change
    """UNCHANGED if it has to stay."""
    warnings: tuple[str, ...] = ()
    """Why it stays, as a sentence."""
    path: ClassVar[str] = ""
    changes: ClassVar[tuple[FieldChange, ...]] = ()
    diff: ClassVar[str] = ""


@dataclass(frozen=True, slots=True)
class Kept:
    """What files have, by name."""

    campaigns: Mapping[str, str]
    """Their segments; '' for none."""
    tasks: Mapping[str, str]
    """The campaigns that they start; '' for none."""
    segments: Mapping[str, SegmentExpression]


class Pruning:
    """Finds and removes what no file names."""

    def __init__(
        self,
        campaigns: Campaigns,
        upkeep: CampaignUpkeep,
        tasks: TaskService,
        segments: Segments,
        kept: Kept,
    ) -> None:
        self._campaigns = campaigns
        self._upkeep = upkeep
        self._tasks = tasks
        self._segments = segments
        self._kept = kept
        saved = {each.name: parse(each.expression) for each in segments.all()}
        self._expressions = saved | dict(kept.segments)

    def plan(self) -> list[Leftover]:
        """What would become of it, tasks first; nothing is written."""
        tasks = [self._task(name) for name in self._tasks.names() if name not in self._kept.tasks]
        off = {each.name for each in tasks if each is not None}
        gone = {each.name for each in tasks if each is not None and each.change is Change.REMOVED}
        campaigns = [
            self._campaign(each.name, off, gone)
            for each in self._campaigns.all()
            if each.name not in self._kept.campaigns and is_operators(each)
        ]
        deleted = {each.name for each in campaigns if each.change is Change.REMOVED}
        found = [*tasks, *campaigns, *self._of_segments(deleted)]
        return [each for each in found if each is not None]

    def carry_out(self, leftovers: Iterable[Leftover], now: Instant) -> None:
        """Do what was planned, each in a transaction of its own.

        Raises:
            StateError: something has been started or sent since it was planned; what came before
                it is done.
        """
        for each in leftovers:
            if each.kind == "task" and each.change is Change.REMOVED:
                self._tasks.remove(each.name)
            elif each.kind == "task" and each.change is Change.OFF:
                self._tasks.switch(each.name, on=False)
            elif each.kind == "campaign" and each.change is Change.REMOVED:
                self._upkeep.delete(each.name)
            elif each.kind == "campaign" and each.change is Change.ARCHIVED:
                self._upkeep.archive(each.name, now)
            elif each.kind == "segment" and each.change is Change.REMOVED:
                self._segments.remove(each.name)

    def _task(self, name: str) -> Leftover | None:
        """One that has run is switched off, for its log; None: it is off already."""
        if not self._tasks.log(name, limit=1):
            return Leftover("task", name, Change.REMOVED)
        return Leftover("task", name, Change.OFF) if self._tasks.get(name).active else None

    def _campaign(self, name: str, off: set[str], gone: set[str]) -> Leftover:
        """One that was sent, or that something else still names, is archived."""
        use = self._upkeep.use(name)
        shown = printable(name)
        if use.going:
            why = f"{use.going} {shown} stays until it has ended."
            return Leftover("campaign", name, Change.UNCHANGED, (why,))
        starting = [task for task, started in self._kept.tasks.items() if started == name]
        starting += [task for task in use.active_tasks if task not in off]
        if starting:
            why = (
                f"The task {printable(starting[0])} starts {shown}, which no file names; it stays."
            )
            return Leftover("campaign", name, Change.UNCHANGED, (why,))
        named = not gone.issuperset(use.tasks) or any(
            name in each.names(Refers.CAMPAIGN) for each in self._expressions.values()
        )
        change = Change.ARCHIVED if use.sent or named else Change.REMOVED
        return Leftover("campaign", name, change)

    def _of_segments(self, deleted: Collection[str]) -> list[Leftover]:
        """Those that nothing uses that stays; users before what they use."""
        left = {each.name for each in self._segments.all() if each.name not in self._kept.segments}
        leftovers = []
        removed: set[str] = set()
        while True:
            free = sorted(
                name for name in left - removed if not self._users(name, removed, deleted)
            )
            if not free:
                break
            removed.update(free)
            leftovers += [Leftover("segment", name, Change.REMOVED) for name in free]
        for name in sorted(left - removed):
            users = ", ".join(map(printable, self._users(name, removed, deleted)))
            why = (
                f"The segment {printable(name)}, which no file names, is used by {users}; it stays."
            )
            leftovers.append(Leftover("segment", name, Change.UNCHANGED, (why,)))
        return leftovers

    def _users(self, name: str, removed: set[str], deleted: Collection[str]) -> list[str]:
        segments = [
            each
            for each, expression in self._expressions.items()
            if each not in removed and name in expression.names(Refers.SEGMENT)
        ]
        campaigns = [
            each
            for each in self._segments.campaigns_of(name)
            if each not in deleted and each not in self._kept.campaigns
        ]
        campaigns += [
            each
            for each, text in self._kept.campaigns.items()
            if text and name in chosen(text).names(Refers.SEGMENT)
        ]
        return [*segments, *campaigns]
