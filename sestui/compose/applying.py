"""Apply files and folders as a whole: all is planned before anything is written."""

from collections.abc import Sequence
from pathlib import Path

from sestui.compose.apply import Plan, apply_plan, plan, refuse_repeated_names
from sestui.compose.apply_lists import ListPlan, apply_lists, describes_list, plan_lists
from sestui.compose.apply_segments import (
    SegmentPlan,
    apply_segments,
    describes_segment,
    plan_segments,
)
from sestui.compose.apply_tasks import (
    SUFFIXES,
    TaskPlan,
    apply_task,
    plan_task,
    refuse_second_ways,
)
from sestui.compose.checks import Checker
from sestui.compose.files import load_campaign
from sestui.compose.folder import files_of, refuse_single_files
from sestui.compose.prune import Kept, Leftover, Pruning
from sestui.core.clock import Clock
from sestui.core.segments.expression import Together
from sestui.settings import Settings
from sestui.store.campaigns.campaigns import Campaigns
from sestui.store.campaigns.upkeep import CampaignUpkeep
from sestui.store.contacts.contact_lists import ContactLists
from sestui.store.db.database import Database
from sestui.store.segments.segments import Segments
from sestui.tasks.task_service import TaskService

AnyPlan = Plan | ListPlan | SegmentPlan | TaskPlan | Leftover


class Applying:
    """What applying files and folders would change; nothing is written before :meth:`apply`."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        clock: Clock,
        paths: Sequence[Path],
        *,
        allowed: Sequence[Path] = (),
        prune: bool = False,
    ) -> None:
        """``allowed`` are folders that campaigns may attach files from besides their own; ``prune``
        also removes what no file of the folders names.

        Raises:
            NotFoundError: there is nothing by one of the names.
            BadFileError: a file is wrong, or two name the same.
            UsageError: one of them is a file, and ``prune`` is given.
            StateError: a campaign is archived.
        """
        if prune:
            refuse_single_files(paths)
        found = files_of(paths)
        self.left_out = found.left_out
        self._now = clock.now()
        self._campaigns = Campaigns(database)
        self._service = TaskService(database, settings, clock)
        self._segments = Segments(database)
        self._lists = ContactLists(database)
        in_yaml = [path for path in found.files if path.suffix.lower() in SUFFIXES]
        of_segments = [path for path in in_yaml if describes_segment(path)]
        of_lists = [path for path in in_yaml if describes_list(path)]
        of_tasks = [path for path in in_yaml if path not in {*of_segments, *of_lists}]
        loaded = [
            load_campaign(path, settings.timezone, allowed=allowed, layouts=settings.layouts_dir)
            for path in found.files
            if path not in in_yaml
        ]
        checker = Checker(database, settings, clock)
        self._of_lists = plan_lists(self._lists, of_lists)
        lists = frozenset(each.name for each in self._of_lists)
        self._of_segments = plan_segments(self._segments, of_segments, lists)
        together = Together(
            {each.name: each.expression for each in self._of_segments},
            frozenset(each.file.fields.name for each in loaded),
            lists,
        )
        self._of_campaigns = [
            plan(self._campaigns, each, self._now, checker, together) for each in loaded
        ]
        refuse_repeated_names(self._of_campaigns)
        self._of_tasks = [plan_task(self._service, path, settings.timezone) for path in of_tasks]
        refuse_repeated_names(self._of_tasks)
        refuse_second_ways(self._campaigns, self._service, self._of_campaigns, self._of_tasks)
        self._pruning = self._pruning_of(CampaignUpkeep(database))
        self.leftovers: Sequence[Leftover] = self._pruning.plan() if prune else ()

    def _pruning_of(self, upkeep: CampaignUpkeep) -> Pruning:
        kept = Kept(
            {each.name: each.loaded.file.fields.segment for each in self._of_campaigns},
            {each.name: each.fields.campaign for each in self._of_tasks},
            {each.name: each.expression for each in self._of_segments},
        )
        return Pruning(self._campaigns, upkeep, self._service, self._segments, kept)

    @property
    def plans(self) -> list[AnyPlan]:
        """Every change, in the order in which they are made."""
        return [
            *self._of_lists,
            *self._of_segments,
            *self._of_campaigns,
            *self._of_tasks,
            *self.leftovers,
        ]

    def apply(self) -> None:
        """Write the changes.

        Raises:
            SestuiError: something that they concern has been changed since they were planned.
        """
        apply_lists(self._lists, self._of_lists, self._now)
        apply_segments(self._segments, self._of_segments, self._now)
        tasks = [task.name for task in self._of_tasks]
        for each in self._of_campaigns:
            apply_plan(self._campaigns, each, self._now, tasks)
        for task in self._of_tasks:
            apply_task(self._service, task)
        self._pruning.carry_out(self.leftovers, self._now)
