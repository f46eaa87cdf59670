"""`sestui apply`: campaign files into the database."""

import json
import os
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sestui.core.text import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sestui.compose.apply import Plan
    from sestui.compose.apply_segments import SegmentPlan
    from sestui.compose.apply_tasks import TaskPlan

_GREEN, _RED, _CYAN, _RESET = "\x1b[32m", "\x1b[31m", "\x1b[36m", "\x1b[0m"


def apply_command(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE...",
            help="Campaigns (Markdown or HTML, with front matter), tasks and segments (YAML).",
        ),
    ],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would change; write nothing.")
    ] = False,
    allow_folder: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="DIR",
            help="A folder outside a campaign's own that it may attach files from; repeatable.",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Report as JSON.")] = False,
) -> None:
    """Create or update campaigns, tasks and segments from files; applied twice, nothing changes."""
    plans = _applied(files, allow_folder or (), dry_run=dry_run)
    _report(plans, as_json=as_json, dry_run=dry_run)


def _applied(
    files: "Sequence[Path]", allowed: "Sequence[Path]", *, dry_run: bool
) -> "list[Plan | SegmentPlan | TaskPlan]":
    """Plan the changes, and apply them unless ``dry_run``; none if a file is wrong."""
    # Jinja, Markdown and the database: only for those who apply.
    from sestui.compose.apply import apply_plan, plan, refuse_repeated_names  # noqa: PLC0415
    from sestui.compose.apply_segments import (  # noqa: PLC0415
        apply_segments,
        describes_segment,
        plan_segments,
    )
    from sestui.compose.apply_tasks import (  # noqa: PLC0415
        SUFFIXES,
        apply_task,
        plan_task,
        refuse_second_ways,
    )
    from sestui.compose.checks import Checker  # noqa: PLC0415
    from sestui.compose.files import load_campaign  # noqa: PLC0415
    from sestui.core.clock import SystemClock  # noqa: PLC0415
    from sestui.core.segments.expression import Together  # noqa: PLC0415
    from sestui.runtime import open_database  # noqa: PLC0415
    from sestui.settings import load_settings  # noqa: PLC0415
    from sestui.store.campaigns.campaigns import Campaigns  # noqa: PLC0415
    from sestui.store.contacts.segments import Segments  # noqa: PLC0415
    from sestui.tasks.task_service import TaskService  # noqa: PLC0415

    settings, clock = load_settings(), SystemClock()
    in_yaml = [path for path in files if path.suffix.lower() in SUFFIXES]
    of_segments = [path for path in in_yaml if describes_segment(path)]
    of_tasks = [path for path in in_yaml if path not in of_segments]
    of_campaigns = [path for path in files if path not in in_yaml]
    loaded = [
        load_campaign(path, settings.timezone, allowed=allowed, layouts=settings.layouts_dir)
        for path in of_campaigns
    ]
    now = clock.now()
    with closing(open_database(settings)) as database:
        campaigns = Campaigns(database)
        service = TaskService(database, settings, clock)
        checker = Checker(database, settings, clock)
        segments = Segments(database)
        segment_plans = plan_segments(segments, of_segments)
        together = Together(
            {each.name: each.expression for each in segment_plans},
            frozenset(each.file.fields.name for each in loaded),
        )
        plans = [plan(campaigns, each, now, checker, together) for each in loaded]
        refuse_repeated_names(plans)
        tasks = [plan_task(service, path, settings.timezone) for path in of_tasks]
        refuse_repeated_names(tasks)
        refuse_second_ways(campaigns, service, plans, tasks)
        if not dry_run:
            apply_segments(segments, segment_plans, now)
            for each in plans:
                apply_plan(campaigns, each, now, [task.name for task in tasks])
            for task in tasks:
                apply_task(service, task)
    return [*segment_plans, *plans, *tasks]


def _report(
    plans: "Sequence[Plan | SegmentPlan | TaskPlan]", *, as_json: bool, dry_run: bool
) -> None:
    for each in plans:
        for warning in each.warnings:
            typer.echo(f"warning: {printable(warning)}", err=True)
    if as_json:
        typer.echo(json.dumps([_as_dict(each) for each in plans], ensure_ascii=False, indent=2))
    else:
        colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
        for each in plans:
            typer.echo("\n".join(_lines(each, colour=colour, dry_run=dry_run)))


def _as_dict(each: "Plan | SegmentPlan | TaskPlan") -> dict[str, object]:
    return {
        "kind": each.kind,
        "name": each.name,
        "change": each.change.value,
        "file": each.path,
        "changes": [
            {"field": change.field, "old": change.old, "new": change.new} for change in each.changes
        ],
        "diff": each.diff,
        "warnings": list(each.warnings),
    }


def _lines(each: "Plan | SegmentPlan | TaskPlan", *, colour: bool, dry_run: bool) -> list[str]:
    verb = f"would be {each.change}" if dry_run and each.change != "unchanged" else each.change
    lines = [f"{verb} {each.name}"]
    for change in each.changes:
        if change.old:
            lines.append(_painted(f"- {change.field}: {printable(change.old)}", colour))
        if change.new:
            lines.append(_painted(f"+ {change.field}: {printable(change.new)}", colour))
    lines += [_painted(printable(line), colour) for line in each.diff.splitlines()]
    return lines


def _painted(line: str, colour: bool) -> str:
    paint = {"+": _GREEN, "-": _RED, "@": _CYAN}.get(line[:1], "")
    return f"  {paint}{line}{_RESET}" if colour and paint else f"  {line}"
